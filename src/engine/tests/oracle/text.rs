//! Logs of text, and a plain reading of them: record by record, byte by byte.

use std::collections::BTreeMap;

use super::Setup;
use super::chance::Chance;
use super::json::{line as json, object};
use super::rules::{Malformed, Record, Value};
use super::spelled;

/// A log of text with some of its bytes changed, and its records.
pub(super) fn file(
    chance: &mut Chance,
    setup: &Setup,
    format: &str,
    names: &[String],
) -> (Vec<u8>, Vec<Record>) {
    let end = chance.of(&["\n", "\n", "\r\n"]);
    let head = head(chance, format, names, end);
    let mut body = Vec::new();
    let rows = chance.below(12);
    // Large notes make a file of several blocks.
    let is_large = chance.once_in(300);
    for row in 0..rows {
        let mut line = line(chance, setup, format, names);
        if is_large && format != "zeek" {
            line = line.replace("13 inch", &"13 inch ".repeat(30_000));
        }
        let mut line = line.into_bytes();
        if row > 0 && chance.once_in(6) {
            damage(chance, &mut line);
        }
        body.extend_from_slice(&line);
        if row + 1 < rows || !chance.once_in(4) {
            body.extend_from_slice(
                chance.of(&[end, end, end, end, "\n", "\n\n", "\r\n\r\n"]).as_bytes(),
            );
        }
    }
    let records = records(&body, format, names);
    ([head.into_bytes(), body].concat(), records)
}

/// Two logs, the second with some more lines, however damaged, among the others.
pub(super) fn neighbours(
    chance: &mut Chance,
    setup: &Setup,
    format: &str,
    names: &[String],
) -> [Vec<u8>; 2] {
    let head = head(chance, format, names, "\n").into_bytes();
    // A record of several lines is none by itself: docs/attack-model.md has what can become of it.
    let mut other = || line(chance, setup, format, names).replace('\n', " ").into_bytes();
    let mut lines: Vec<Vec<u8>> = (0..8).map(|_| other()).collect();
    let [begin, between, end]: [&[u8]; 3] =
        if format == "array" { [b"[", b",\n", b"]\n"] } else { [b"", b"\n", b"\n"] };
    let text = |lines: &[Vec<u8>]| [&head[..], begin, &lines.join(between), end].concat();
    let without = text(&lines);
    for _ in 0..=chance.below(3) {
        let mut own = match chance.of(&ODD) {
            b"" => line(chance, setup, format, names).into_bytes(),
            odd => odd.to_vec(),
        };
        for _ in 0..chance.below(3) {
            damage(chance, &mut own);
        }
        lines.insert(chance.below(lines.len() + 1), own);
    }
    [without, text(&lines)]
}

/// Lines that nobody writes; the first stands for one that somebody does.
const ODD: [&[u8]; 15] = [
    b"",
    b"",
    b"",
    b"\xff\xfe{\0",
    b"\xfe\xff\0{",
    b"\xef\xbb\xbf",
    b"[1]",
    b"null",
    b"#fields\tx",
    b"#close",
    b"\"",
    b"a,\"",
    b"{\"requester\":",
    b"\0\0\0\0",
    b"{\"requester\":{\"a\":[",
];

fn line(chance: &mut Chance, setup: &Setup, format: &str, names: &[String]) -> String {
    match format {
        "json" | "array" => json(chance, setup, names),
        _ => delimited(chance, setup, format, names),
    }
}

fn head(chance: &mut Chance, format: &str, names: &[String], end: &str) -> String {
    let mut head = match format {
        "json" | "array" => String::new(),
        "zeek" => format!(
            "#separator \\x09{end}#unset_field\t-{end}#fields\t{}{end}#types\tmade{end}",
            names.join("\t")
        ),
        _ => {
            let separator = if format == "csv" { "," } else { "\t" };
            let quote = |name: &String| {
                if format == "csv" && chance.once_in(9) {
                    format!("\"{name}\"")
                } else {
                    name.clone()
                }
            };
            names.iter().map(quote).collect::<Vec<_>>().join(separator) + end
        }
    };
    if format != "zeek" && chance.once_in(6) {
        head.insert(0, '\u{feff}');
    }
    head
}

fn damage(chance: &mut Chance, line: &mut Vec<u8>) {
    for _ in 0..=chance.below(2) {
        let at = chance.below(line.len() + 1);
        match chance.below(8) {
            0 | 1 => line.insert(at, b'"'),
            2 => line.insert(at, b'\r'),
            3 => line.insert(at, 0xff),
            4 => line.insert(at, chance.of(b",\t\n{}[]:0")),
            5 => line.truncate(at),
            6 => drop(line.splice(at..at, *b"\\\"")),
            _ => line.retain({
                let mut place = 0;
                move |_| {
                    place += 1;
                    place != at
                }
            }),
        }
    }
}

fn delimited(chance: &mut Chance, setup: &Setup, format: &str, names: &[String]) -> String {
    let mut fields = Vec::new();
    for name in names {
        let value = spelled::text(chance, setup, name);
        fields.push(match (format, value) {
            ("zeek", None) => "-".to_owned(),
            (_, None) => String::new(),
            ("csv", Some(value)) if value.contains(['"', ',', '\n', '\r']) || chance.once_in(4) => {
                format!("\"{}\"", value.replace('"', "\"\""))
            }
            ("csv", Some(value)) => value,
            (_, Some(value)) => value.replace(['\t', '\n'], " "),
        });
    }
    fields.join(if format == "csv" { "," } else { "\t" })
}

/// The records of a text behind its header.
fn records(body: &[u8], format: &str, names: &[String]) -> Vec<Record> {
    let lines: Vec<&[u8]> = body.split_inclusive(|byte| *byte == b'\n').collect();
    match format {
        "csv" => csv_records(&lines, names),
        "json" => {
            let is_blank = |line: &&&[u8]| line.iter().all(|byte| b" \t\r\n".contains(byte));
            lines.iter().filter(|line| !is_blank(line)).map(|line| object(line)).collect()
        }
        _ => {
            let is_record = |line: &&&[u8]| {
                let is_comment = format == "zeek" && line.starts_with(b"#");
                !is_comment && !matches!(**line, b"\n" | b"\r\n" | b"\r")
            };
            let of_line = |line: &&[u8]| {
                let line = line.strip_suffix(b"\n").unwrap_or(line);
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                let fields = line
                    .split(|byte| *byte == b'\t')
                    .map(|field| (field.to_vec(), false))
                    .collect();
                if line.contains(&b'\r') { Err(Malformed) } else { named(fields, format, names) }
            };
            lines.iter().filter(is_record).map(of_line).collect()
        }
    }
}

/// A field and whether it stood in quotes.
type Field = (Vec<u8>, bool);

fn named(fields: Vec<Field>, format: &str, names: &[String]) -> Record {
    if fields.len() != names.len() {
        return Err(Malformed);
    }
    let mut record = BTreeMap::new();
    for (name, (bytes, is_quoted)) in names.iter().zip(fields) {
        let text = String::from_utf8(bytes).map_err(|_| Malformed)?;
        let is_null = !is_quoted && (text.is_empty() || format == "zeek" && text == "-");
        record.insert(name.clone(), if is_null { Value::Null } else { Value::Text(text) });
    }
    Ok(record)
}

fn csv_records(lines: &[&[u8]], names: &[String]) -> Vec<Record> {
    let is_blank = |line: &[u8]| matches!(line, b"\n" | b"\r\n" | b"\r");
    let is_record = |line: &&[u8]| {
        !is_blank(line) && matches!(csv(line), Csv::Fields(fields) if fields.len() == names.len())
    };
    let (mut records, mut at) = (Vec::new(), 0);
    while at < lines.len() {
        if is_blank(lines[at]) {
            at += 1;
            continue;
        }
        let mut taken = 1;
        let read = loop {
            match csv(&lines[at..at + taken].concat()) {
                Csv::Open if at + taken < lines.len() => taken += 1,
                Csv::Fields(fields) => break Some(fields),
                Csv::Open | Csv::Wrong => break None,
            }
        };
        match read.filter(|_| !lines[at + 1..at + taken].iter().any(is_record)) {
            Some(fields) => records.push(named(fields, "csv", names)),
            // The lines behind a wrong one are read by themselves.
            None => {
                records.push(Err(Malformed));
                taken = 1;
            }
        }
        at += taken;
    }
    records
}

enum Csv {
    Fields(Vec<Field>),
    /// A quote is not closed.
    Open,
    Wrong,
}

/// The fields of one record by RFC 4180; no fields when its line ends are wrong.
fn csv(text: &[u8]) -> Csv {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let (mut fields, mut at, mut has_return) = (Vec::new(), 0, false);
    loop {
        let (mut field, is_quoted) = (Vec::new(), text.get(at) == Some(&b'"'));
        if is_quoted {
            at += 1;
            loop {
                match (text.get(at), text.get(at + 1)) {
                    (None, _) => return Csv::Open,
                    (Some(b'"'), Some(b'"')) => {
                        field.push(b'"');
                        at += 2;
                    }
                    (Some(b'"'), _) => break,
                    (Some(byte), _) => {
                        field.push(*byte);
                        at += 1;
                    }
                }
            }
            at += 1;
        }
        while let Some(byte) = text.get(at).filter(|byte| **byte != b',') {
            let is_end = *byte == b'\r' && at + 1 == text.len();
            if !is_end && (is_quoted || *byte == b'"') {
                return Csv::Wrong;
            }
            // Elsewhere a carriage return is wrong, and what stands around it is still a record.
            has_return |= *byte == b'\r' && !is_end;
            field.extend(Some(*byte).filter(|_| !is_end));
            at += 1;
        }
        fields.push((field, is_quoted));
        if at >= text.len() {
            return Csv::Fields(if has_return { Vec::new() } else { fields });
        }
        at += 1;
    }
}
