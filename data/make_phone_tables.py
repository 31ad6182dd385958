"""Writes calling_codes.csv and e164_fast.csv from libphonenumber's metadata.

    python -m venv venv && venv/bin/pip install phonenumbers==9.0.42
    venv/bin/python data/make_phone_tables.py

The metadata version must be the one inside the Rust library (see VERSION in src/phone.rs).
Nothing is sampled. A territory's patterns become a deterministic automaton over digits, by
derivatives, and the automaton counts how many numbers of a given length below a given prefix are
valid, and in which country. A prefix goes into e164_fast.csv when that count is all of them.
"""

import csv
import functools
import pathlib
import re._parser as regex_parser

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
from phonenumbers.phonemetadata import PhoneMetadata

METADATA_VERSION = "9.0.42"
PREFIX_DIGITS_MAX = 7  # of both lists, calling code included
TOTAL_DIGITS_MIN = 7  # shorter numbers cannot be looked up by seven leading digits
TOTAL_DIGITS_MAX = 15  # what E.164 allows; the library takes a few longer ones
WORLD = "001"
OTHER = "other"
NORTH_AMERICA = 1
AREA_CODE_DIGITS = 4  # calling code 1 and three digits
LEADING_ZEROS_MAX = 10  # the Rust library writes no more of them back

TYPES = (
    "premium_rate toll_free shared_cost voip personal_number pager uan voicemail fixed_line mobile"
).split()

# Expressions over digits ------------------------------------------------------------------------
# NONE matches nothing, EMPTY the empty text; ("digit", mask), ("both", a, b), ("any", {…}),
# ("times", a, least, most). Constructors simplify, so equal languages mostly become equal tuples
# and the derivatives stay few.

NONE = ("none",)
EMPTY = ("empty",)


def both(first, second):
    if NONE in (first, second):
        return NONE
    if first == EMPTY:
        return second
    if second == EMPTY:
        return first
    return ("both", first, second)


def any_of(options):
    flat = set()
    for option in options:
        if option[0] == "any":
            flat |= option[1]
        elif option != NONE:
            flat.add(option)
    if len(flat) <= 1:
        return flat.pop() if flat else NONE
    return ("any", frozenset(flat))


def times(inner, least, most):
    if most == 0 or inner == EMPTY:
        return EMPTY
    if inner == NONE:
        return EMPTY if least == 0 else NONE
    return inner if (least, most) == (1, 1) else ("times", inner, least, most)


def expression(items):
    """Turns parsed regular expression items into an expression; refuses what it does not know."""
    result = EMPTY
    for name, value in items:
        result = both(result, _item(str(name), value))
    return result


def _item(name, value):
    if name == "LITERAL":
        return ("digit", 1 << int(chr(value)))
    if name == "IN":
        return ("digit", _class_mask(value))
    if name == "MAX_REPEAT":
        least, most, inner = value
        most = None if most == regex_parser.MAXREPEAT else most
        return times(expression(inner), least, most)
    if name == "SUBPATTERN":
        return expression(value[3])
    if name == "BRANCH":
        return any_of(expression(branch) for branch in value[1])
    if name == "AT" and str(value) == "AT_END":
        # Only in national prefixes, where matching more than the pattern is the careful side.
        return EMPTY
    raise ValueError(f"unknown expression {name}")


def _class_mask(items):
    mask = 0
    for name, value in items:
        name = str(name)
        if name == "LITERAL":
            mask |= 1 << int(chr(value))
        elif name == "RANGE":
            for digit in range(int(chr(value[0])), int(chr(value[1])) + 1):
                mask |= 1 << digit
        elif name == "CATEGORY" and str(value) == "CATEGORY_DIGIT":
            mask |= (1 << 10) - 1
        else:
            raise ValueError(f"unknown class {name}")
    return mask


@functools.cache
def parsed(pattern):
    return expression(regex_parser.parse(pattern)) if pattern else NONE


@functools.cache
def matches_empty(node):
    kind = node[0]
    if kind == "both":
        return matches_empty(node[1]) and matches_empty(node[2])
    if kind == "any":
        return any(matches_empty(option) for option in node[1])
    if kind == "times":
        return node[2] == 0 or matches_empty(node[1])
    return kind == "empty"


@functools.cache
def after(node, digit):
    """What must follow once the digit was read."""
    kind = node[0]
    if kind == "digit":
        return EMPTY if node[1] >> digit & 1 else NONE
    if kind == "both":
        first = both(after(node[1], digit), node[2])
        return any_of((first, after(node[2], digit))) if matches_empty(node[1]) else first
    if kind == "any":
        return any_of(after(option, digit) for option in node[1])
    if kind == "times":
        _, inner, least, most = node
        rest = times(inner, max(least - 1, 0), None if most is None else most - 1)
        return both(after(inner, digit), rest)
    return NONE


# Territories ------------------------------------------------------------------------------------


class CallingCode:
    """All numbers below one calling code: which are valid, where, which format to themselves."""

    def __init__(self, code, regions):
        self.code = code
        self.regions = regions
        if regions == (WORLD,):
            self.metadata = [PhoneMetadata.metadata_for_nongeo_region(code)]
        else:
            self.metadata = [PhoneMetadata.metadata_for_region(region) for region in regions]
        self.national_prefix = parsed(self.metadata[0].national_prefix_for_parsing)
        self._tallies = {}

    def start(self, length):
        """The state before the first digit of a national number of that many digits.

        A state holds, for each region in the library's order of search, the general pattern, the
        union of the number types, the leading digits (True once seen) and the fixed lines, and last
        the national prefix of the main region (True once the parser could cut or rewrite the text).
        """
        regions = []
        for metadata in self.metadata:
            fits = [
                parsed(description.national_number_pattern)
                for description in (getattr(metadata, name) for name in TYPES)
                if _length_fits(description, length)
            ]
            general = metadata.general_desc
            pattern = parsed(general.national_number_pattern)
            pattern = pattern if _length_fits(general, length) else NONE
            fixed = parsed(self._own_fixed_lines(metadata))
            regions.append((pattern, any_of(fits), parsed(metadata.leading_digits), fixed))
        return tuple(regions), self.national_prefix

    def _own_fixed_lines(self, metadata):
        """The fixed lines of a smaller region, where they differ from those of the main one."""
        pattern = metadata.fixed_line and metadata.fixed_line.national_number_pattern
        main = self.metadata[0].fixed_line and self.metadata[0].fixed_line.national_number_pattern
        return None if pattern == main else pattern

    def step(self, state, digit):
        regions, prefix = state
        read = tuple(
            (after(general, digit), after(types, digit), _seen(leading, digit), after(fixed, digit))
            for general, types, leading, fixed in regions
        )
        return read, _seen(prefix, digit)

    def region_at_end(self, state):
        """The index of the number's region, or None when the library calls the number invalid.

        The library names the first region that fits. Where just one later region lists the number
        among its own fixed lines (Western Sahara, inside Morocco's pattern), that says more.
        """
        for index, (general, types, leading, _) in enumerate(state[0]):
            known = matches_empty(general) and matches_empty(types)
            if known or leading is True:
                own = [i for i, region in enumerate(state[0]) if matches_empty(region[3])]
                index = own[0] if len(own) == 1 else index
                return index if known else None
        return None

    def tally(self, state, remaining):
        """Counts valid numbers by region, and those that parsing and formatting leave alone."""
        if all(NONE in (general, types) for general, types, _, _ in state[0]):
            return (0,) * len(self.regions), 0
        key = (state, remaining)
        if key not in self._tallies:
            self._tallies[key] = self._tally(state, remaining)
        return self._tallies[key]

    def _tally(self, state, remaining):
        counts = [0] * len(self.regions)
        unchanged = 0
        if remaining == 0:
            region = self.region_at_end(state)
            if region is not None:
                counts[region] = 1
                unchanged = 0 if state[1] is True else 1
            return tuple(counts), unchanged
        for digit in range(10):
            below, kept = self.tally(self.step(state, digit), remaining - 1)
            counts = [count + more for count, more in zip(counts, below)]
            unchanged += kept
        return tuple(counts), unchanged


def _length_fits(description, length):
    if description is None or description.national_number_pattern is None:
        return False
    return not description.possible_length or length in description.possible_length


def _seen(node, digit):
    if node is True:
        return True
    node = after(node, digit)
    return True if matches_empty(node) else node


# The two lists ----------------------------------------------------------------------------------


def fast_rows(calling_code):
    """Yields (prefix, total digits) below which every number is valid and formats to itself."""
    code = str(calling_code.code)
    for total in range(TOTAL_DIGITS_MIN, TOTAL_DIGITS_MAX + 1):
        national = total - len(code)
        pending = [(code, calling_code.start(national))]
        while pending:
            prefix, state = pending.pop()
            remaining = total - len(prefix)
            _, unchanged = calling_code.tally(state, remaining)
            zeros_only = not prefix[len(code) :].strip("0")
            if unchanged == 10**remaining and not (zeros_only and national > LEADING_ZEROS_MAX):
                yield prefix, total
            elif unchanged and len(prefix) < PREFIX_DIGITS_MAX:
                pending += [(prefix + str(d), calling_code.step(state, d)) for d in range(10)]


def runs(rows):
    """Joins neighbouring prefixes of one total length to (first, last, digits), kept short."""
    joined = []
    in_order = sorted(rows, key=lambda row: (row[1], row[0].ljust(PREFIX_DIGITS_MAX, "0")))
    for prefix, total in in_order:
        first = int(prefix.ljust(PREFIX_DIGITS_MAX, "0"))
        last = int(prefix.ljust(PREFIX_DIGITS_MAX, "9"))
        if joined and joined[-1][2] == total and joined[-1][1] + 1 == first:
            joined[-1][1] = last
        else:
            joined.append([first, last, total])
    return sorted(_shortened(*run) for run in joined)


def _shortened(first, last, total):
    first, last = str(first), str(last)
    while first[-1] == "0" and last[-1] == "9" and len(first) > 1:
        first, last = first[:-1], last[:-1]
    return first, last, total


def country_rows(calling_code):
    """Yields (prefix, country): the calling code, then every prefix where the country differs."""
    code = str(calling_code.code)
    if calling_code.regions == (WORLD,):
        yield code, OTHER
        return
    yield code, calling_code.regions[0]
    starts = {length: calling_code.start(length) for length in range(2, 18)}
    yield from _country_rows(calling_code, code, starts, calling_code.regions[0])


def _country_rows(calling_code, prefix, states, inherited):
    counts = [0] * len(calling_code.regions)
    read = len(prefix) - len(str(calling_code.code))
    for length, state in states.items():
        if length >= read:
            below, _ = calling_code.tally(state, length - read)
            counts = [count + more for count, more in zip(counts, below)]
    present = [region for region, count in zip(calling_code.regions, counts) if count]
    if not present:
        return
    shallow = calling_code.code == NORTH_AMERICA and len(prefix) < AREA_CODE_DIGITS
    if (len(present) == 1 and not shallow) or len(prefix) == PREFIX_DIGITS_MAX:
        # Seven digits do not always decide; then the country with the most numbers takes the row.
        country = calling_code.regions[counts.index(max(counts))]
        if country != inherited or _is_area_code(calling_code, prefix):
            yield prefix, country
        return
    for digit in range(10):
        stepped = {n: calling_code.step(state, digit) for n, state in states.items()}
        yield from _country_rows(calling_code, prefix + str(digit), stepped, inherited)


def _is_area_code(calling_code, prefix):
    """Whether the prefix is an area code of the United States, which gets a row of its own."""
    if calling_code.code != NORTH_AMERICA or len(prefix) != AREA_CODE_DIGITS:
        return False
    node = parsed(calling_code.metadata[0].fixed_line.national_number_pattern)
    for digit in prefix[1:]:
        node = after(node, int(digit))
    return node != NONE


def write(name, header, rows):
    path = pathlib.Path(__file__).parent / name
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    print(f"{name}: {len(rows)} rows")


def main():
    if phonenumbers.__version__ != METADATA_VERSION:
        found = phonenumbers.__version__
        raise SystemExit(f"needs phonenumbers=={METADATA_VERSION}, found {found}")
    codes = [CallingCode(code, regions) for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()]
    countries = sorted(row for code in codes for row in country_rows(code))
    fast = runs(row for code in codes for row in fast_rows(code))
    write("calling_codes.csv", ("code", "country"), countries)
    write("e164_fast.csv", ("first", "last", "digits"), fast)


if __name__ == "__main__":
    main()
