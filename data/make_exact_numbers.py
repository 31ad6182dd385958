"""Writes e164_exact.csv: for each calling code an expression of exactly the numbers that come out as they are.

    venv/bin/python data/make_exact_numbers.py        # with the environment of make_phone_tables.py

A text of `+` and digits is one of them if the library calls it valid and would write it the same. Nothing is
sampled: for each length an automaton follows the patterns of all territories, and beside them what the parser
would cut off the national number. How much that is depends on the order in which a backtracking expression
tries its branches, so a national prefix is a program whose threads are kept in this order, and a match ends
all threads behind it. States with equal languages become one, and the expression is read off the automaton.
"""

import re
import re._parser as regex_parser


import phonenumbers
from make_phone_tables import (
    LEADING_ZEROS_MAX,
    METADATA_VERSION,
    NONE,
    CallingCode,
    _item,
    _length_fits,
    _seen,
    after,
    matches_empty,
    parsed,
    write,
)
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

NATIONAL_DIGITS = range(2, 18)  # what the library takes

# The national prefix ----------------------------------------------------------------------------


class NationalPrefix:
    """What the parser cuts off the front of a number: a program, and what is written in its place."""

    def __init__(self, metadata):
        rule = metadata.national_prefix_transform_rule
        self.literal, self.group = "", None
        if rule:
            self.literal, group = re.fullmatch(r"(\d*)\\(\d)", rule).groups()
            self.group = int(group)
        self.general = parsed(metadata.general_desc.national_number_pattern)
        self.lengths = set(metadata.general_desc.possible_length)
        self.local = set(metadata.general_desc.possible_length_local_only)
        self.program = []
        if metadata.national_prefix_for_parsing:
            tree = regex_parser.parse(metadata.national_prefix_for_parsing)
            if rule and self.group != tree.state.groups - 1:
                raise ValueError("a rule that does not write the last group")
            self._compile(tree)
            self.program.append(("match",))

    def _compile(self, items):
        for name, value in items:
            self._compile_item(str(name), value)

    def _compile_item(self, name, value):
        if name in ("LITERAL", "IN"):
            self.program.append(("digit", _item(name, value)[1]))
        elif name == "SUBPATTERN":
            self.program.append(("open", value[0]))
            self._compile(value[3])
            self.program.append(("close", value[0]))
        elif name == "BRANCH":
            ends = []
            for branch in value[1][:-1]:
                split = self._reserve()
                self._compile(branch)
                ends.append(self._reserve())
                self.program[split] = ("split", split + 1, len(self.program))
            self._compile(value[1][-1])
            for end in ends:
                self.program[end] = ("jump", len(self.program))
        elif name == "MAX_REPEAT":
            least, most, inner = value
            for _ in range(least):
                self._compile(inner)
            splits = []
            for _ in range(most - least):
                splits.append(self._reserve())
                self._compile(inner)
            for split in splits:
                self.program[split] = ("split", split + 1, len(self.program))
        elif name == "AT" and str(value) == "AT_END":
            self.program.append(("end",))
        else:
            raise ValueError(f"unknown expression {name}")

    def _reserve(self):
        self.program.append(None)
        return len(self.program) - 1

    def start(self, length):
        """The threads before the first digit, and the best match so far.

        A thread is its place, whether the last group was closed, whether it is open, how many digits were
        read outside of the group, and what must follow of the general pattern behind what is written.
        """
        written = self.general
        for digit in self.literal:
            written = after(written, int(digit))
        return self._run([(0, False, False, 0, written)], None, length) if self.program else ((), None)

    def _run(self, threads, best, remaining):
        """Follows what reads no digit, in order; a match ends the threads behind it."""
        ready, known = [], set()
        pending = list(reversed(threads))
        while pending:
            place, closed, is_open, outside, written = pending.pop()
            if place in known:
                continue
            known.add(place)
            name, *value = self.program[place]
            if name == "digit":
                ready.append((place, closed, is_open, outside, written))
            elif name == "match":
                # (whether it writes by the rule, digits outside, what the rest of the general pattern is)
                best = (closed, outside, written if closed else self.general)
                break
            elif name == "end":
                if remaining == 0:
                    pending.append((place + 1, closed, is_open, outside, written))
            elif name == "split":
                pending += [(to, closed, is_open, outside, written) for to in reversed(value)]
            elif name == "jump":
                pending.append((value[0], closed, is_open, outside, written))
            elif value[0] == self.group:
                pending.append((place + 1, name == "close", name == "open", outside, written))
            else:
                pending.append((place + 1, closed, is_open, outside, written))
        return tuple(ready), best

    def step(self, state, digit, remaining):
        threads, best = state
        if best is not None:
            best = (best[0], best[1], after(best[2], digit))
        read = []
        for place, closed, is_open, outside, written in threads:
            if self.program[place][1] >> digit & 1:
                inside = after(written, digit) if is_open else written
                read.append((place + 1, closed, is_open, outside + (not is_open), inside))
        return self._run(read, best, remaining) if read else ((), best)

    def leaves_alone(self, state, viable, length):
        """Whether a number comes out as it is; `viable` if the general pattern matches all of it."""
        _, best = state
        if best is None:
            return True
        writes, outside, rest = best
        cut = outside - (len(self.literal) if writes else 0)
        if cut == 0:
            if self.literal and writes:
                raise ValueError("a rule that could write the same number")
            return True
        if viable and not matches_empty(rest):
            return True
        # What is left is kept only if it has a possible length, or is too long.
        left = length - cut
        return left in self.local or (left not in self.lengths and left <= max(self.lengths))


# Automata ---------------------------------------------------------------------------------------


class Automaton:
    """Languages of digits as numbered nodes, equal ones once: (whether to stop here, what follows each digit)."""

    def __init__(self):
        self.nodes, self.places = [], {}
        self.nothing = self.node(False, (0,) * 10)

    def node(self, accepts, following):
        key = (accepts, following)
        if key not in self.places:
            self.places[key] = len(self.nodes)
            self.nodes.append(key)
        return self.places[key]

    def union(self, nodes, known):
        nodes = frozenset(nodes) - {self.nothing}
        if len(nodes) < 2:
            return next(iter(nodes), self.nothing)
        if nodes not in known:
            states = [self.nodes[node] for node in nodes]
            following = tuple(self.union((s[1][d] for s in states), known) for d in range(10))
            known[nodes] = self.node(any(accepts for accepts, _ in states), following)
        return known[nodes]


class ExactCode(CallingCode):
    """The numbers below one calling code that are valid and come out as they are."""

    def __init__(self, code, regions):
        super().__init__(code, regions)
        self.prefix = NationalPrefix(self.metadata[0])

    def is_valid_at_end(self, state):
        """As the library looks: leading digits decide by themselves, then all of a region's patterns must fit."""
        for (general, types, leading, _), metadata in zip(state[0], self.metadata):
            known = matches_empty(general) and matches_empty(types)
            if len(self.metadata) == 1 or (leading is True if metadata.leading_digits else known):
                return known
        return False

    def language(self, automaton):
        """The node of all of its numbers."""
        by_length = []
        for length in NATIONAL_DIGITS:
            state = (self.start(length)[0], self.prefix.start(length), self.prefix.general)
            by_length.append(self._node(automaton, state, length, length, {}))
        node = whole = automaton.union(by_length, {})
        for _ in range(LEADING_ZEROS_MAX + 1):
            node = automaton.nodes[node][1][0]
        # The last digit of a number of zeros is no leading one.
        if set(automaton.nodes[node][1]) != {automaton.nothing}:
            raise ValueError(f"the Rust library would lose zeros below {self.code}")
        return whole

    def _node(self, automaton, state, length, remaining, known):
        regions, prefix, general = state
        if all(NONE in (pattern, types) for pattern, types, _, _ in regions):
            return automaton.nothing
        key = (state, remaining)
        if key in known:
            return known[key]
        if remaining == 0:
            is_valid = self.is_valid_at_end((regions,))
            alone = is_valid and self.prefix.leaves_alone(prefix, matches_empty(general), length)
            node = automaton.node(alone, (automaton.nothing,) * 10)
        else:
            following = []
            for digit in range(10):
                read = tuple(
                    (after(pattern, digit), after(types, digit), _seen(leading, digit), NONE)
                    for pattern, types, leading, _ in regions
                )
                stepped = (
                    read,
                    self.prefix.step(prefix, digit, remaining - 1),
                    after(general, digit),
                )
                following.append(self._node(automaton, stepped, length, remaining - 1, known))
            node = automaton.node(False, tuple(following))
        known[key] = node
        return node


# Expressions ------------------------------------------------------------------------------------


class Reader:
    """Reads expressions off an automaton without circles."""

    def __init__(self, automaton):
        self.automaton = automaton
        self.known, self.free = {}, {}

    def any_digits(self, node):
        """The least and most digits, if the language is all texts of that many, or None."""
        if node not in self.free:
            accepts, following = self.automaton.nodes[node]
            below = set(following)
            if below == {self.automaton.nothing}:
                lengths = (0, 0) if accepts else None
            elif len(below) > 1 or (lengths := self.any_digits(following[0])) is None:
                lengths = None
            elif accepts and lengths[0] > 0:
                lengths = None
            else:
                lengths = (0 if accepts else lengths[0] + 1, lengths[1] + 1)
            self.free[node] = lengths
        return self.free[node]

    def expression(self, node):
        """An expression of the language of a node."""
        if node not in self.known:
            self.known[node] = self._expression(node)
        return self.known[node]

    def _expression(self, node):
        lengths = self.any_digits(node)
        if lengths is not None:
            least, most = lengths
            if most == 0:
                return ""
            if least == most == 1:
                return "[0-9]"
            return f"[0-9]{{{least}}}" if least == most else f"[0-9]{{{least},{most}}}"
        accepts, following = self.automaton.nodes[node]
        digits = {}
        for digit, below in enumerate(following):
            if below != self.automaton.nothing:
                digits.setdefault(below, []).append(digit)
        branches = [one_of(of) + self.expression(below) for below, of in digits.items()]
        text = "|".join(branches)
        if accepts:
            return f"(?:{text})?"
        return text if len(branches) == 1 else f"(?:{text})"


def one_of(digits):
    if len(digits) == 1:
        return str(digits[0])
    text, place = "", 0
    while place < len(digits):
        end = place
        while end + 1 < len(digits) and digits[end + 1] == digits[end] + 1:
            end += 1
        run = digits[place : end + 1]
        text += f"{run[0]}-{run[-1]}" if len(run) > 2 else "".join(map(str, run))
        place = end + 1
    return f"[{text}]"


def main():
    if phonenumbers.__version__ != METADATA_VERSION:
        found = phonenumbers.__version__
        raise SystemExit(f"needs phonenumbers=={METADATA_VERSION}, found {found}")
    automaton = Automaton()
    reader = Reader(automaton)
    rows = []
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        node = ExactCode(code, regions).language(automaton)
        rows.append((str(code), reader.expression(node)))
    write("e164_exact.csv", ("code", "expression"), sorted(rows))


if __name__ == "__main__":
    main()
