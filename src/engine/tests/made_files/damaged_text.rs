//! Text that is cut short, altered or not what its name says, plain and packed.

use super::Made;
use super::damaged::{cut, flipped, swapped};
use super::rows::Row;
use super::text_kinds::{csv, gzip, json, tsv, zeek, zstd};

pub(super) fn all(rows: &[Row]) -> Vec<Made> {
    [of_packing(rows), of_delimited(rows), of_json(rows)].into_iter().flatten().collect()
}

fn of_packing(rows: &[Row]) -> Vec<Made> {
    let (gz, zst) = (gzip(&csv(rows)), zstd(&csv(rows)));
    vec![
        Made::new("gzip without a byte", "x.csv.gz", Vec::new()),
        Made::new("gzip that is plain", "x.csv.gz", csv(rows)),
        Made::new("gzip cut in the middle", "x.csv.gz", cut(&gz, 1, 2)),
        Made::new("gzip without its checksum", "x.csv.gz", gz[..gz.len() - 8].to_vec()),
        Made::new("gzip with a wrong checksum", "x.csv.gz", flipped(&gz, -8)),
        Made::new("gzip with a wrong length", "x.csv.gz", flipped(&gz, -1)),
        Made::new("gzip with a changed body", "x.csv.gz", flipped(&gz, gz.len() as isize / 2)),
        Made::new(
            "gzip with other bytes behind it",
            "x.csv.gz",
            [&gz, b"more".as_slice()].concat(),
        ),
        Made::new("gzip with zeros behind it", "x.csv.gz", [&gz, [0; 512].as_slice()].concat()),
        Made::new("zstd without a byte", "x.csv.zst", Vec::new()),
        Made::new("zstd that is plain", "x.csv.zst", csv(rows)),
        Made::new("zstd cut in the middle", "x.csv.zst", cut(&zst, 1, 2)),
        Made::new("zstd with a wrong checksum", "x.csv.zst", flipped(&zst, -1)),
        Made::new("zstd with a changed body", "x.csv.zst", flipped(&zst, zst.len() as isize / 2)),
        Made::new(
            "zstd with other bytes behind it",
            "x.csv.zst",
            [&zst, b"more".as_slice()].concat(),
        ),
    ]
}

fn utf16(text: &[u8], of: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(of).collect()
}

fn of_delimited(rows: &[Row]) -> Vec<Made> {
    let plain = csv(rows);
    let line = |bytes: &[u8], number: usize, change: &dyn Fn(&mut Vec<u8>)| -> Vec<u8> {
        let mut lines: Vec<Vec<u8>> =
            bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        change(&mut lines[number]);
        lines.concat()
    };
    let short = |line: &mut Vec<u8>| *line = b"2026-01-02T10:00:00Z,+14155550123\n".to_vec();
    let short_tabs = |line: &mut Vec<u8>| *line = b"2026-01-02T10:00:00Z\t+14155550123\n".to_vec();
    let long = |line: &mut Vec<u8>| {
        line.pop();
        line.extend_from_slice(b",more,fields\n");
    };
    let open = |line: &mut Vec<u8>| line.insert(0, b'"');
    let within = |line: &mut Vec<u8>| line.insert(5, b'"');
    let latin = |line: &mut Vec<u8>| line.insert(30, 0xe9);
    let zero = |line: &mut Vec<u8>| line.insert(30, 0);
    let make = |what: &str, bytes: Vec<u8>| Made::new(what, "x.csv", bytes);
    let seconds = "time_unit = \"s\"";
    vec![
        make("csv without a byte", Vec::new()),
        make("csv of a byte order mark alone", b"\xef\xbb\xbf".to_vec()),
        make("csv of blank lines alone", b"\n\r\n\n".to_vec()),
        make(
            "csv of a header alone",
            plain.split_inclusive(|byte| *byte == b'\n').next().unwrap().to_vec(),
        ),
        make(
            "csv without a header",
            plain.splitn(2, |byte| *byte == b'\n').nth(1).unwrap().to_vec(),
        ),
        make("csv cut within a record", plain[..plain.len() - 20].to_vec()),
        make("csv with a short record", line(&plain, 400, &short)),
        make("csv with a long record", line(&plain, 400, &long)),
        make("csv with a quote that is never closed", line(&plain, 400, &open)),
        make("csv with a quote within a value", line(&plain, 400, &within)),
        make("csv with a letter of Latin-1", line(&plain, 400, &latin)),
        make("csv with a byte of zero in a value", line(&plain, 400, &zero)),
        make("csv with a byte of zero in its header", line(&plain, 0, &zero)),
        make("csv with a column twice", swapped(&plain, b"latency_ms", b"requester")),
        make("csv in UTF-16, little end first", utf16(&plain, u16::to_le_bytes)),
        make("csv in UTF-16, big end first", utf16(&plain, u16::to_be_bytes)),
        make("csv that is tab-separated", tsv(rows, "\n")),
        make(
            "csv with absurd times",
            String::from_utf8(plain.clone())
                .unwrap()
                .replace("2026-01-02T", "9999-99-99T")
                .into_bytes(),
        ),
        Made::new("tsv with a short record", "x.tsv", line(&tsv(rows, "\n"), 400, &short_tabs)),
        Made::new("tsv with a letter of Latin-1", "x.tsv", line(&tsv(rows, "\n"), 400, &latin)),
        Made::new("zeek without a unit", "x.log", zeek(rows)),
        Made::new("zeek without names", "x.log", swapped(&zeek(rows), b"#fields", b"#others"))
            .with_logs(seconds),
        Made::new("zeek with a short record", "x.log", line(&zeek(rows), 400, &short_tabs))
            .with_logs(seconds),
        Made::new("zeek without its end", "x.log", cut(&zeek(rows), 9, 10)).with_logs(seconds),
        Made::new("a log of no known format", "x.log", plain),
    ]
}

fn of_json(rows: &[Row]) -> Vec<Made> {
    let plain = json(rows);
    let more = |line: &[u8]| [&plain, line, b"\n"].concat();
    let times = "\"requested_at\":\"2026-01-02T10:00:00Z\"";
    let with = |members: &str| more(format!("{{{members},{times}}}").as_bytes());
    let array = [b"[", plain[..plain.len() - 1].to_vec().as_slice(), b"]"].concat();
    let array = String::from_utf8(array).unwrap().replace('\n', ",\n").into_bytes();
    let deep = format!("{{\"deep\":{}{},{times}}}", "[".repeat(10_000), "]".repeat(10_000));
    let make = |what: &str, bytes: Vec<u8>| Made::new(what, "x.ndjson", bytes);
    vec![
        make("json without a byte", Vec::new()),
        make("json of blanks alone", b" \n\t\r\n".to_vec()),
        make("json as one array", array),
        make("json cut within an object", plain[..plain.len() - 20].to_vec()),
        make("json with two objects in a line", more(b"{}{}")),
        make("json with an array among the lines", more(b"[1]")),
        make("json with a number among the lines", more(b"1")),
        make("json with words behind an object", more(b"{} words")),
        make("json with a string that is never closed", more(b"{\"app\":\"calls}")),
        make("json with a letter of Latin-1", more(b"{\"app\":\"gr\xfc\"}")),
        make(
            "json with half of a surrogate pair",
            with("\"requester\":\"\\ud83d\",\"target\":\"+12125550123\""),
        ),
        make("json with a control character", more(b"{\"app\":\"\x01\"}")),
        make("json with a comma at the end", more(b"{\"app\":\"calls\",}")),
        make("json with a number that begins with zero", more(b"{\"latency_ms\":01}")),
        make(
            "json with a huge number",
            with("\"requester\":\"+14155550123\",\"target\":\"+12125550123\",\"latency_ms\":1e999"),
        ),
        make(
            "json with a number as requester",
            with("\"requester\":14155550123,\"target\":\"+12125550123\""),
        ),
        make(
            "json with an object as requester",
            with("\"requester\":{\"a\":\"+14155550123\"},\"target\":\"+12125550123\""),
        ),
        make(
            "json with a name twice",
            with("\"requester\":\"+14155550123\",\"requester\":\"12\",\"target\":\"+12125550123\""),
        ),
        make("json that is nested deeply", more(deep.as_bytes())),
        make("json without names that are needed", b"{\"app\":\"calls\"}\n".to_vec()),
    ]
}
