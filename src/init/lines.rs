//! Finds a pattern for the lines of a text that are most alike.

use std::collections::{BTreeMap, BTreeSet};

use regex::{Captures, Regex, escape};

use super::fields::null_in;
use super::questions::quoted;
use super::text_division::{Called, TextDivision};
use super::words::{Kind, Token, Tokens};
use crate::words::grouped;

/// A pattern for logs with lines of many kinds must match at least one line in this many.
pub(super) const MANY: usize = 200;

/// How many lines a pattern matches.
pub(super) fn matched(pattern: &str, lines: &[&str]) -> Option<usize> {
    let whole = whole(pattern)?;
    Some(lines.iter().filter(|line| whole.is_match(line)).count())
}

/// Proposes a pattern for the lines that are most alike; `None` if too few are.
pub(super) fn alike(lines: &[&str]) -> Option<TextDivision> {
    let tokens: Vec<Tokens> = lines.iter().filter_map(|line| Tokens::of(line)).collect();
    if tokens.len() * 10 < lines.len() * 6 {
        return None;
    }
    let mut lengths: Vec<usize> = tokens.iter().map(|line| line.words.len()).collect();
    lengths.sort_unstable();
    let short = lengths.get(lengths.len() / 10).copied();
    let patterns = [named(&tokens), of_kind(&tokens, None), of_kind(&tokens, short)];
    let divisions = patterns.into_iter().flatten().filter_map(|pattern| {
        let matched = matched(&pattern, lines)?;
        (matched * 5 >= lines.len()).then_some((matched, pattern))
    });
    // Of equally good ones the first is taken.
    let divisions: Vec<(usize, String)> = divisions.collect();
    let (_, pattern) = divisions.into_iter().rev().max_by_key(|(matched, _)| *matched)?;
    division(&pattern, lines)
}

/// A pattern for the names and values, as in `caller=ann`, that nearly all lines have; others may stand
/// between them.
fn named(lines: &[Tokens]) -> Option<String> {
    let mut seen: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for (name, value) in lines.iter().flat_map(Tokens::values) {
        let (count, values) = seen.entry(name).or_default();
        *count += 1;
        values.insert(value);
    }
    let says_something = |name: &str| {
        let seen = seen.get(name);
        seen.is_some_and(|(count, values)| count * 20 >= lines.len() * 19 && values.len() > 1)
    };
    let first = lines.first()?;
    let mut names = Vec::new();
    let parts = first.words.iter().filter_map(|word| {
        let name = word.name().filter(|name| says_something(name));
        match name {
            _ if word.has_time() => Some(Token::pattern(&[word], None, first.shape, &mut names)),
            Some(name) => Some(word.named_value(name, &mut names)),
            None => None,
        }
    });
    let parts: Vec<String> = parts.collect();
    // Before a name stands a blank, or a mark such as that of CEF.
    let is_marked = lines.iter().any(|line| line.is_marked);
    let (begin, between) = if is_marked {
        (r"(?:.*?[\s|])??", r"[\s|](?:.*?[\s|])??")
    } else {
        ("(?:.*? )??", " (?:.*? )??")
    };
    let end = if is_marked { r"(?:\s.*)?" } else { "(?: .*)?" };
    (parts.len() >= 3).then(|| format!("{begin}{}{end}", parts.join(between)))
}

/// A pattern for the commonest kind of lines, by all of their words or by the first few.
fn of_kind(lines: &[Tokens], first: Option<usize>) -> Option<String> {
    let mut kinds: BTreeMap<Kind<'_>, Vec<&Tokens>> = BTreeMap::new();
    for line in lines {
        line.kind(first).into_iter().for_each(|kind| kinds.entry(kind).or_default().push(line));
    }
    let ((words, _), kind) = kinds.into_iter().max_by_key(|(_, lines)| lines.len())?;
    let pattern = pattern_of(&kind, words)?;
    Some(if first.is_some() { format!("{pattern}(?: .*)?") } else { pattern })
}

fn whole(pattern: &str) -> Option<Regex> {
    Regex::new(&format!(r"\A(?:{pattern})\z")).ok()
}

/// The settings for a pattern, and a `skip` of other lines by the first words of their messages.
pub(super) fn division(pattern: &str, lines: &[&str]) -> Option<TextDivision> {
    let whole = whole(pattern)?;
    let found: Vec<Captures<'_>> = lines.iter().filter_map(|line| whole.captures(line)).collect();
    let others: Vec<&str> = lines.iter().filter(|line| !whole.is_match(line)).copied().collect();
    let (matched, total) = (grouped(found.len() as u64), grouped(lines.len() as u64));
    let why = format!("# it matches {matched} of {total} lines");
    let mut settings = vec![(format!("pattern = {}", quoted(pattern)), why)];
    settings.extend(null_in(found.iter().map(groups)));
    let kinds = kinds_of(&others);
    if !kinds.is_empty() {
        let skip = format!("skip = {}", quoted(&format!("[]:-] (?:{})", kinds.join("|"))));
        settings.push((
            skip,
            "# CHECK: lines of other kinds count as nothing; the rest are rejects".to_owned(),
        ));
    }
    let names = whole.capture_names().flatten().map(str::to_owned).collect();
    Some(TextDivision { settings, columns: Called::Given(names), is_text: true })
}

fn groups<'l>(found: &Captures<'l>) -> Vec<&'l str> {
    found.iter().skip(1).flatten().map(|group| group.as_str()).collect()
}

/// The words with which messages of several lines begin: those are words of the program.
fn kinds_of(lines: &[&str]) -> Vec<String> {
    const MOST: usize = 20;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for line in lines {
        let behind = |mark: &str| line.find(mark).map(|at| &line[at + mark.len()..]);
        let behind_last = || line.rfind("] ").map(|at| &line[at + 2..]);
        let message = behind("]: ").or_else(|| behind(" - - ")).or_else(behind_last);
        let message = message.unwrap_or_default();
        let is_word = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
        let word = message.split(|letter| !is_word(letter)).next().unwrap_or_default();
        if word.len() >= 4 {
            *kinds.entry(word).or_default() += 1;
        }
    }
    kinds.retain(|_, count| *count > 1);
    let mut kinds: Vec<(&str, usize)> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    kinds.truncate(MOST);
    kinds.into_iter().map(|(word, _)| escape(word)).collect()
}

/// A pattern for the first words of lines.
fn pattern_of(lines: &[&Tokens], count: usize) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    let mut pattern = String::new();
    for place in 0..count {
        let words: Vec<&Token> = lines.iter().map(|line| &line.words[place]).collect();
        let before = place.checked_sub(1).map(|before| lines[0].words[before].text.as_str());
        if place > 0 {
            pattern.push_str(if lines.iter().any(|line| line.has_tabs) { r"\s+" } else { " +" });
        }
        pattern.push_str(&Token::pattern(&words, before, lines[0].shape, &mut names));
    }
    // A lookup has a requester and a target beside its time.
    (names.len() >= 3).then_some(pattern)
}
