//! Log files of every format, read as a run, `check` and `init` read them.

use std::path::Path;

use pointillist::ingest::{LogReader, RowCounts};
use pointillist::plan::Layout;
use pointillist::release_file::ReleaseFile;
use pointillist::release_file::day::{Clock, Day, DayBounds};
use pointillist::release_file::place::Place;
use pointillist::retain::closed_days;
use pointillist::survey::{Survey, findings, keys_of};
use pointillist::{Kind, init};

use crate::chance::Chance;
use crate::damage::{Seed, damage, seeds};
use crate::program::{check, folder, run};
use crate::watched::Target;

/// Which files are damaged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Columns,
}

/// What stands in text.
const WORDS: [&str; 40] = [
    "requester",
    "target",
    "requested_at",
    "app",
    "route",
    "latency_ms",
    ",",
    "\t",
    "\n",
    "\r\n",
    "\"",
    "\"\"",
    "'",
    "\\\"",
    "\\u0000",
    "\\ud83d",
    "{",
    "}",
    "[",
    "]",
    ":",
    "null",
    "true",
    "#fields\t",
    "#separator \\x09\n",
    "#Fields: date time",
    "\u{feff}",
    "\0",
    "+14155550123",
    "2026-01-02T10:00:00Z",
    "0000-00-00 00:00:00",
    "9999-12-31T23:59:59.999999999+14:00",
    "1e308",
    "-",
    "(empty)",
    "{\"requester\":{\"a\":[",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    ";",
    "|",
    "  ",
];

/// Lines of `[logs]`; not every set of them is a release file.
const LINES: [&str; 22] = [
    "identifier = \"opaque\"",
    "default_region = \"US\"",
    "time_unit = \"s\"",
    "time_unit = \"ns\"",
    "time_zone = \"America/New_York\"",
    "where = \"app <> 'calls'\"",
    "where = \"latency_ms BETWEEN 2 AND 30 OR route IS NULL\"",
    "where = \"app LIKE '%a_%'\"",
    "columns = { app = \"deep.a.b\", latency_ms = \"note\" }",
    "columns = { requester = 1, target = 2, requested_at = 3 }\nheader = false",
    "columns = { requested_at = [\"requested_at\", \"route\"] }",
    "columns = { route = { from = \"app\", calls = \"sms\" } }",
    "delimiter = \";\"",
    "delimiter = \"blanks\"",
    "quote = \"'\"",
    "quote = \"\"",
    "comment = \"#\"",
    "header = \"#fields\"",
    "header = [\"requester\", \"target\", \"requested_at\", \"app\", \"route\", \"latency_ms\"]",
    "pattern = '(?<requester>[^,]+),(?<target>[^,]*),(?<requested_at>[^,]+),?(?<app>.*)'",
    "skip = '^#'",
    "time_format = [\"%Y-%m-%dT%H:%M:%S%.fZ\", \"%d/%b/%Y:%H:%M:%S %z\"]",
];

pub(crate) const QUESTIONS: &str = "[keys]\napp = [\"messages\", \"calls, video\"]\n[ledger]\npath = \"x.ledger\"\nepsilon = 1.0\n\
     delta = 1e-6\n[[question]]\nname = \"v\"\ncount = \"lookups\"\nby = [\"hour\", \"app\", \"route\", \"target_country\"]\n\
     [[question]]\nname = \"l\"\nquantiles = [0.5]\nof = \"latency_ms\"\nrange = [1, 1000]\n\
     [[question]]\nname = \"d\"\ndistinct = \"requester\"\nhaving = \"targets >= 2\"\n";

pub(crate) fn target(form: Form) -> Target {
    let is_of_columns =
        |seed: &Seed| seed.name.ends_with("parquet") || seed.name.ends_with("arrow");
    let mut seeds = seeds("tests/fuzz/seeds");
    seeds.retain(|seed| is_of_columns(seed) == (form == Form::Columns));
    let folder = folder();
    std::fs::create_dir(folder.path().join("logs")).unwrap();
    Box::new(move |chance| one(chance, form, &seeds, folder.path()))
}

fn one(chance: &mut Chance, form: Form, seeds: &[Seed], folder: &Path) {
    let logs = folder.join("logs");
    std::fs::remove_dir_all(&logs).unwrap();
    std::fs::create_dir(&logs).unwrap();
    let files = if chance.once_in(5) { 2 } else { 1 };
    for place in 0..files {
        let seed = &seeds[chance.below(seeds.len())];
        let other = &seeds[chance.below(seeds.len())].bytes;
        let mut bytes = seed.bytes.clone();
        if seed.name.ends_with("csv") && chance.once_in(3) {
            rename(chance, &mut bytes);
        }
        damage(chance, &mut bytes, if form == Form::Text { &WORDS } else { &[] }, other);
        let (packed, bytes) =
            if form == Form::Text { pack(chance, bytes, other) } else { ("", bytes) };
        std::fs::write(logs.join(format!("{place}-{}{packed}", seed.name)), bytes).unwrap();
    }
    let mut lines = LINES.to_vec();
    chance.shuffle(&mut lines);
    lines.truncate(chance.below(4));
    let text =
        format!("name = \"fuzz\"\n[logs]\npath = \"logs/*\"\n{}\n{QUESTIONS}", lines.join("\n"));
    let Ok(release_file) = ReleaseFile::parse(&text, "fuzz.toml", folder) else { return };
    read(&release_file);
    let place = Place { folder: folder.to_path_buf(), glob: "logs/*".to_owned() };
    if let Err(error) = init::draft("fuzz", "fuzz.toml", &place) {
        // It is for the eyes of the owner, and may name columns of any name.
        assert!([Kind::Input, Kind::Io, Kind::Refused].contains(&error.kind()), "{error:?}");
    }
    if chance.once_in(100) {
        std::fs::write(folder.join("fuzz.toml"), text).unwrap();
        run(folder, &["check", "fuzz.toml"]);
        run(folder, &["run", "fuzz.toml", "--day", "2026-01-02", "--as-of", "2026-01-20"]);
        run(folder, &["retain", "fuzz.toml", "--as-of", "2026-02-02T03:00:00Z"]);
        for file in [
            "x.ledger",
            "x.ledger.key",
            "logs/.pointillist-ledger",
            "published/.pointillist-ledger",
        ] {
            // Each log has a ledger of its own.
            let _none = std::fs::remove_file(folder.join(file));
        }
    }
}

/// Calls the columns something else.
fn rename(chance: &mut Chance, bytes: &mut Vec<u8>) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    let names: Vec<&str> = (0..6).map(|_| chance.of(&NAMES)).collect();
    drop(bytes.splice(..end, names.join(",").bytes()));
}

/// Names that mean something to `init` or to a release file.
const NAMES: [&str; 36] = [
    "app",
    "application",
    "App Name",
    "app.name",
    "route",
    "registered",
    "latency_ms",
    "latency",
    "duration",
    "requester",
    "target",
    "client_ip",
    "remote ip",
    "requested_at",
    "time",
    "ts",
    "date",
    "day",
    "week",
    "hour",
    "value",
    "target_country",
    "requester_prefix",
    "kind",
    "type",
    "status",
    "noise_sd",
    "src",
    "dst",
    "from",
    "to",
    "id",
    "",
    "\u{e4}",
    "\"a\nb\"",
    "x'y",
];

/// Packs text now and then, and seldom damages what is packed.
fn pack(chance: &mut Chance, bytes: Vec<u8>, other: &[u8]) -> (&'static str, Vec<u8>) {
    let (ending, mut packed) = match chance.below(8) {
        0 => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut encoder, &bytes).unwrap();
            (".gz", encoder.finish().unwrap())
        }
        1 => (".zst", zstd::encode_all(bytes.as_slice(), 1).unwrap()),
        _ => return ("", bytes),
    };
    if chance.once_in(2) {
        damage(chance, &mut packed, &[], other);
    }
    (ending, packed)
}

/// Reads logs as a run does, and as `check` does: both see the same rows.
pub(crate) fn read(release_file: &ReleaseFile) {
    const KINDS: [Kind; 1] = [Kind::Input];
    let keys = keys_of(&Layout::new(&release_file.questions).unwrap());
    let reader = match LogReader::open(&release_file.logs, &keys, None) {
        Ok(reader) => reader.with_forms(),
        Err(error) => return check(&error, &KINDS),
    };
    let lookups = reader.fold(|| (), |(), _| Ok(()));
    let survey = Survey::take(release_file, &keys, &reader);
    match (lookups, survey) {
        (Ok((_, counts)), Ok(survey)) => {
            let of = |counts: &RowCounts| (counts.rows, counts.filtered, counts.rejects.all());
            assert_eq!(of(&counts), of(&survey.rows));
            let now = Clock::System.now();
            let closed = closed_days(release_file, now).unwrap_or_default();
            let closed: Vec<Day> = closed.iter().map(DayBounds::day).collect();
            drop(findings(&survey, &reader, release_file, now, &closed, None));
        }
        (Err(one), Err(other)) => {
            check(&one, &KINDS);
            check(&other, &KINDS);
        }
        (one, other) => panic!("once {:?}, and then {:?}", one.err(), other.err()),
    }
    if let Err(error) = reader.with_wrong_statistics() {
        check(&error, &KINDS);
    }
}
