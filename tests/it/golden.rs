//! Ledgers that an older program made, with every kind of table and in every state: they open, say
//! what they said, and heal what they published. What they began is finished where its plan can be read.
//!
//! `tests/golden/README.md` says what is in them and how they were made.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::world::{Ran, World};

/// An instant at which every day of the golden ledgers is closed and none is past retention.
pub(crate) const AS_OF: &str = "2026-06-08T12:00:00Z";
/// The days that the release `daily` has answers of; those of the last wait for their publication.
const DAYS: [&str; 3] = ["2026-06-01", "2026-06-02", "2026-06-03"];

/// A copy of a golden ledger, unpacked, with the release files that it was made with.
pub(crate) struct Golden {
    pub(crate) world: World,
    source: PathBuf,
    pub(crate) ledger: &'static str,
}

impl Golden {
    fn requester_day() -> Self {
        Self::copy("requester-day", "daily.ledger")
    }

    fn person_day() -> Self {
        Self::copy("person-day", "persons.ledger")
    }

    pub(crate) fn copy(name: &str, ledger: &'static str) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
        let golden = Self { world: World::empty(), source, ledger };
        for path in files(&golden.source) {
            let bytes = std::fs::read(&path).unwrap();
            let name = path.strip_prefix(&golden.source).unwrap().to_str().unwrap();
            match name.strip_suffix(".gz") {
                None => golden.world.write(name, &bytes),
                Some(name) => {
                    let mut plain = Vec::new();
                    flate2::read::GzDecoder::new(&*bytes).read_to_end(&mut plain).unwrap();
                    golden.world.write(name, &plain);
                }
            }
        }
        golden
    }

    /// Runs the program, which must end with this code.
    pub(crate) fn run(&self, code: i32, arguments: &[&str]) -> Ran {
        let ran = self.world.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        ran
    }

    pub(crate) fn day(&self, release: &str, day: &str) -> Ran {
        self.run(0, &["run", release, "--day", day, "--as-of", AS_OF])
    }

    pub(crate) fn verify(&self) {
        let ran = self.run(0, &["ledger", "verify", "--ledger", self.ledger]);
        assert!(ran.stdout.contains("the ledger is whole"), "{}", ran.stdout);
    }

    /// What the ledger shows of itself now.
    pub(crate) fn shown(&self) -> Value {
        let ran = self.run(0, &["ledger", "show", "--ledger", self.ledger, "--json"]);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// What it showed when it was made.
    pub(crate) fn showed(&self) -> Value {
        let text = std::fs::read_to_string(self.source.join("show.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Checks that the published files are the ones whose digests were stored with the ledger.
    pub(crate) fn outputs_are_the_stored_ones(&self) {
        let listed = std::fs::read_to_string(self.source.join("published.sha256")).unwrap();
        let expected: BTreeMap<String, String> = listed
            .lines()
            .filter_map(|line| line.split_once("  "))
            .map(|(digest, path)| (path.to_owned(), digest.to_owned()))
            .collect();
        let root = self.world.path("");
        let published = files(&root).into_iter().filter_map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            let digest = hex(&Sha256::digest(std::fs::read(&path).unwrap()));
            let is_table = name.starts_with("published") && !name.ends_with(".pointillist-ledger");
            is_table.then_some((name, digest))
        });
        let mut published: BTreeMap<String, String> = published.collect();
        published.remove("published.sha256");
        assert!(expected.len() > 2);
        assert_eq!(published, expected);
    }
}

/// Every file below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What must never change of a block or an entry.
pub(crate) fn fixed(shown: &Value, list: &str, fields: &[&str]) -> Vec<Vec<Value>> {
    let rows = shown[list].as_array().unwrap().iter();
    rows.map(|row| fields.iter().map(|field| row[field].clone()).collect()).collect()
}

pub(crate) const OF_ENTRIES: [&str; 5] = ["entry", "release", "state", "charge_nano_rho", "blocks"];
pub(crate) const OF_BLOCKS: [&str; 6] = [
    "block",
    "budget_nano_rho",
    "spent_nano_rho",
    "left_nano_rho",
    "key_delta_spent_atto",
    "key_delta_left_atto",
];

#[test]
fn they_are_whole_and_show_what_they_showed() {
    for golden in [Golden::requester_day(), Golden::person_day()] {
        golden.verify();
        let (shown, showed) = (golden.shown(), golden.showed());
        assert_eq!(shown["unit"], showed["unit"]);
        for (list, fields) in [("entries", &OF_ENTRIES[..]), ("blocks", &OF_BLOCKS[..])] {
            assert_eq!(fixed(&shown, list, fields), fixed(&showed, list, fields));
        }
        let ran = golden.run(0, &["ledger", "export", "--ledger", golden.ledger]);
        let exported: Value = serde_json::from_str(&ran.stdout).unwrap();
        for entry in exported["entries"].as_array().unwrap() {
            assert!(!entry["mechanisms"].as_array().unwrap().is_empty(), "{entry}");
        }
    }
    let states = fixed(&Golden::requester_day().showed(), "entries", &["state"]).concat();
    let every = ["published", "published", "published", "committed", "void", "drawn", "reserved"];
    assert_eq!(states, every);
}

#[test]
fn released_days_heal_byte_for_byte_without_their_logs() {
    let golden = Golden::requester_day();
    std::fs::remove_dir_all(golden.world.path("logs")).unwrap();
    std::fs::create_dir(golden.world.path("logs")).unwrap();
    for day in DAYS {
        golden.day("daily.toml", day);
    }
    golden.day("loose.toml", DAYS[0]);
    golden.outputs_are_the_stored_ones();
    let states = fixed(&golden.shown(), "entries", &["state"]).concat();
    assert_eq!(states[3], "published");
    golden.verify();

    let lost = golden.world.path("published/hot_targets/day=2026-06-02/part-0.parquet");
    std::fs::remove_file(&lost).unwrap();
    golden.world.write("published/volume/day=2026-06-01/part-0.parquet", b"damaged");
    for day in DAYS {
        golden.day("daily.toml", day);
    }
    golden.outputs_are_the_stored_ones();
    let again = golden.day("daily.toml", DAYS[0]);
    assert!(again.stdout.contains("already done"), "{}", again.stdout);
}

#[test]
fn so_do_released_days_of_persons() {
    let golden = Golden::person_day();
    std::fs::create_dir(golden.world.path("logs")).unwrap();
    for (release, day) in
        [("persons.toml", DAYS[0]), ("persons.toml", DAYS[1]), ("busy.toml", DAYS[0])]
    {
        golden.day(release, day);
    }
    golden.outputs_are_the_stored_ones();
    golden.verify();
}

#[test]
fn every_published_file_says_what_it_promises() {
    for (golden, releases, promise) in [
        (Golden::requester_day(), ["daily.toml", "loose.toml"], "requester"),
        (
            Golden::person_day(),
            ["persons.toml", "busy.toml"],
            "by that person or about that person",
        ),
    ] {
        for release in releases {
            golden.day(release, DAYS[0]);
        }
        for path in files(&golden.world.path("")) {
            if path.extension().is_some_and(|ending| ending == "parquet")
                && !path.components().any(|part| part.as_os_str() == "rolled")
            {
                let ran = golden.run(0, &["inspect", path.to_str().unwrap()]);
                assert!(ran.stdout.replace('\n', " ").contains(promise), "{}", ran.stdout);
            }
        }
    }
}

/// A plan that another version froze cannot be drawn by this one: its tables are others.
#[test]
fn what_another_version_planned_is_refused_and_a_reservation_can_be_given_up() {
    let golden = Golden::requester_day();
    let run = |day| ["run", "daily.toml", "--day", day, "--as-of", AS_OF];
    let drawn = golden.run(1, &run("2026-06-05"));
    assert!(drawn.stderr.contains("entry 6 was planned by another version"), "{}", drawn.stderr);
    assert!(drawn.stderr.contains("its charge stays spent"), "{}", drawn.stderr);
    assert!(!drawn.stderr.contains("void"), "{}", drawn.stderr);
    golden.run(1, &["ledger", "void", "6", "daily.toml"]);

    let reserved = golden.run(1, &run("2026-06-06"));
    assert!(reserved.stderr.contains("entry 7 was planned by another"), "{}", reserved.stderr);
    assert!(reserved.stderr.contains("pointillist ledger void"), "{}", reserved.stderr);
    let (shown, showed) = (golden.shown(), golden.showed());
    assert_eq!(fixed(&shown, "blocks", &OF_BLOCKS), fixed(&showed, "blocks", &OF_BLOCKS));
    golden.run(0, &["ledger", "void", "7", "daily.toml"]);
    let shown = golden.shown();
    let block = shown["blocks"].as_array().unwrap().last().unwrap();
    assert_eq!((&block["block"], &block["spent_nano_rho"]), (&"2026-06-06".into(), &0.into()));
    golden.verify();
}

/// Release files of before are read, so that what they released is healed, and release nothing new.
#[test]
fn what_a_release_file_may_no_longer_say_is_refused_by_name_before_anything_is_charged() {
    let gone = "is gone";
    let of_persons = "not available with unit = \"person-day\"";
    for (golden, release, day, question, words) in [
        (Golden::requester_day(), "daily.toml", "2026-06-07", "volume", format!("`clip` {gone}")),
        (Golden::requester_day(), "loose.toml", "2026-06-06", "hours", format!("`loose` {gone}")),
        (Golden::person_day(), "persons.toml", "2026-06-03", "total", format!("`clip` {gone}")),
        (Golden::person_day(), "busy.toml", "2026-06-03", "busy", of_persons.to_owned()),
    ] {
        golden.world.write("logs/keep", b"");
        let before = golden.shown();
        let run = ["run", release, "--day", day, "--as-of", AS_OF];
        for arguments in [&run[..], &["plan", release]] {
            let ran = golden.run(2, arguments);
            let named = format!("question `{question}`: ");
            assert!(ran.stderr.contains(&named) && ran.stderr.contains(&words), "{}", ran.stderr);
            assert!(ran.stderr.contains("hint:"), "{}", ran.stderr);
        }
        assert_eq!(golden.shown(), before, "nothing is charged");
        golden.verify();
    }
    // Each field by itself, and a histogram.
    for (from, to, words) in [
        ("clip = 40\ntarget_clip = 20", "target_clip = 20", "question `total`: `target_clip` is"),
        (
            "sum = \"latency_ms\"\nrange = [1, 60000]",
            "histogram = \"lookups per requester\"",
            "question `latency_sum`: `having` and histograms are not available",
        ),
    ] {
        let golden = Golden::person_day();
        let text = std::fs::read_to_string(golden.world.path("persons.toml")).unwrap();
        assert!(text.contains(from));
        let mut text = text.replacen(from, to, 1);
        if words.contains("histograms") {
            text = text.replace("clip = 40\ntarget_clip = 20", "").replace("target_clip = 10", "");
        }
        golden.world.write("persons.toml", text.as_bytes());
        let ran = golden.run(2, &["plan", "persons.toml"]);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}

#[test]
fn days_add_up_as_they_did() {
    let golden = Golden::requester_day();
    for day in DAYS {
        golden.day("daily.toml", day);
    }
    let rolled = golden.world.path("rolled");
    std::fs::remove_dir_all(&rolled).unwrap();
    let week = ["rollup", "daily.toml", "--to", "week", "--question", "volume"];
    golden.run(0, &[&week[..], &["--out", "rolled"]].concat());
    let file = "volume_by_week/week=2026-W23/part-0.parquet";
    let before = numbers(&golden.source.join("rolled").join(file));
    let now = numbers(&rolled.join(file));
    for column in ["value", "noise_sd"] {
        assert_eq!(now[column].len(), 24 * 3);
        for (now, before) in now[column].iter().zip(&before[column]) {
            assert!((now - before).abs() <= 1e-9 * before.abs(), "{column}: {now}, was {before}");
        }
    }
}

/// The columns of numbers of a Parquet file.
pub(crate) fn numbers(path: &Path) -> BTreeMap<String, Vec<f64>> {
    let file = std::fs::File::open(path).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let batch = builder.build().unwrap().next().unwrap().unwrap();
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).filter_map(|(field, column)| {
        let numbers = arrow_cast::cast(column, &arrow_schema::DataType::Float64).ok()?;
        let numbers = numbers.as_primitive::<Float64Type>();
        (numbers.null_count() == 0).then(|| (field.name().clone(), numbers.values().to_vec()))
    });
    columns.collect()
}

#[test]
fn what_was_held_is_handed_over_to_its_custodian() {
    let golden = Golden::requester_day();
    let open = ["hold", "open", "daily.toml", "--order", "24-117", "--identity", "custodian.key"];
    // On 3 July, while the hold is in force.
    let opening = golden.world.command(&[&open[..], &["--out", "package"]].concat());
    let ran = Ran::of(&crate::clock::at(opening, 1_783_036_800_000_000).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let rows = std::fs::read_to_string(golden.world.path("package/rows.csv")).unwrap();
    // The order is about this number, in either column of three rows.
    assert_eq!(rows.lines().skip(1).filter(|row| row.contains("+14155550123")).count(), 3);
    assert_eq!(rows.lines().count(), 4);
    golden.verify();
}

#[test]
fn a_ledger_of_windows_is_refused_by_the_name_of_its_unit() {
    let golden = Golden::copy("requester-window", "windows.ledger");
    let of_file = golden.run(2, &["run", "windows.toml", "--day", DAYS[1], "--as-of", AS_OF]);
    assert!(of_file.stderr.contains("requester-window"), "{}", of_file.stderr);
    let of_ledger = golden.run(1, &["ledger", "show", "--ledger", golden.ledger]);
    assert!(of_ledger.stderr.contains("requester-window"), "{}", of_ledger.stderr);
    // Nor does a release of another unit get any further with it.
    let release = std::fs::read_to_string(golden.world.path("windows.toml")).unwrap();
    let release = release.replace("unit = \"requester-window\"\nwhole_days = 16\n", "");
    golden.world.write("days.toml", release.as_bytes());
    let of_days = golden.run(1, &["run", "days.toml", "--day", DAYS[1], "--as-of", AS_OF]);
    assert!(of_days.stderr.contains("requester-window"), "{}", of_days.stderr);
}
