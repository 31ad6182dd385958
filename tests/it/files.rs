//! What readers find in published files: the same columns on every day, and facts in the schema's metadata.

use std::path::Path;
use std::sync::Arc;

use arrow_schema::Schema;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::world::{HEADER, World, rows_of};

const DAYS: [&str; 2] = ["2026-03-01", "2026-03-02"];

/// A day of many requesters who agree in nothing but their prefix, and one of few that shows none.
fn released() -> World {
    let world = World::in_day_folders(&[DAYS[0].to_owned()]);
    let few: Vec<String> = rows_of(DAYS[1]).lines().step_by(3).map(str::to_owned).collect();
    let few = format!("{HEADER}{}\n", few.join("\n"));
    world.write(&format!("logs/day={}/part-0.csv", DAYS[1]), few.as_bytes());
    world.edit("epsilon = 1.0", "epsilon = 20.0");
    world.edit(
        "[[question]]",
        "[[question]]\nname = \"prefixes\"\ncount = \"lookups\"\nby = [\"target_prefix:4\"]\nkeys = \"private\"\n\
         [[question]]\nname = \"bins\"\nhistogram = \"lookups per requester\"\n\
         [[question]]\nname = \"waits\"\nquantiles = [0.5]\nof = \"latency_ms\"\nrange = [1, 100]\n\
         [[question]]\nname = \"largest\"\ncount = \"lookups\"\nby = [\"app\"]\ntop = 2\n[[question]]",
    );
    for day in DAYS {
        let ran = world.day(day);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    world
}

/// The schema as a reader of Arrow makes it.
fn schema(path: &Path) -> Arc<Schema> {
    let file = std::fs::File::open(path).unwrap();
    Arc::clone(ParquetRecordBatchReaderBuilder::try_new(file).unwrap().schema())
}

#[test]
fn a_question_has_the_same_columns_on_every_day() {
    let world = released();
    for question in ["prefixes", "bins", "waits", "largest", "volume", "sms_share"] {
        let of =
            |day| schema(&world.path(&format!("published/{question}/day={day}/part-0.parquet")));
        assert_eq!(of(DAYS[0]).fields(), of(DAYS[1]).fields(), "{question}");
    }
}

#[test]
fn the_facts_are_in_the_metadata_of_the_schema() {
    let world = released();
    assert_eq!(world.run(&["rollup", "release.toml", "--to", "week"]).code, 0);
    for (path, question) in [
        ("volume/day=2026-03-01", "volume"),
        ("waits/day=2026-03-02", "waits"),
        ("volume_by_week/week=2026-W09", "volume"),
    ] {
        let schema = schema(&world.path(&format!("published/{path}/part-0.parquet")));
        let read = |key: &str| -> Value { serde_json::from_str(&schema.metadata()[key]).unwrap() };
        let facts = read("pointillist");
        assert_eq!(facts["question"], question);
        assert!(facts["guarantee"].as_str().unwrap().contains("requester"), "{facts}");
        // What pandas shows of all days together says nothing of one day alone.
        let shown = &read("PANDAS_ATTRS")["pointillist"];
        for name in ["question", "asks", "details", "unit", "interval"] {
            assert_eq!(shown[name], facts[name], "{name}");
        }
        for name in ["day", "ledger_entry", "guarantee", "measured_tables"] {
            assert!(shown.get(name).is_none(), "{name}");
        }
    }
    let path = world.path("published/waits/day=2026-03-02/part-0.parquet");
    let facts: Value = serde_json::from_str(&schema(&path).metadata()["pointillist"]).unwrap();
    assert_eq!(facts["details"]["at"], serde_json::json!([0.5]));
    assert_eq!(facts["top"], Value::Null);
    let path = world.path("published/largest/day=2026-03-02/part-0.parquet");
    let facts: Value = serde_json::from_str(&schema(&path).metadata()["pointillist"]).unwrap();
    assert_eq!(facts["top"], 2);
}
