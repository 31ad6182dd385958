//! CSV, TSV, Zeek logs and JSON lines, plain and packed.

use std::collections::BTreeMap;
use std::io::Write;

use super::Made;
use super::rows::Row;

/// The columns in the order in which text files have them here.
const COLUMNS: [&str; 6] = ["requested_at", "requester", "target", "app", "route", "latency_ms"];

/// A row as texts, in that order.
fn texts(row: &Row, at: impl Fn(i64) -> String) -> [Option<String>; 6] {
    [
        row.at.map(at),
        Some(format!("+{}", row.requester)),
        row.target.map(|target| format!("+{target}")),
        row.app.map(str::to_owned),
        Some(row.route().to_owned()),
        row.latency.map(|latency| latency.to_string()),
    ]
}

fn instant(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).unwrap().to_string()
}

/// `1575413122.764317`
fn seconds(micros: i64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// A value between quotes where it needs them.
fn quoted(value: &str, always: bool) -> String {
    if always || value.contains([',', '"', '\n']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_owned()
    }
}

pub(super) fn csv(rows: &[Row]) -> Vec<u8> {
    delimited(rows, ",", "\n", |value| quoted(value, false))
}

fn delimited(rows: &[Row], separator: &str, end: &str, write: impl Fn(&str) -> String) -> Vec<u8> {
    let mut text = COLUMNS.join(separator) + end;
    for row in rows {
        let fields =
            texts(row, instant).map(|value| value.map_or(String::new(), |text| write(&text)));
        text.push_str(&(fields.join(separator) + end));
    }
    text.into_bytes()
}

/// With every value between quotes, columns in another order and one that is not read, whose
/// values hold line ends and separators.
fn csv_with_notes(rows: &[Row]) -> Vec<u8> {
    let mut text =
        String::from("\"note\",latency_ms,\"route\",app,target,requester,requested_at\r\n");
    for row in rows {
        let mut fields = texts(row, instant).map(|value| quoted(&value.unwrap_or_default(), true));
        fields.reverse();
        text.push_str(&format!("\"a \"\"note\"\",\r\nof two lines\n\",{}\r\n", fields.join(",")));
    }
    text.into_bytes()
}

pub(super) fn tsv(rows: &[Row], end: &str) -> Vec<u8> {
    delimited(rows, "\t", end, str::to_owned)
}

pub(super) fn zeek(rows: &[Row]) -> Vec<u8> {
    let mut text = String::from(
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tmade\n",
    );
    text.push_str(&format!("#fields\t{}\n", COLUMNS.join("\t")));
    text.push_str("#types\ttime\tstring\tstring\tstring\tstring\tdouble\n");
    for row in rows {
        let fields = texts(row, seconds).map(|value| value.unwrap_or_else(|| "-".to_owned()));
        text.push_str(&(fields.join("\t") + "\n"));
    }
    text.push_str("#close\t2026-01-03-00-00-00\n");
    text.into_bytes()
}

/// How JSON lines are written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Json {
    /// As short as can be; what is missing is not there.
    Short,
    /// With `null`, blanks, and line ends of another system.
    Wide,
    /// Every letter that is not ASCII as `\u…`, slashes escaped, names too; nested values beside.
    Escaped,
}

pub(super) fn json(rows: &[Row]) -> Vec<u8> {
    json_lines(rows, Json::Short)
}

fn json_lines(rows: &[Row], style: Json) -> Vec<u8> {
    let mut text = String::new();
    for row in rows {
        let mut members = Vec::new();
        for (name, value) in COLUMNS.iter().zip(texts(row, instant)) {
            let value = match value {
                None if style == Json::Wide => "null".to_owned(),
                None => continue,
                Some(number) if *name == "latency_ms" => number,
                Some(text) => json_string(&text, style),
            };
            let (name, blank) =
                (json_string(name, style), if style == Json::Wide { " " } else { "" });
            members.push(format!("{name}{blank}:{blank}{value}"));
        }
        match style {
            Json::Short => text.push_str(&format!("{{{}}}\n", members.join(","))),
            Json::Wide => text.push_str(&format!(" {{ {} }} \r\n", members.join(" , "))),
            Json::Escaped => {
                members.insert(
                    0,
                    "\"nested\":{\"requester\":[1,{\"app\":\"calls\"}],\"x\":null}".to_owned(),
                );
                text.push_str(&format!("{{{}}}\n", members.join(",")));
            }
        }
    }
    text.into_bytes()
}

fn json_string(text: &str, style: Json) -> String {
    if style != Json::Escaped {
        return serde_json::to_string(text).unwrap();
    }
    let escape = |letter: char| match letter {
        'a'..='z' if letter != 'e' => letter.to_string(),
        '+' | '0'..='9' => letter.to_string(),
        _ => format!("\\u{:04x}", u32::from(letter)),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

pub(in crate::engine::tests) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Two members, the first with a name, a comment and more in its header.
pub(in crate::engine::tests) fn gzip_members(bytes: &[u8]) -> Vec<u8> {
    let (first, second) = bytes.split_at(bytes.len() / 3);
    let head = flate2::GzBuilder::new().filename("made").comment("by a test").extra(*b"abcd");
    let mut encoder = head.write(Vec::new(), flate2::Compression::best());
    encoder.write_all(first).unwrap();
    [encoder.finish().unwrap(), gzip(second)].concat()
}

/// With a checksum.
pub(in crate::engine::tests) fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// With a window that is larger than decoders take by default.
fn zstd_long(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(28).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Two frames, between them one that readers pass over.
pub(in crate::engine::tests) fn zstd_frames(bytes: &[u8]) -> Vec<u8> {
    let (first, second) = bytes.split_at(bytes.len() / 3);
    let skipped = [0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, b'n', b'o', b't', b'e'];
    let frame = |bytes| zstd::encode_all(bytes, 3).unwrap();
    [frame(first), skipped.to_vec(), frame(second)].concat()
}

pub(super) fn all(rows: &[Row]) -> Vec<Made> {
    let plain = csv(rows);
    let blank_lines = String::from_utf8(plain.clone()).unwrap().replace('\n', "\n\n");
    let with_mark = |bytes: &[u8]| [b"\xef\xbb\xbf", bytes].concat();
    let mut kinds = vec![
        Made::new("csv with blank lines", "x.csv", format!("\n{blank_lines}\r\n").into_bytes()),
        Made::new("csv without a last line end", "x.csv", plain[..plain.len() - 1].to_vec()),
        Made::new("tsv with the line ends of another system", "x.tsv", tsv(rows, "\r\n")),
        Made::new("json with blanks and nulls", "x.jsonl", json_lines(rows, Json::Wide)),
        Made::new("json with escapes and nested values", "x.json", json_lines(rows, Json::Escaped)),
        Made::new("csv with a byte order mark", "x.csv", with_mark(&plain)),
        Made::new("json with a byte order mark", "x.ndjson", with_mark(&json(rows))),
    ];
    kinds.push(Made::new("csv in zstd with a long window", "x.csv.zst", zstd_long(&plain)));
    for (what, file, bytes) in [
        ("csv with requesters as floats", "x.csv", plain.clone()),
        ("json with requesters as floats", "x.json", json(rows)),
    ] {
        let as_float = |row: &Row| (format!("+{}", row.requester), format!("{}.0", row.requester));
        let mut text = String::from_utf8(bytes).unwrap();
        for (number, float) in rows.iter().map(as_float).collect::<BTreeMap<_, _>>() {
            // Targets are never written like requesters.
            text = text.replace(&format!("\"{number}\""), &float);
            text = text.replace(&format!(",{number},"), &format!(",{float},"));
        }
        kinds.push(Made::new(what, file, text.into_bytes()).with_logs("default_region = \"US\""));
    }
    // Name, bytes, the endings of the name plain and packed, and what else is to be said.
    let formats = [
        ("csv", plain, ["x.csv", "x.csv.gz", "x.csv.zst"], ""),
        ("csv with notes", csv_with_notes(rows), ["x.csv", "x.csv.gz", "x.csv.zst"], ""),
        ("tsv", tsv(rows, "\n"), ["x.tsv", "x.tsv.gz", "x.tsv.zst"], ""),
        ("zeek", zeek(rows), ["x.log", "x.log.gz", "x.log.zst"], "time_unit = \"s\""),
        ("json", json(rows), ["x.ndjson", "x.ndjson.gz", "x.ndjson.zst"], ""),
    ];
    for (name, bytes, [plain, gz, zst], logs) in formats {
        let packed = [
            ("", plain, bytes.clone()),
            (" in gzip", gz, gzip(&bytes)),
            (" in two gzip members", gz, gzip_members(&bytes)),
            (" in zstd", zst, zstd(&bytes)),
            (" in two zstd frames", zst, zstd_frames(&bytes)),
        ];
        kinds.extend(
            packed.into_iter().filter(|(what, ..)| name != "csv" || !what.is_empty()).map(
                |(what, file, bytes)| {
                    Made::new(format!("{name}{what}"), file, bytes).with_logs(logs)
                },
            ),
        );
    }
    kinds
}
