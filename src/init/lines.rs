//! Lines of text that a pattern takes apart: those of servers that are known, and lines that are alike.

use std::collections::{BTreeMap, BTreeSet};

use regex::{Regex, escape};

use super::layout::{Called, Layout};
use super::questions::quoted;
use super::words::{Kind, Token, Tokens};
use crate::words::grouped;

/// A request as Apache and nginx log it, in their common and combined formats.
const ACCESS: &str = r#"(?<requester>\S+) \S+ \S+ \[(?<requested_at>[^\]]+)\] "(?<method>[^ "]+) (?<target>(?:[^ "\\]|\\.)+)(?: (?:[^"\\]|\\.)*)?" (?<status>\d{3}).*"#;
/// What syslog writes before a message, in its old form, with a whole date, and in the form of RFC 5424.
const SYSLOG: &str = r"(?:<\d+>)?(?<requested_at>[A-Z][a-z]{2} [ \d]?\d [\d:]{8}|\d{4}-\S+) \S+ ";
const SYSLOG_5424: &str = r"<\d+>1 (?<requested_at>\S+) \S+ ";
/// A login over ssh, behind the name of the program.
const LOGIN: &str = r"(?<kind>Accepted|Failed) (?<method>\S+) for (?:invalid user )?(?<target>.*) from (?<requester>\S+) port \d+.*";

/// What Apache logs about the request of a client: since version 2.4 with a process and a port, and before.
const ERROR_24: &str = r"\[(?<requested_at>[^\]]+)\] \[(?<kind>[^\]]+)\] \[pid [^\]]+\] \[client (?<requester>\S+):\d+\] .*? (?<target>/\S*?)(?:, referer: .*)?";
const ERROR: &str = r"\[(?<requested_at>[^\]]+)\] \[(?<kind>[^\]]+)\] \[client (?<requester>[^\]]+)\] .*? (?<target>/\S*?)(?:, referer: .*)?";
/// The same of nginx.
const ERROR_NGINX: &str = r#"(?<requested_at>\S+ \S+) \[(?<kind>\w+)\] .*, client: (?<requester>[^,]+), server: [^,]*, request: "(?<method>\S+) (?<target>[^ "]+).*"#;

/// Proposes the pattern of a server that is known; `None` for other lines.
pub(super) fn known(lines: &[&str]) -> Option<Layout> {
    let sshd = [
        format!(r"{SYSLOG}sshd(?:-session)?\[\d+\]: {LOGIN}"),
        format!(r"{SYSLOG_5424}sshd(?:-session)? \S+ \S+ (?:-|\[.*\]) {LOGIN}"),
    ];
    let vhost = format!(r"\S+ {ACCESS}");
    // Logs of logins and of errors have lines of many other kinds.
    const MANY: usize = 200;
    let errors = [(ERROR_24, MANY), (ERROR, MANY), (ERROR_NGINX, MANY)];
    let patterns = [(ACCESS, 2), (&vhost, 2), (&sshd[0], MANY), (&sshd[1], MANY)];
    let patterns = patterns.into_iter().chain(errors);
    let best = patterns.filter_map(|(pattern, part)| {
        let whole = whole(pattern)?;
        let others: Vec<&str> =
            lines.iter().filter(|line| !whole.is_match(line)).copied().collect();
        let matched = lines.len() - others.len();
        (matched > 0 && matched * part >= lines.len()).then_some((matched, pattern, others))
    });
    let best: Vec<(usize, &str, Vec<&str>)> = best.collect();
    let (matched, pattern, others) = best.into_iter().rev().max_by_key(|(matched, ..)| *matched)?;
    Some(layout(pattern, matched, &others))
}

/// Proposes a pattern for the lines that are most alike; `None` if too few are.
pub(super) fn alike(lines: &[&str]) -> Option<Layout> {
    let tokens: Vec<Tokens> = lines.iter().filter_map(|line| Tokens::of(line)).collect();
    if tokens.len() * 10 < lines.len() * 6 {
        return None;
    }
    let mut lengths: Vec<usize> = tokens.iter().map(|line| line.words.len()).collect();
    lengths.sort_unstable();
    let short = lengths.get(lengths.len() / 10).copied();
    let patterns = [named(&tokens), of_kind(&tokens, None), of_kind(&tokens, short)];
    let layouts = patterns.into_iter().flatten().filter_map(|pattern| {
        let whole = whole(&pattern)?;
        let others: Vec<&str> =
            lines.iter().filter(|line| !whole.is_match(line)).copied().collect();
        let matched = lines.len() - others.len();
        (matched * 5 >= lines.len()).then(|| (matched, layout(&pattern, matched, &others)))
    });
    // Of equally good ones the first.
    let layouts: Vec<(usize, Layout)> = layouts.collect();
    layouts.into_iter().rev().max_by_key(|(matched, _)| *matched).map(|(_, layout)| layout)
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
    (parts.len() >= 3).then(|| format!("(?:.*? )??{}(?: .*)?", parts.join(" (?:.*? )??")))
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

/// The settings for a pattern, with what the lines that it does not match begin with.
fn layout(pattern: &str, matched: usize, others: &[&str]) -> Layout {
    let total = grouped((matched + others.len()) as u64);
    let why = format!("# it matches {} of {total} lines", grouped(matched as u64));
    let mut settings = vec![(format!("pattern = {}", quoted(pattern)), why)];
    let kinds = kinds_of(others);
    if !kinds.is_empty() {
        let skip = format!("skip = {}", quoted(&format!("[]:-] (?:{})", kinds.join("|"))));
        settings.push((
            skip,
            "# CHECK: lines of other kinds count as nothing; the rest are rejects".to_owned(),
        ));
    }
    let names = whole(pattern).map_or_else(Vec::new, |whole| {
        whole.capture_names().flatten().map(str::to_owned).collect()
    });
    Layout { settings, columns: Called::Given(names) }
}

/// The words that messages of lines begin with, those of a program: each in several lines.
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
            pattern.push_str(" +");
        }
        pattern.push_str(&Token::pattern(&words, before, lines[0].shape, &mut names));
    }
    // A lookup has a requester and a target beside its time.
    (names.len() >= 3).then_some(pattern)
}
