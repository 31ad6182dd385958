//! Identifiers outside rows: in names of files and folders, and in metadata.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;

use crate::archive_world::{ArchiveWorld, HOUR, Row, START, instant, number};
use crate::world::Ran;

const DAY: i64 = 24 * HOUR;

/// One row of each number an hour, from the start on.
fn rows(numbers: &[usize], first_hour: i64) -> Vec<Row> {
    let hours = numbers.iter().zip(first_hour..);
    hours.map(|(place, hour)| (START + hour * HOUR, number(*place), number(90))).collect()
}

fn digits(place: usize) -> String {
    number(place)[1..].to_owned()
}

/// Whether any file below the logs has the number in its path or bytes.
fn is_left(world: &ArchiveWorld, place: usize) -> bool {
    let word = digits(place);
    world.files("logs").iter().any(|path| {
        let bytes = std::fs::read(path).unwrap();
        path.display().to_string().contains(&word)
            || memchr::memmem::find(&bytes, word.as_bytes()).is_some()
    })
}

#[test]
fn a_file_named_after_somebody_without_rows_gets_another_name() {
    let world = ArchiveWorld::new();
    // Number 1 has a row that goes and none that stays; number 2 has both.
    let mixed = [rows(&[1, 2, 3], 0), rows(&[2, 3], 24)].concat();
    for ending in ["csv", "ndjson.zst", "parquet"] {
        world.write_log(&format!("of-{}.{ending}", digits(1)), &mixed);
    }
    world.write_log(&format!("of-{}.csv", digits(2)), &mixed);
    world.begin();
    let ran = world.retain(START + 31 * DAY);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(!is_left(&world, 1));
    assert!(is_left(&world, 2));
    let mut names: Vec<String> = world
        .files("logs")
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    let kept = format!("of-{}.csv", digits(2));
    assert_eq!(names, [&kept, "retained-1.csv", "retained-1.ndjson.zst", "retained-1.parquet"]);
    assert_eq!(world.live().len(), 8);
    // Neither the journal nor a report names it.
    let export = world.run(&["ledger", "export", "release.toml", "--json"]);
    assert!(!export.stdout.contains(&digits(1)));
    world.verify();
    assert_eq!(world.retain(START + 31 * DAY).code, 0);
    assert_eq!(world.live().len(), 8);
}

#[test]
fn a_file_of_a_day_keeps_its_date() {
    let world = ArchiveWorld::new();
    let text = std::fs::read_to_string(world.path("release.toml")).unwrap();
    let text = text
        .replace("path = \"logs\"", "path = \"logs\"\nday_file = true\nidentifier = \"opaque\"");
    std::fs::write(world.path("release.toml"), text).unwrap();
    // Of each file one requester goes and one stays, when a quarter of the day is past retention.
    let row = |who: &str, hour: i64| (START + hour * HOUR, who.to_owned(), number(90));
    let rows = |who: &str| [row(who, 0), row("stays", 12)];
    world.write_log(&format!("dump-{}-2026-03-01.csv", digits(1)), &rows(&digits(1)));
    world.write_log(&format!("20260301_{}.csv", digits(2)), &rows(&digits(2)));
    // That a file is of this day is public: whoever is called like it changes nothing.
    world.write_log("x-20260301.csv", &rows("20260301"));
    world.write_log("x-2026-03-01.csv", &rows("2026-03-01"));
    world.begin();
    let ran = world.retain(START + 30 * DAY + 6 * HOUR);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(!is_left(&world, 1) && !is_left(&world, 2));
    let mut names: Vec<String> = world
        .files("logs")
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    let kept = ["retained-2026-03-01-1.csv", "retained-2026-03-01-2.csv"];
    assert_eq!(names, [&kept[..], &["x-2026-03-01.csv", "x-20260301.csv"]].concat());
    assert_eq!(world.live().len(), 4);
    // The day still has its files, as their names say.
    let as_of = instant(START + 30 * DAY + 6 * HOUR);
    let status = world.run(&["status", "release.toml", "--as-of", &as_of]);
    assert!(!status.stdout.contains("2026-03-01  no log files"), "{}", status.stdout);
    world.verify();
}

#[test]
fn a_folder_named_after_somebody_without_rows_stops_the_deletion() {
    let world = ArchiveWorld::new();
    let mixed = [rows(&[1, 2], 0), rows(&[2], 24)].concat();
    world.write_log(&format!("{}/x.csv", digits(1)), &mixed);
    let ran = world.retain(START + 31 * DAY);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    assert!(ran.stderr.contains("name of a folder"), "{}", ran.stderr);
    assert_eq!(world.live().len(), 3);
    // Of their own folder all rows go, and the folder with them.
    let world = ArchiveWorld::new();
    world.write_log(&format!("{}/x.csv", digits(1)), &rows(&[1], 0));
    world.write_log("others/x.csv", &mixed);
    assert_eq!(world.retain(START + 31 * DAY).code, 1);
    assert!(!is_left(&world, 1));
    assert!(!world.path(&format!("logs/{}", digits(1))).exists());
}

#[test]
fn metadata_that_names_somebody_without_rows_goes_and_no_other() {
    let of = |text: String| HashMap::from([("comment".to_owned(), text)]);
    let mixed = [rows(&[1, 2], 0), rows(&[2], 24)].concat();
    let texts = |of: fn(&Row) -> &String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(mixed.iter().map(of)))
    };
    let columns = [
        ("requester", texts(|row| &row.1)),
        ("target", texts(|row| &row.2)),
        (
            "requested_at",
            Arc::new(TimestampMicrosecondArray::from_iter_values(mixed.iter().map(|row| row.0)))
                as ArrayRef,
        ),
    ];
    for place in [1, 2] {
        for is_of_column in [false, true] {
            let world = ArchiveWorld::new();
            let fields: Vec<Field> = columns
                .iter()
                .map(|(name, values)| {
                    let field = Field::new(*name, values.data_type().clone(), true);
                    field.with_metadata(if is_of_column {
                        of(number(place))
                    } else {
                        of("x".into())
                    })
                })
                .collect();
            let own = if is_of_column { of("y".into()) } else { of(number(place)) };
            let schema = Arc::new(Schema::new_with_metadata(fields, own));
            let arrays = columns.iter().map(|(_, values)| Arc::clone(values)).collect();
            let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
            let file = |name| std::fs::File::create(world.path(name)).unwrap();
            let mut writer =
                ArrowWriter::try_new(file("logs/x.parquet"), Arc::clone(&schema), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            let mut writer =
                arrow_ipc::writer::FileWriter::try_new(file("logs/x.arrow"), &schema).unwrap();
            writer.write(&batch).unwrap();
            writer.finish().unwrap();
            // Who has a file open to write to it keeps it from being shortened.
            drop(writer);
            assert_eq!(world.retain(START + 31 * DAY).code, 1);
            assert_eq!(world.live().len(), 2);
            let reader = arrow_ipc::reader::FileReader::try_new(
                std::fs::File::open(world.path("logs/x.arrow")).unwrap(),
                None,
            );
            let schema = reader.unwrap().schema();
            let metadata = (schema.metadata().clone(), schema.field(0).metadata().clone());
            assert_eq!(metadata.0.get("comment").is_some(), place == 2 || is_of_column);
            assert_eq!(metadata.1.get("comment").is_some(), place == 2 || !is_of_column);
            let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(
                std::fs::File::open(world.path("logs/x.parquet")).unwrap(),
            );
            let schema = Arc::clone(reader.unwrap().schema());
            let text = format!("{:?} {:?}", schema.metadata(), schema.field(0).metadata());
            assert_eq!(text.contains(&number(place)), place == 2, "{text}");
        }
    }
}

#[test]
fn a_dry_run_names_nobody() {
    let world = ArchiveWorld::new();
    world.write_log(&format!("of-{}.csv", digits(1)), &rows(&[1], 0));
    let as_of = instant(START + 31 * DAY);
    // `run` of this world refuses any output with a number in it.
    let ran = world.run(&["retain", "release.toml", "--dry-run", "--as-of", &as_of]);
    assert!(ran.stdout.contains("whose path holds an identifier"), "{}", ran.stdout);
}

#[test]
fn no_path_is_in_the_journal_not_even_of_somebody_whose_rows_stay() {
    let world = ArchiveWorld::new();
    // All rows of the second number stay, others in its file go; a file and a folder go as a whole.
    let mixed = [rows(&[1], 0), rows(&[2], 24)].concat();
    world.write_log(&format!("of-{}.csv", digits(2)), &mixed);
    world.write_log("plain-name.csv", &rows(&[3], 0));
    world.write_log("folder-name/x.csv", &rows(&[4], 0));
    let now = START + 31 * DAY;
    let retain = ["retain", "release.toml", "--as-of", &instant(now)];
    let command = world.command(&retain);
    let ran = Ran::of(&crate::clock::at(command, now).output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    for shown in [format!("of-{}.csv", digits(2)), "plain-name.csv".to_owned()] {
        assert!(ran.stdout.contains(&shown), "the operator sees it: {}", ran.stdout);
    }
    let bytes = std::fs::read(world.path("daily.ledger")).unwrap();
    for name in [digits(2), digits(1), "plain-name".to_owned(), "folder-name".to_owned()] {
        let found = bytes.windows(name.len()).any(|window| window == name.as_bytes());
        assert!(!found, "the ledger holds {name}");
    }
    world.verify();
}
