//! Small logs of every format, made by chance, against an oracle that knows the rules and none of the
//! program's readers: what a record means, and that no record is lost, joined or counted twice.

mod chance;
mod columns;
mod json;
mod rules;
mod spelled;
mod text;

use std::collections::BTreeMap;
use std::path::Path;

use self::chance::Chance;
use self::rules::{Known, Outcome, Record, Value, instant, is_known_time, outcome};
use super::made_files::text_kinds::{gzip, gzip_members, zstd, zstd_frames};
use crate::ingest::{Identifiers, LogReader, Lookups, Reason};
use crate::plan::Layout;
use crate::release_file::ReleaseFile;
use crate::release_file::keys::{Key, KeySource};
use crate::release_file::number::Grid;
use crate::{Kind, Result};

/// What the release file says of a log.
#[derive(Debug, Clone)]
struct Setup {
    is_opaque: bool,
    region: &'static str,
    unit: Option<&'static str>,
    zone: &'static str,
    filter: &'static str,
}

impl Setup {
    fn new(chance: &mut Chance) -> Self {
        Self {
            is_opaque: chance.once_in(2),
            region: chance.of(&["", "US"]),
            unit: chance.of(&[None, Some("s"), Some("ms"), Some("us"), Some("ns")]),
            zone: chance.of(&["UTC", "UTC", "Asia/Kolkata"]),
            filter: chance.of(&[
                "",
                "",
                "app <> 'calls'",
                "app IN ('12', 'messages')",
                "latency_ms > 20",
                "route IS NOT NULL",
            ]),
        }
    }

    /// The declared unit, in microseconds, as a fraction.
    fn scale(&self) -> Option<[i128; 2]> {
        Some(match self.unit? {
            "s" => [1_000_000, 1],
            "ms" => [1_000, 1],
            "us" => [1, 1],
            _ => [1, 1_000],
        })
    }

    /// How many microseconds before UTC the declared zone's day begins.
    fn behind(&self) -> i64 {
        if self.zone == "UTC" { 0 } else { (5 * 60 + 30) * 60_000_000 }
    }

    fn release(&self, folder: &Path) -> ReleaseFile {
        let identifier = if self.is_opaque { "opaque" } else { "e164" };
        let mut logs =
            format!("path = \"*\"\nidentifier = \"{identifier}\"\ntime_zone = \"{}\"\n", self.zone);
        let mut say = |field: &str, value: &str| logs.push_str(&format!("{field} = \"{value}\"\n"));
        if let Some(unit) = self.unit {
            say("time_unit", unit);
        }
        for (field, value) in [("default_region", self.region), ("where", self.filter)] {
            if !value.is_empty() {
                say(field, value);
            }
        }
        let text = format!(
            "name = \"oracle\"\n[logs]\n{logs}[keys]\napp = {:?}\n[ledger]\npath = \"l\"\nepsilon = 1.0\n\
             delta = 1e-6\n{QUESTIONS}",
            rules::APPS
        );
        ReleaseFile::parse(&text, "oracle.toml", folder).unwrap()
    }
}

const QUESTIONS: &str = "[[question]]\nname = \"v\"\ncount = \"lookups\"\nby = [\"app\", \"route\"]\n\
                         [[question]]\nname = \"l\"\nsum = \"latency_ms\"\nrange = [1, 1000]\n";

/// One file of a log.
#[derive(Debug)]
struct Written {
    name: String,
    /// As it would be without packing.
    plain: Vec<u8>,
    bytes: Vec<u8>,
    names: Vec<String>,
    records: Vec<Record>,
}

fn written(chance: &mut Chance, setup: &Setup, place: usize) -> Written {
    let formats = ["csv", "csv", "tsv", "zeek", "json", "json", "parquet", "arrow"];
    let format = chance.of(&formats);
    let mut names: Vec<String> = spelled::COLUMNS.map(str::to_owned).to_vec();
    // The columns that a lookup can do without may be missing from a file.
    names.retain(|name| spelled::COLUMNS[..3].contains(&name.as_str()) || !chance.once_in(9));
    names
        .extend(["note", "Requester"].map(str::to_owned).into_iter().filter(|_| chance.once_in(2)));
    chance.shuffle(&mut names);
    let is_columnar = matches!(format, "parquet" | "arrow");
    let (bytes, records) = if is_columnar {
        columns::file(chance, setup, format, &names)
    } else {
        text::file(chance, setup, format, &names)
    };
    let ending = match format {
        "zeek" => "log",
        "json" => chance.of(&["json", "ndjson", "jsonl"]),
        other => other,
    };
    let plain = bytes.clone();
    let (packed, bytes) = match chance.below(10) {
        0 if !is_columnar => (".gz", gzip(&bytes)),
        1 if !is_columnar => (".gz", gzip_members(&bytes)),
        2 if !is_columnar => (".zst", zstd(&bytes)),
        3 if !is_columnar => (".zst", zstd_frames(&bytes)),
        _ => ("", bytes),
    };
    Written { name: format!("{place}.{ending}{packed}"), plain, bytes, names, records }
}

/// What a log holds: its lookups, the records that `where` left out, and rejects by reason.
#[derive(Debug, Default, PartialEq)]
struct Content {
    /// Each with the place of its latency.
    lookups: Vec<Known<u16>>,
    left_out: u64,
    rejects: [u64; Reason::ALL.len()],
}

/// What the log holds by the rules; nothing if it is refused.
fn expected(setup: &Setup, files: &[Written], grid: &Grid) -> Option<Content> {
    let mut content = Content::default();
    for record in files.iter().flat_map(|file| &file.records) {
        match outcome(setup, record) {
            Outcome::Counts((requester, target, at, app, route, latency)) => {
                content.lookups.push((requester, target, at, app, route, grid.position(latency)));
            }
            Outcome::LeftOut => content.left_out += 1,
            Outcome::Rejected(reason) => content.rejects[reason as usize] += 1,
        }
    }
    content.lookups.sort();
    let is_refused = !names_what_is_needed(files) || are_unclear(setup, files);
    (!is_refused).then_some(content)
}

/// Whether times can mean several instants, as numbers without a unit do: some can, and none is a time.
fn are_unclear(setup: &Setup, files: &[Written]) -> bool {
    let records = files.iter().flat_map(|file| &file.records).flatten();
    let times: Vec<&Value> = records.filter_map(|record| record.get("requested_at")).collect();
    let is_unclear = |value: &&&Value| match value {
        Value::Text(text) => {
            let is_number = text.trim().parse::<f64>().is_ok_and(f64::is_finite);
            is_number && setup.unit.is_none() || text.starts_with("02.01.2026")
        }
        Value::Whole(_) => setup.unit.is_none(),
        _ => false,
    };
    times.iter().any(|value| is_unclear(&value))
        && !times.iter().any(|value| instant(setup, value).is_some())
}

/// Whether some file has each column; JSON, whose lines are its only header, may lack one that a lookup can
/// do without.
fn names_what_is_needed(files: &[Written]) -> bool {
    let is_json = |file: &&Written| file.name.contains("json");
    let json = files.iter().filter(is_json).flat_map(|file| &file.records);
    let json: Vec<&Record> = json.collect();
    if json.is_empty() && files.iter().all(|file| is_json(&file)) {
        return true;
    }
    spelled::COLUMNS.iter().enumerate().all(|(place, column)| {
        let mut others = files.iter().filter(|file| !is_json(file));
        let mut objects = json.iter().filter_map(|record| record.as_ref().ok());
        others.any(|file| file.names.iter().any(|name| name == column))
            || objects.any(|object| object.contains_key(*column))
            || place > 2 && files.iter().any(|file| is_json(&file))
    })
}

/// What the program reads.
fn read(release_file: &ReleaseFile) -> Result<Content> {
    let layout = Layout::new(&release_file.questions)?;
    let reader = LogReader::open(&release_file.logs, layout.keys(), None)?;
    let take = |known: &mut Vec<Known<u16>>, lookups: &Lookups| {
        known.extend(
            (0..lookups.readable.len())
                .filter(|row| lookups.readable[*row])
                .map(|row| lookup(&layout, lookups, row)),
        );
        Ok(())
    };
    let (states, counts) = reader.fold(Vec::new, take)?;
    let mut lookups: Vec<_> = states.into_iter().flatten().collect();
    lookups.sort();
    let rejects = Reason::ALL.map(|reason| counts.rejects.of(reason));
    assert_eq!(counts.rows, lookups.len() as u64 + counts.filtered + counts.rejects.all());
    Ok(Content { lookups, left_out: counts.filtered, rejects })
}

fn lookup(layout: &Layout, lookups: &Lookups, row: usize) -> Known<u16> {
    let person = |side: &Identifiers| match side {
        Identifiers::Numbers(numbers) => numbers[row].to_string(),
        Identifiers::Names(names) => names.value(row).to_owned(),
    };
    let (mut app, mut route, mut latency) = (String::new(), String::new(), 0);
    for (key, positions) in layout.keys().iter().zip(&lookups.keys) {
        let value = || key.values()[usize::from(positions[row])].clone();
        match key.source() {
            KeySource::App => app = value(),
            KeySource::Route => route = value(),
            KeySource::Number(_) => latency = positions[row],
            _ => {}
        }
    }
    (
        person(&lookups.requester),
        person(&lookups.target),
        lookups.requested_at[row],
        app,
        route,
        latency,
    )
}

/// How many logs are made: more where the variable says so.
fn logs() -> u64 {
    std::env::var("POINTILLIST_LOGS").ok().map_or(400, |logs| logs.parse().unwrap())
}

#[test]
fn logs_of_every_format_are_read_as_the_rules_say() {
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for seed in 0..logs() {
        let mut chance = Chance::new(seed);
        let setup = Setup::new(&mut chance);
        let places = 0..=chance.below(3);
        let files: Vec<Written> = places.map(|place| written(&mut chance, &setup, place)).collect();
        let records = files.iter().flat_map(|file| &file.records).flatten();
        let time = |record: &BTreeMap<String, Value>| record.get("requested_at").cloned();
        if !records.filter_map(time).all(|time| is_known_time(&setup, &time)) {
            continue;
        }
        compared += 1;
        let folder = tempfile::tempdir().unwrap();
        for file in &files {
            std::fs::write(folder.path().join(&file.name), &file.bytes).unwrap();
        }
        let release_file = setup.release(folder.path());
        let expected = expected(&setup, &files, &grid(&release_file));
        let read = read(&release_file).map_err(|error| {
            assert_eq!(error.kind(), Kind::Input, "{error}");
            error.to_string()
        });
        if read.as_ref().ok() != expected.as_ref() {
            let files = files.iter().map(|file| (&file.name, String::from_utf8_lossy(&file.plain)));
            let files: Vec<_> = files.collect();
            wrong.push(format!("log {seed}, {setup:?}, {files:?}: {read:?}\nand not {expected:?}"));
        }
    }
    assert!(compared > logs() / 2, "{compared} of {} logs", logs());
    assert!(wrong.is_empty(), "{} of {} logs: {wrong:#?}", wrong.len(), logs());
}

/// The places of latencies.
fn grid(release_file: &ReleaseFile) -> Grid {
    let layout = Layout::new(&release_file.questions).unwrap();
    let grid = |key: &Key| match key.source() {
        KeySource::Number(grid) => Some(grid.clone()),
        _ => None,
    };
    layout.keys().iter().find_map(grid).unwrap()
}

/// The lookups of a log, or the words of its refusal.
fn read_alone(
    setup: &Setup,
    name: &str,
    bytes: &[u8],
) -> std::result::Result<Vec<Known<u16>>, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    match read(&setup.release(folder.path())) {
        Ok(content) => Ok(content.lookups),
        Err(error) => {
            let words = format!("{:?} {error} {:?}", error.kind(), error.hint());
            Err(words.replace(&folder.path().display().to_string(), ""))
        }
    }
}

/// Whatever the rows of one person are, all rows of others count as they do without them, and a log is
/// refused with them where it is refused without. The logs have rows of others that can be read.
#[test]
fn rows_of_one_person_decide_nothing_about_others() {
    let mut compared = 0;
    for seed in 0..logs() {
        let mut chance = Chance::new(u64::MAX - seed);
        let setup = Setup::new(&mut chance);
        let format = chance.of(&["csv", "tsv", "zeek", "json", "array", "parquet", "arrow"]);
        let mut names = spelled::COLUMNS.map(str::to_owned).to_vec();
        chance.shuffle(&mut names);
        let [without, with] = match format {
            "parquet" | "arrow" => columns::neighbours(&mut chance, &setup, format, &names),
            _ => text::neighbours(&mut chance, &setup, format, &names),
        };
        let ending = match format {
            "zeek" => "log",
            "json" | "array" => chance.of(&["json", "log"]),
            other => other,
        };
        let [without, with] = [&without, &with]
            .map(|bytes| (read_alone(&setup, &format!("x.{ending}"), bytes), bytes));
        if !without.0.as_ref().is_ok_and(|lookups| !lookups.is_empty()) {
            continue;
        }
        compared += 1;
        let mut left = with.0.clone();
        let are_there = left.as_mut().is_ok_and(|left| {
            let mut others = without.0.iter().flatten();
            others.all(|other| {
                left.iter()
                    .position(|known| known == other)
                    .map(|place| left.swap_remove(place))
                    .is_some()
            })
        });
        let shown = [without.1, with.1].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        assert!(
            are_there,
            "log {seed}, {setup:?}, {shown:#?}: {:?} and not {:?}",
            with.0, without.0
        );
    }
    assert!(compared > logs() / 4, "{compared} logs of {}", logs());
}
