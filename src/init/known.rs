//! Patterns for the lines of servers and programs that many people run.

use super::lines::{MANY, division, matched};
use super::text_division::TextDivision;
use crate::Error;
use crate::release_file::place::Place;

/// A request as Apache and nginx log it, in their common and combined formats.
const ACCESS: &str = r#"(?<requester>\S+) \S+ \S+ \[(?<requested_at>[^\]]+)\] "(?<method>[^ "]+) (?<target>(?:[^ "\\]|\\.)+)(?: (?:[^"\\]|\\.)*)?" (?<status>\d{3}).*"#;
/// What may stand before it: a virtual host, what containers write before a line, and syslog.
const BEFORE_ACCESS: [&str; 4] = [
    "",
    r"\S+ ",
    r"\S+ std(?:out|err) [FP] ",
    r"(?:<\d+>)?(?:[A-Z][a-z]{2} [ \d]?\d [\d:]{8}|\d{4}-\S+) \S+ [^ :]+: ",
];
/// A request as HAProxy logs it, with the time at which it was accepted. What a client can write
/// stands behind that, so the first match is what the program itself wrote.
const HAPROXY: &str = r#"(?:.*?haproxy\[\d+\]: )??(?<requester>\S+):\d+ \[(?<requested_at>[^\]]+)\] \S+ (?<backend>[^ /]+)/\S+ \S+ (?<status>-?\d+) [^"]*"(?<method>[^ "]+) (?<target>[^ "]+)[^"]*""#;
/// Alerts of Snort and Suricata in one line each, and packets as tcpdump prints them with their day.
const ALERT: &str = r"(?<requested_at>\S+) +\[\*\*\] \[(?<rule>[\d:]+)\] .* \{(?<proto>[^}]+)\} (?<requester>[\d.]+|\S+)(?::\d+)? -> (?<target>[\d.]+|\S+)(?::\d+)?";
const PACKET: &str = r"(?<requested_at>\d{4}-\S+ \S+) IP (?<requester>\d+(?:\.\d+){3})(?:\.\d+)? > (?<target>\d+(?:\.\d+){3})(?:\.\d+)?: .*";
/// Questions as CoreDNS logs them, behind the time of whatever carries its output.
const COREDNS: &str = r#"(?<requested_at>\S+) .*?\[INFO\] (?<requester>\S+):\d+ - \d+ "(?<type>\S+) IN (?<target>\S+) .*"#;

/// What syslog writes before a message, in its old form, with a whole date, and in the form of RFC 5424.
const SYSLOG: &str = r"(?:<\d+>)?(?<requested_at>[A-Z][a-z]{2} [ \d]?\d [\d:]{8}|\d{4}-\S+) \S+ ";
const SYSLOG_5424: &str = r"<\d+>1 (?<requested_at>\S+) \S+ ";
/// A login over ssh, behind the name of the program.
const LOGIN: &str = r"(?<kind>Accepted|Failed) (?<method>\S+) for (?:invalid user )?(?<target>.*) from (?<requester>\S+) port \d+.*";
/// A mail that Postfix refuses: the only lines of it that name the client and both mailboxes.
const REFUSED_MAIL: &str = r"postfix/\S+\[\d+\]: \S+ reject: RCPT from \S*\[(?<client_ip>[^\]]+)\]: .* from=<(?<requester>[^>]*)> to=<(?<target>[^>]*)> .*";

/// What Apache logs about the request of a client: since version 2.4 with a process and a port, and before.
const ERROR_24: &str = r"\[(?<requested_at>[^\]]+)\] \[(?<kind>[^\]]+)\] \[pid [^\]]+\] \[client (?<requester>\S+):\d+\] .*? (?<target>/\S*?)(?:, referer: .*)?";
const ERROR: &str = r"\[(?<requested_at>[^\]]+)\] \[(?<kind>[^\]]+)\] \[client (?<requester>[^\]]+)\] .*? (?<target>/\S*?)(?:, referer: .*)?";
/// The same of nginx.
const ERROR_NGINX: &str = r#"(?<requested_at>\S+ \S+) \[(?<kind>\w+)\] .*, client: (?<requester>[^,]+), server: [^,]*, request: "(?<method>\S+) (?<target>[^ "]+).*"#;

/// Proposes the pattern of a program that is known; `None` for other lines.
pub(super) fn known(lines: &[&str]) -> Option<TextDivision> {
    const HALF: usize = 2;
    let access = BEFORE_ACCESS.iter().map(|before| (format!("{before}{ACCESS}"), HALF));
    let mail = format!("{SYSLOG}{REFUSED_MAIL}");
    let others = [HAPROXY, ALERT, PACKET, COREDNS, &mail];
    let others = others.map(|pattern| (pattern.to_owned(), HALF));
    // Logs of logins and of errors have lines of many other kinds.
    let few = [
        format!(r"{SYSLOG}sshd(?:-session)?\[\d+\]: {LOGIN}"),
        format!(r"{SYSLOG_5424}sshd(?:-session)? \S+ \S+ (?:-|\[.*\]) {LOGIN}"),
        ERROR_24.to_owned(),
        ERROR.to_owned(),
        ERROR_NGINX.to_owned(),
    ];
    let patterns = access.chain(others).chain(few.map(|pattern| (pattern, MANY)));
    let best = patterns.filter_map(|(pattern, part)| {
        let matched = matched(&pattern, lines)?;
        (matched > 0 && matched * part >= lines.len()).then_some((matched, pattern))
    });
    // Of equally good ones the first is taken.
    let best: Vec<(usize, String)> = best.collect();
    let (_, pattern) = best.into_iter().rev().max_by_key(|(matched, _)| *matched)?;
    division(&pattern, lines)
}

/// The refusal of lines that name the people of a lookup in several of them; `None` for other lines.
pub(super) fn apart(place: &Place, lines: &[&str]) -> Option<Error> {
    let count = |word: &str| lines.iter().filter(|line| line.contains(word)).count();
    let (came, went) = (count(" <= "), count(" => "));
    let is_exim = came > 0 && went > 0 && (came + went + count(" Completed")) * 2 > lines.len();
    (is_exim || count(" postfix/") * 2 > lines.len()).then(|| {
        Error::input(format!(
            "{} names senders and recipients of mails in different lines",
            place.path().display()
        ))
        .help("join the lines of each mail by its queue id, and write one line with both and the time")
    })
}
