//! What `retain` refuses, keeps and reports, and who can read what it leaves.

use std::os::unix::fs::PermissionsExt;

use arrow_array::types::Int32Type;
use arrow_array::{Int64Array, ListArray, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnPath;

use crate::archive_world::{ArchiveWorld, HOUR, Row, START, crowd, instant, number};

const DAY: i64 = 24 * HOUR;

fn two_days() -> Vec<Row> {
    (0..48).map(|hour| (START + hour * HOUR, number(hour as usize), number(60))).collect()
}

/// Every file of the logs with its bytes.
fn snapshot(world: &ArchiveWorld) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let files = world.files("logs").into_iter();
    files
        .filter(|path| !path.ends_with(".pointillist-ledger"))
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect()
}

#[test]
fn what_cannot_be_trusted_deletes_nothing_at_all() {
    type Spoil = fn(&ArchiveWorld);
    let rows: [(&str, &str, Spoil); 11] = [
        ("a row without a time", "whose time cannot be read", |world| {
            let path = world.path("logs/bad.csv");
            std::fs::write(path, "requester,target,requested_at\n+1,+2,yesterday\n").unwrap();
        }),
        ("a quote that is never closed", "whose time cannot be read", |world| {
            let row = format!("{},{},{}\n", number(1), number(2), instant(START));
            let text = format!("requester,target,requested_at\n{row}+1,\"+2,{row}{row}");
            std::fs::write(world.path("logs/bad.csv"), text).unwrap();
        }),
        ("a line with a field too many", "whose time cannot be read", |world| {
            let row = format!("{}\t{}\t{}", number(1), number(2), instant(START));
            let text = format!("requester\ttarget\trequested_at\n{row}\tx\n{row}\n");
            std::fs::write(world.path("logs/bad.tsv"), text).unwrap();
        }),
        ("a line that is cut", "whose time cannot be read", |world| {
            let row = format!(
                "{{\"requester\":\"{}\",\"target\":\"{}\",\"requested_at\":\"{}\"}}",
                number(1),
                number(2),
                instant(START)
            );
            let text = format!("{row}\n{}", &row[..row.len() - 1]);
            std::fs::write(world.path("logs/bad.ndjson"), text).unwrap();
        }),
        ("a unit declared wrong", "ten years past retention", |world| {
            let path = world.path("logs/bad.csv");
            std::fs::write(path, "requester,target,requested_at\n+1,+2,1970-01-18T00:00:00Z\n")
                .unwrap();
        }),
        ("a row from the future", "day after now", |world| {
            let path = world.path("logs/bad.csv");
            std::fs::write(path, "requester,target,requested_at\n+1,+2,2999-01-18T00:00:00Z\n")
                .unwrap();
        }),
        ("a damaged file", "cannot be decoded", |world| {
            std::fs::write(world.path("logs/bad.parquet"), b"PAR1 and no more").unwrap();
        }),
        ("a cut file", "damaged or cut short", |world| {
            world.write_log("bad.csv.gz", &two_days());
            let path = world.path("logs/bad.csv.gz");
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("an unknown format", "no known format", |world| {
            std::fs::write(world.path("logs/notes.doc"), b"hello").unwrap();
        }),
        ("a link", "is a link", |world| {
            std::fs::write(world.path("elsewhere.csv"), b"requester,target,requested_at\n")
                .unwrap();
            std::os::unix::fs::symlink(world.path("elsewhere.csv"), world.path("logs/bad.csv"))
                .unwrap();
        }),
        ("a lost key", "key of the ledger", |world| {
            std::fs::remove_file(world.path("daily.ledger.key")).unwrap();
        }),
    ];
    for (what, words, spoil) in rows {
        let world = ArchiveWorld::new();
        world.write_log("x.parquet", &two_days());
        world.begin();
        spoil(&world);
        let before = snapshot(&world);
        let ran = world.retain(START + 31 * DAY);
        assert_eq!(ran.code, if what == "a lost key" { 74 } else { 65 }, "{what}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{what}: {}", ran.stderr);
        assert_eq!(snapshot(&world), before, "{what}");
    }
}

#[test]
fn a_clock_that_jumped_deletes_nothing() {
    let world = ArchiveWorld::new();
    world.write_log("x.parquet", &two_days());
    world.begin();
    let before = snapshot(&world);
    // The clock of the machine is long after these rows.
    let ran = world.run(&["retain", "release.toml"]);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    assert!(ran.stderr.contains("--as-of") && ran.stderr.contains("clock"), "{}", ran.stderr);
    // The sentence stands there once.
    assert_eq!(ran.stderr.matches("the clock says").count(), 1, "{}", ran.stderr);
    let later = instant(jiff::Timestamp::now().as_microsecond() + HOUR);
    let ran = world.run(&["retain", "release.toml", "--as-of", &later]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("yet to come"), "{}", ran.stderr);
    assert_eq!(snapshot(&world), before);
    let ran = world.retain(START + 40 * DAY);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(snapshot(&world).is_empty());
    // All rows were deleted: the next deletion finds nothing and says so.
    let ran = world.retain(START + 41 * DAY);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn a_glob_that_matches_nothing_is_a_mistake() {
    let world = ArchiveWorld::new();
    assert_eq!(world.retain(START).code, 65);
}

#[test]
fn a_dry_run_shows_the_plan_and_changes_nothing() {
    let world = ArchiveWorld::new();
    world.write_log("day=2026-03-01/x.parquet", &two_days()[..24]);
    world.write_log("day=2026-03-02/x.csv", &two_days()[24..]);
    let as_of = instant(START + 31 * DAY + 6 * HOUR);
    let retain = ["retain", "release.toml", "--as-of", &as_of];
    let plan = |asked: &[&str]| -> serde_json::Value {
        let ran = world.run(&[asked, &["--dry-run", "--json"]].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    };
    let actions = |plan: &serde_json::Value| -> Vec<String> {
        let files = plan["files"].as_array().unwrap().iter();
        files.map(|file| file["action"].as_str().unwrap().to_owned()).collect()
    };
    let json = plan(&retain);
    assert_eq!(actions(&json), ["delete", "rewrite"]);
    assert_eq!(json["cutoff"], "2026-03-02T06:00:00Z");
    assert!(json["warnings"].to_string().contains("2026-03-01 to 2026-03-02 were never released"));
    let kept = plan(&[&retain[..], &["--keep-unreleased"]].concat());
    assert_eq!(actions(&kept), ["wait", "wait"]);
    assert!(!world.path("daily.ledger").exists());
    assert_eq!(world.live().len(), 48);
    let ran = world.run(&retain);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("2026-03-01") && ran.stderr.contains("never released"));
    assert_eq!(world.live(), two_days()[30..]);
    assert!(!world.path("logs/day=2026-03-01").exists());
}

/// Rows past retention of a day that was never released stay on request, and others go.
#[test]
fn rows_of_days_that_were_never_released_go_with_a_word_or_stay_on_request() {
    let world = ArchiveWorld::new();
    let rows = crowd(2);
    let (first, second) = rows.split_at(rows.len() / 2);
    world.write_log("first.csv", first);
    world.write_log("second.csv", second);
    let run = ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-04"];
    assert_eq!(world.run(&run).code, 0);
    let now = START + 40 * DAY;
    let as_of = instant(now);
    let retain = ["retain", "release.toml", "--as-of", &as_of];
    let ran = world.run_at(now, &[&retain[..], &["--keep-unreleased"]].concat());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let words = "1 file with rows past retention stays: the day 2026-03-01 was never released";
    assert!(
        ran.stderr.contains(words) && ran.stderr.contains("--keep-unreleased"),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.contains("waits") && ran.stdout.contains("first.csv"), "{}", ran.stdout);
    assert_eq!(world.live(), first);

    // What goes is said before it does, whatever becomes of the result.
    let ran = world.run_at(now, &[&retain[..], &["--json"]].concat());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["unreleased"], serde_json::json!(["2026-03-01"]));
    assert!(ran.stderr.contains("the day 2026-03-01 was never released"), "{}", ran.stderr);
    assert!(world.live().is_empty());
}

/// A day that looked empty has nothing that could be released.
#[test]
fn rows_of_days_that_looked_empty_are_not_kept_on_request() {
    let world = ArchiveWorld::new();
    world.write_log("x.csv", &two_days());
    let run = ["run", "release.toml", "--from", "2026-03-01", "--to", "2026-03-02"];
    let ran = world.run(&[&run[..], &["--as-of", "2026-03-04"]].concat());
    assert!(ran.stdout.contains("looks empty"), "{}{}", ran.stdout, ran.stderr);
    let now = START + 40 * DAY;
    let retain = ["retain", "release.toml", "--keep-unreleased", "--as-of", &instant(now)];
    let ran = world.run_at(now, &retain);
    assert!(world.live().is_empty(), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn the_cutoff_is_half_open_to_the_microsecond() {
    let world = ArchiveWorld::new();
    let row = |at| (at, number(1), number(2));
    world.write_log("x.ndjson", &[row(START - 1), row(START), row(START + 1)]);
    world.begin();
    assert_eq!(world.live(), [row(START - 1), row(START), row(START + 1)]);
    world.retain(START + 30 * DAY);
    assert_eq!(world.live(), [row(START), row(START + 1)]);
    world.retain(START + 30 * DAY + 1);
    assert_eq!(world.live(), [row(START + 1)]);
}

#[test]
fn release_first_saves_a_day_that_is_still_whole_and_exits_0() {
    let world = ArchiveWorld::new();
    let rows = crowd(2);
    world.write_log("x.csv", &rows);
    let as_of = instant(START + 30 * DAY);
    let ran = world.run(&["retain", "release.toml", "--as-of", &as_of, "--release-first"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let status = world.run(&["status", "release.toml", "--as-of", &as_of]);
    assert!(status.stdout.contains("2026-03-01 to 2026-03-02  released"), "{}", status.stdout);
    // The day is released, so its deletion loses nothing.
    let ran = world.retain(START + 31 * DAY);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(world.live(), rows[rows.len() / 2..]);
}

#[test]
fn only_the_owner_can_read_what_is_sensitive() {
    let world = ArchiveWorld::new();
    world.write_log("x.csv", &two_days());
    std::fs::set_permissions(world.path("logs/x.csv"), PermissionsExt::from_mode(0o640)).unwrap();
    let script = format!(
        "umask 0; p='{}'; $p retain release.toml --as-of 2026-03-01; $p hold add release.toml --order A \
         --number {} --from 2026-03-01 --to 2026-03-03 --expires 2026-05-01 --recipient {}; \
         $p retain release.toml --as-of 2026-04-01; $p hold open release.toml --order A \
         --identity custodian --out package; $p check release.toml --rejects rejects",
        env!("CARGO_BIN_EXE_pointillist"),
        number(60),
        world.recipient(),
    );
    let mut command = std::process::Command::new("bash");
    command.current_dir(world.path("")).args(["-c", &script]);
    let output = crate::clock::at(command, START + 31 * DAY).output().unwrap();
    let mut sensitive = world.files("daily.ledger.holds");
    sensitive.extend(world.files("package"));
    sensitive.extend(world.files("rejects"));
    sensitive.extend(["daily.ledger", "daily.ledger.key"].map(|name| world.path(name)));
    assert_eq!(sensitive.len(), 8, "{sensitive:?} {output:?}");
    for path in sensitive {
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
    }
    for folder in ["daily.ledger.holds", "daily.ledger.holds/hold-0001", "package"] {
        assert_eq!(world.path(folder).metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
    // A log keeps its permissions.
    let mode = world.path("logs/x.csv").metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o640);
}

#[test]
fn a_rewritten_parquet_file_keeps_schema_order_metadata_and_codecs() {
    let world = ArchiveWorld::new();
    let rows = two_days();
    let texts = |of: fn(&Row) -> &String| StringArray::from_iter_values(rows.iter().map(of));
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>((0..48).map(|row| {
        (row % 5 != 0)
            .then(|| (0..row % 4).map(|item| (item != 2).then_some(item)).collect::<Vec<_>>())
    }));
    let batch = RecordBatch::try_from_iter([
        ("requester", std::sync::Arc::new(texts(|row| &row.1)) as arrow_array::ArrayRef),
        ("target", std::sync::Arc::new(texts(|row| &row.2))),
        (
            "requested_at",
            std::sync::Arc::new(arrow_array::TimestampMicrosecondArray::from_iter_values(
                rows.iter().map(|row| row.0),
            )),
        ),
        ("list", std::sync::Arc::new(lists)),
        ("number", std::sync::Arc::new(Int64Array::from_iter_values(0..48))),
    ])
    .unwrap();
    let column = ColumnPath::from;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_column_compression(column("target"), Compression::ZSTD(ZstdLevel::default()))
        .set_column_compression(column("number"), Compression::UNCOMPRESSED)
        .set_column_dictionary_enabled(column("number"), false)
        .set_column_encoding(column("number"), Encoding::DELTA_BINARY_PACKED)
        .set_column_bloom_filter_enabled(column("requester"), true)
        .set_column_statistics_enabled(column("target"), EnabledStatistics::None)
        .set_sorting_columns(Some(vec![SortingColumn {
            column_idx: 2,
            descending: false,
            nulls_first: false,
        }]))
        .set_key_value_metadata(Some(vec![
            KeyValue::new("origin".to_owned(), "gateway".to_owned()),
            KeyValue::new("first".to_owned(), number(0)),
        ]))
        .set_max_row_group_row_count(Some(20))
        .build();
    let path = world.path("logs/x.parquet");
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let open = || SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
    let before = open();
    world.begin();
    assert_eq!(world.retain(START + 31 * DAY).code, 1);
    let after = open();
    let (old, new) = (before.metadata(), after.metadata());
    assert_eq!(old.file_metadata().schema_descr(), new.file_metadata().schema_descr());
    for (old, new) in old.row_group(1).columns().iter().zip(new.row_group(0).columns()) {
        let facts = |chunk: &parquet::file::metadata::ColumnChunkMetaData| {
            (
                chunk.compression(),
                chunk.dictionary_page_offset().is_some(),
                chunk.bloom_filter_offset().is_some(),
                chunk.statistics().is_some(),
                chunk.column_index_offset().is_some(),
                chunk.encodings().any(|encoding| encoding == Encoding::DELTA_BINARY_PACKED),
            )
        };
        assert_eq!(facts(old), facts(new), "{}", old.column_path());
    }
    assert_eq!(new.row_group(0).sorting_columns(), old.row_group(0).sorting_columns());
    let pairs = |metadata: &parquet::file::metadata::ParquetMetaData| -> Vec<KeyValue> {
        let pairs = metadata.file_metadata().key_value_metadata().unwrap();
        let mut pairs: Vec<KeyValue> =
            pairs.iter().filter(|pair| pair.key != "first").cloned().collect();
        pairs.sort_by(|left, right| left.key.cmp(&right.key));
        pairs
    };
    assert_eq!(pairs(old), pairs(new));
    // The pair that named a person without remaining rows was removed.
    assert!(
        new.file_metadata().key_value_metadata().unwrap().iter().all(|pair| pair.key != "first")
    );
    let metadata = |reader: &SerializedFileReader<std::fs::File>| -> Vec<String> {
        reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect()
    };
    assert_eq!(metadata(&before)[24..], metadata(&after));
}

#[test]
fn deleting_one_day_rewrites_nothing_else() {
    let world = ArchiveWorld::new();
    let ran = world.run(&[
        "simulate",
        "--out",
        "logs",
        "--days",
        "30",
        "--lookups-per-day",
        "200",
        "--requesters",
        "20000",
        "--start",
        "2026-03-01",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let facts = || -> Vec<_> {
        let files = world
            .files("logs")
            .into_iter()
            .filter(|path| path.extension().is_some_and(|ending| ending == "parquet"));
        files
            .map(|path| {
                let facts = path.metadata().unwrap();
                (path, std::os::unix::fs::MetadataExt::ino(&facts), facts.modified().unwrap())
            })
            .collect()
    };
    assert_eq!(world.retain(START + 30 * DAY).code, 0);
    let before = facts();
    assert_eq!(world.retain(START + 31 * DAY).code, 1);
    assert_eq!(facts(), before[1..]);
}

#[test]
fn links_are_refused_and_other_names_reported() {
    let world = ArchiveWorld::new();
    world.write_log("day=2026-03-01/x.csv", &two_days()[..24]);
    world.begin();
    std::fs::create_dir(world.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", world.path("logs/current")).unwrap();
    let ran = world.retain(START + 31 * DAY);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    assert!(ran.stderr.contains("current is a link"), "{}", ran.stderr);
    assert_eq!(world.files("logs").len(), 2);
    std::fs::remove_file(world.path("logs/current")).unwrap();
    // A link to what is found anyway changes nothing.
    std::os::unix::fs::symlink("day=2026-03-01", world.path("logs/current")).unwrap();
    std::fs::hard_link(world.path("logs/day=2026-03-01/x.csv"), world.path("kept.csv")).unwrap();
    let ran = world.retain(START + 31 * DAY);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("had another name"), "{}", ran.stderr);
    std::fs::remove_file(world.path("logs/current")).unwrap();
    assert!(world.live().is_empty());
}

#[test]
fn files_that_are_not_read_are_reported() {
    let world = ArchiveWorld::new();
    world.write_log("x.csv", &two_days()[24..]);
    world.begin();
    let strays = [".x.csv.Ab12Cd", "_old.parquet", ".nfs000000001", "a/.y.ndjson.swp"];
    std::fs::create_dir(world.path("logs/a")).unwrap();
    for name in strays {
        std::fs::write(world.path("logs").join(name), "anything").unwrap();
    }
    std::fs::write(world.path("logs/_SUCCESS"), "").unwrap();
    world.written("logs/_SUCCESS", START - 100 * HOUR);
    // They may be on their way to become logs.
    assert_eq!(world.retain(START).code, 0);
    strays.iter().for_each(|name| world.written(&format!("logs/{name}"), START - 25 * HOUR));
    let ran = world.retain(START);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("is not read as a log").count(), 4, "{}", ran.stderr);
    for name in strays {
        assert!(ran.stderr.contains(name), "{name}: {}", ran.stderr);
    }
}

#[test]
fn a_log_that_is_written_to_loses_no_rows() {
    for name in ["x.csv", "x.ndjson.zst"] {
        let world = ArchiveWorld::new();
        world.write_log(name, &two_days());
        // Half of it is past retention, then all of it.
        for day in [31, 40] {
            let now = START + day * DAY;
            world.written(&format!("logs/{name}"), now - 59 * HOUR / 60);
            let plan = ["retain", "release.toml", "--dry-run", "--as-of", &instant(now)];
            for (ran, code) in [(world.run_at(now, &plan), 0), (world.retain(now), 65)] {
                assert_eq!(ran.code, code, "{}", ran.stderr);
                assert!(ran.stderr.contains("in the last 60 minutes"), "{}", ran.stderr);
            }
            assert_eq!(world.live().len(), 48);
        }
        assert_eq!(world.retain(START + 40 * DAY + HOUR).code, 1);
        assert!(world.live().is_empty());
    }
}

/// Such a writer may be silent for longer than an hour.
#[cfg(target_os = "linux")]
#[test]
fn a_log_that_another_program_has_open_to_write_to_stays() {
    for name in ["x.csv", "x.csv.gz", "x.parquet"] {
        for (day, left) in [(31, 24), (40, 0)] {
            let world = ArchiveWorld::new();
            world.write_log(name, &two_days());
            world.write_log("y.csv", &two_days()[..24]);
            let path = world.path("logs").join(name);
            let writer = std::fs::File::options().append(true).open(&path).unwrap();
            let reader = std::fs::File::open(world.path("logs/y.csv")).unwrap();
            let refused = world.retain(START + day * DAY);
            assert_eq!(refused.code, 65, "{}", refused.stderr);
            assert!(refused.stderr.contains("open to write to it"), "{}", refused.stderr);
            assert_eq!(world.live().len(), 72);
            drop(writer);
            assert_eq!(world.retain(START + day * DAY).code, 1);
            assert_eq!(world.live().len(), left);
            drop(reader);
        }
    }
}
