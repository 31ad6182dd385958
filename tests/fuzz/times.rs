//! Times in text, with and without formats that the release file names.

use std::path::Path;

use pointillist::release_file::ReleaseFile;

use crate::chance::Chance;
use crate::damage::damage;
use crate::logs::{QUESTIONS, read};
use crate::program::{check, folder};
use crate::watched::Target;
use pointillist::Kind;

/// What a format is made of.
const PARTS: [&str; 28] = [
    "%Y", "%m", "%d", "%H", "%M", "%S", "%y", "%b", "%I", "%p", "%.f", "%z", "%s", "%%", "%Q", "%",
    " ", "-", "/", ":", "T", "Z", ".", ",", "[", "]", "\u{e4}", "%-d",
];
const FORMATS: [&str; 7] = [
    "%Y-%m-%d %H:%M:%S",
    "%d/%b/%Y:%H:%M:%S %z",
    "%m/%d/%y %I:%M %p",
    "%b %d %H:%M:%S",
    "%s%.f",
    "%Y%m%d%H%M%S%.f",
    "%d.%m.%Y %H Uhr",
];
const TIMES: [&str; 18] = [
    "2026-01-02T10:05:03Z",
    "2026-01-02 10:05:03.123456789 +0530",
    "02/Jan/2026:10:05:03 +0000",
    "Fri, 02 Jan 2026 10:05:03 GMT",
    "1767348303",
    "1767348303.123456",
    "1.767348303e9",
    "2026/01/02 10:05",
    "01/02/26 10:05 PM",
    "Jan  2 10:05:03",
    "20260102100503",
    "2026-03-29T02:30:00",
    "2026-12-31T23:59:60Z",
    "9999-12-31T23:59:59Z",
    "-0001-01-01T00:00:00Z",
    "1969-12-31T23:59:59.999999Z",
    "2026-01-02T10:05:03+24:00",
    "[02/Jan/2026:10:05:03 -0000]",
];
const ZONES: [&str; 5] =
    ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Antarctica/Troll"];

pub(crate) fn target() -> Target {
    let folder = folder();
    Box::new(move |chance| one(chance, folder.path()))
}

fn format(chance: &mut Chance) -> String {
    let mut format = chance.of(&FORMATS).as_bytes().to_vec();
    if chance.once_in(2) {
        let other = chance.of(&FORMATS);
        damage(chance, &mut format, &PARTS, other.as_bytes());
    }
    String::from_utf8_lossy(&format).chars().take(300).collect()
}

fn one(chance: &mut Chance, folder: &Path) {
    let mut text = b"requester,target,requested_at,latency_ms\n".to_vec();
    for _ in 0..30 {
        let mut time = chance.of(&TIMES).as_bytes().to_vec();
        if !chance.once_in(5) {
            let other = chance.of(&TIMES);
            damage(chance, &mut time, &PARTS, other.as_bytes());
        }
        // What stands in quotes is one value.
        let time: Vec<u8> = time.into_iter().take(400).filter(|byte| *byte != b'"').collect();
        text.extend_from_slice(
            &[b"+14155550123,+12125550123,\"", time.as_slice(), b"\",1\n"].concat(),
        );
    }
    std::fs::write(folder.join("x.csv"), text).unwrap();
    let how = match chance.below(4) {
        0 => String::new(),
        1 => format!("time_unit = \"{}\"", chance.of(&["s", "ms", "us", "ns"])),
        2 => format!("time_format = {}", toml::Value::from(format(chance))),
        _ => format!(
            "time_format = {}\ndefault_year = {}",
            toml::Value::from(vec![format(chance), format(chance)]),
            chance.of(&[1, 1970, 2026, 2028, 9999])
        ),
    };
    let zone = chance.of(&ZONES);
    let text = format!(
        "name = \"fuzz\"\n[logs]\npath = \"x.csv\"\ntime_zone = \"{zone}\"\n{how}\n{QUESTIONS}"
    );
    match ReleaseFile::parse(&text, "fuzz.toml", folder) {
        Ok(release_file) => read(&release_file),
        Err(error) => check(&error, &[Kind::Usage]),
    }
}
