//! Parquet files whose statistics are wrong: rows decide what is deleted, and `check` names the file.

use crate::archive_world::{ArchiveWorld, HOUR, Row, START, number};

const DAY: i64 = 24 * HOUR;

/// Two days of rows, in row groups of sixteen.
fn two_days() -> Vec<Row> {
    (0..48).map(|hour| (START + hour * HOUR, number(hour as usize), number(60))).collect()
}

/// Puts another instant in place of one in the footer of a Parquet file. The rows stay.
fn forge(world: &ArchiveWorld, from: i64, to: i64) {
    let path = world.path("logs/x.parquet");
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.len() - 8;
    let length = u32::from_le_bytes(*bytes[end..].first_chunk().unwrap()) as usize;
    let footer = &mut bytes[end - length..end];
    let places: Vec<usize> = memchr::memmem::find_iter(footer, &from.to_le_bytes()).collect();
    assert!(!places.is_empty());
    for place in places {
        footer[place..place + 8].copy_from_slice(&to.to_le_bytes());
    }
    std::fs::write(&path, bytes).unwrap();
}

fn check(world: &ArchiveWorld) -> (String, serde_json::Value) {
    let ran = world.run(&["check", "release.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let json = world.run(&["check", "release.toml", "--json"]);
    (ran.stdout, serde_json::from_str(&json.stdout).unwrap())
}

#[test]
fn rows_decide_what_is_past_retention_not_statistics() {
    let late = START + 90 * DAY;
    for (from, to) in [
        // The least time of the first row group, as if all of its rows stayed.
        (START, START + 15 * HOUR),
        // The same for the rows of the first day in the second.
        (START + 16 * HOUR, START + 30 * HOUR),
        // A greatest time from the future would have refused a deletion that is right.
        (START + 47 * HOUR, late),
    ] {
        let world = ArchiveWorld::new();
        world.write_log("x.parquet", &two_days());
        world.begin();
        forge(&world, from, to);
        let ran = world.retain(START + 31 * DAY);
        // It warns that the first day was never released.
        assert_eq!(ran.code, 1, "{} {}", ran.stdout, ran.stderr);
        assert_eq!(world.live(), two_days()[24..], "{from} {to}");
    }
}

#[test]
fn check_counts_every_row_and_names_files_whose_statistics_are_wrong() {
    let world = ArchiveWorld::new();
    world.write_log("x.parquet", &two_days());
    let (text, json) = check(&world);
    assert!(!text.contains("statistics"), "{text}");
    assert_eq!(json["wrong_statistics"], serde_json::json!([]));
    for (from, to) in [(START, START + HOUR), (START + 31 * HOUR, START + 30 * HOUR)] {
        world.write_log("x.parquet", &two_days());
        forge(&world, from, to);
        let (text, json) = check(&world);
        assert!(
            text.contains("statistics that rows contradict") && text.contains("logs/x.parquet"),
            "{text}"
        );
        assert_eq!(json["wrong_statistics"].as_array().unwrap().len(), 1);
        assert_eq!(json["rows"], 48);
    }
}
