//! The requester-window unit as its users meet it.

use std::fs::File;
use std::path::PathBuf;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt64Type};
use arrow_ipc::reader::FileReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::world::World;

const REQUESTERS: usize = 40;

/// Forty requesters with twelve lookups by one app on each day of March and April. The budget is so
/// large that noise is a few lookups of 480, and a requester may be whole on so many days.
fn world(whole_days: u32) -> World {
    let world = World::new();
    std::fs::remove_file(world.path("logs/lookups.csv")).unwrap();
    world.edit("logs/*.csv", "logs/**/*.csv");
    world.edit("[keys]", "day_folder = \"day\"\n[keys]");
    world.edit("[ledger]", "[retention]\ndays = 60\n[ledger]");
    world.edit("epsilon = 1.0", "epsilon = 90.0");
    world.edit(
        "budget_share = 0.7",
        &format!("budget_share = 0.5\nunit = \"requester-window\"\nwhole_days = {whole_days}"),
    );
    world.edit(
        "by = [\"hour\", \"app\"]",
        "by = [\"app\"]\nclip = 12\n[[question]]\nname = \"all\"\ncount = \"lookups\"\nclip = 12",
    );
    world.edit(
        "[[question]]\nname = \"sms_share\"\nshare = \"route = 'sms'\"\nby = [\"app\"]\n",
        "",
    );
    for day in 1..=31 {
        for (month, name) in [(3, format!("2026-03-{day:02}")), (4, format!("2026-04-{day:02}"))] {
            if month == 4 && day > 2 {
                continue;
            }
            let mut text = String::from("requester,target,requested_at,app,route,latency_ms\n");
            for requester in 0..REQUESTERS {
                for hour in 0..12 {
                    text.push_str(&format!(
                        "+1415555{requester:04},+442079460999,{name}T{hour:02}:15:00Z,messages,sms,12.5\n"
                    ));
                }
            }
            world.write(&format!("logs/day={name}/part-0.csv"), text.as_bytes());
        }
    }
    world
}

fn run(world: &World, day: &str) {
    let ran = world.run(&["run", "release.toml", "--day", day, "--as-of", "2026-04-02T01:00:00Z"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

/// The sum of a day's column, as it was published.
fn sum(world: &World, question: &str, day: &str, column: &str) -> f64 {
    let path = world.path(&format!("published/{question}/day={day}/part-0.parquet"));
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let mut sum = 0.0;
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        let values = batch.column_by_name(column).unwrap();
        sum += match values.as_primitive_opt::<Int64Type>() {
            Some(values) => values.values().iter().map(|value| *value as f64).sum::<f64>(),
            None => values.as_primitive::<Float64Type>().values().iter().sum(),
        };
    }
    sum
}

fn files(world: &World) -> Vec<PathBuf> {
    let found = std::fs::read_dir(world.path("daily.ledger.spent")).into_iter().flatten();
    let mut files: Vec<PathBuf> = found.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// What the requesters of the only window have lost, ascending.
fn lost(world: &World) -> Vec<u64> {
    let files = files(world);
    assert_eq!(files.len(), 1, "{files:?}");
    let reader = FileReader::try_new(File::open(&files[0]).unwrap(), None).unwrap();
    let mut lost: Vec<u64> = reader
        .flat_map(|batch| batch.unwrap().column(1).as_primitive::<UInt64Type>().values().to_vec())
        .collect();
    lost.sort_unstable();
    lost
}

#[test]
fn a_window_says_what_it_promises_and_keeps_its_losses_to_itself() {
    let world = world(9);
    run(&world, "2026-03-01");
    let inspected = world.run(&["inspect", "published/volume/day=2026-03-01/part-0.parquet"]);
    for words in ["any window of 30 days", "lie in two windows", "capped over the window"] {
        assert!(inspected.stdout.contains(words), "{words}: {}", inspected.stdout);
    }
    let manifest = std::fs::read(world.path("published/_manifest/day=2026-03-01.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["unit"], "requester-window");
    assert_eq!(manifest["window"]["first"], "2026-03-01");
    assert_eq!(manifest["window"]["whole_days"], 9);
    let of = |field: &str| manifest[field].as_f64().unwrap();
    let all: f64 = manifest["measured_tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| table["rho"].as_f64().unwrap())
        .sum();
    assert!((of("charge_rho") + of("charge_over_window_rho") - all).abs() < 1e-9);
    let over_window: Vec<bool> = manifest["measured_tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| table["over_window"].as_bool().unwrap())
        .collect();
    assert_eq!(over_window, [false, true]);
    let epsilon = |figure: &str| manifest["guarantee"][figure]["epsilon"].as_f64().unwrap();
    assert!(epsilon("one_window") <= 90.0 && epsilon("thirty_days") > epsilon("one_window"));

    let text = std::fs::read(&files(&world)[0]).unwrap();
    for requester in 0..REQUESTERS {
        let number = format!("1415555{requester:04}");
        let plain: u64 = number.parse().unwrap();
        assert!(!text.windows(11).any(|part| part == number.as_bytes()));
        assert!(!text.windows(8).any(|part| part == plain.to_le_bytes()));
    }
    #[cfg(unix)]
    for path in [files(&world)[0].clone(), world.path("daily.ledger.spent")] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
    // Done is done: nothing is lost twice.
    let (published, before) = (world.published(), lost(&world));
    run(&world, "2026-03-01");
    assert_eq!((world.published(), lost(&world)), (published, before));
}

#[test]
fn requesters_are_whole_on_so_many_days_and_the_total_holds_what_they_lack() {
    let world = world(2);
    for day in ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-31"] {
        run(&world, day);
    }
    // A share of half the budget lets them be whole on four days, and the fifth is another window.
    for (day, expected) in [("2026-03-01", 480.0), ("2026-03-04", 480.0), ("2026-03-31", 480.0)] {
        let unraked = sum(&world, "volume", day, "value_unraked");
        assert!((unraked - expected).abs() < 100.0, "{day}: {unraked}");
    }
    run(&world, "2026-03-05");
    // Nothing stands out of the noise any more, so that there is nothing to rake.
    let value = sum(&world, "volume", "2026-03-05", "value");
    assert!(value.abs() < 100.0, "{value}");
    let ledger = world.ledger();
    let cap = ledger["running_cap_nano_rho"].as_u64().unwrap();
    let block = ledger["blocks"][0]["spent_nano_rho"].as_u64().unwrap();
    // Five days of one window and one of the next were released.
    assert_eq!(ledger["windows"][0]["first"], "2026-03-01");
    assert_eq!(ledger["windows"][0]["most_nano_rho"], cap + 5 * block);
    assert_eq!(ledger["windows"][1]["first"], "2026-03-31");
    assert_eq!(ledger["requester_totals"][0]["most_nano_rho"], 4 * cap + 5 * block);
    let total = sum(&world, "all", "2026-03-05", "value");
    assert!((total - 480.0).abs() < 150.0, "{total}");
    assert_eq!(world.run(&["ledger", "verify", "release.toml"]).code, 0);
}

#[test]
fn two_releases_through_one_ledger_share_what_a_requester_may_lose() {
    let world = world(1);
    run(&world, "2026-03-01");
    let once = lost(&world);
    assert_eq!(once.len(), REQUESTERS);
    world.edit("name = \"daily\"", "name = \"again\"");
    world.edit("[retention]", "[output]\npath = \"other\"\n[retention]");
    run(&world, "2026-03-01");
    let twice = lost(&world);
    // Half of the cap each.
    assert!(once.iter().zip(&twice).all(|(once, twice)| twice.abs_diff(2 * once) <= 2_000_000));
    world.edit("name = \"again\"", "name = \"more\"");
    world.edit("budget_share = 0.5", "budget_share = 0.000001");
    run(&world, "2026-03-02");
    let cap = world.ledger()["running_cap_nano_rho"].as_u64().unwrap() << 16;
    assert!(lost(&world).iter().all(|lost| *lost <= cap), "{cap}");
}

#[test]
fn a_draw_that_was_lost_stays_lost_and_a_reservation_loses_nothing() {
    let world = world(9);
    run(&world, "2026-03-01");
    let once = lost(&world);
    // The last byte of a file cannot be read: the day is reserved and nothing is drawn.
    world.edit("logs/**/*.csv", "logs/**/*.csv.gz");
    let plain = std::fs::read(world.path("logs/day=2026-03-02/part-0.csv")).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &plain).unwrap();
    let whole = encoder.finish().unwrap();
    world.write("logs/day=2026-03-02/part-0.csv.gz", &whole[..whole.len() - 12]);
    let failed = world.run(&[
        "run",
        "release.toml",
        "--day",
        "2026-03-02",
        "--as-of",
        "2026-04-02T01:00:00Z",
    ]);
    assert_eq!(failed.code, 65, "{}", failed.stderr);
    assert_eq!(lost(&world), once);
    world.write("logs/day=2026-03-02/part-0.csv.gz", &whole);
    assert_eq!(world.run(&["ledger", "void", "2", "release.toml"]).code, 0);
    run(&world, "2026-03-02");
    let twice = lost(&world);
    assert!(once.iter().zip(&twice).all(|(once, twice)| *twice == 2 * once), "{once:?} {twice:?}");
}

#[test]
fn without_its_losses_a_window_is_closed_and_the_next_is_not() {
    let world = world(9);
    run(&world, "2026-03-01");
    let file = files(&world)[0].clone();
    let kept = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let day = |day: &str| {
        world.run(&["run", "release.toml", "--day", day, "--as-of", "2026-04-02T01:00:00Z"])
    };
    let before = world.ledger();
    let ran = day("2026-03-02");
    assert_eq!(ran.code, 74, "{}", ran.stderr);
    // Said before anything was reserved.
    assert_eq!(world.ledger(), before);
    assert!(ran.stderr.contains("window from 2026-03-01"), "{}", ran.stderr);
    assert_eq!(day("2026-03-31").code, 0);
    assert_eq!(world.run(&["ledger", "verify", "release.toml"]).code, 1);
    std::fs::write(&file, kept).unwrap();
    let resumed = day("2026-03-02");
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    assert_eq!(world.run(&["ledger", "verify", "release.toml"]).code, 0);
}

#[test]
fn losses_go_with_the_last_day_of_their_window() {
    let world = world(9);
    run(&world, "2026-03-03");
    let retain = |as_of: &str| {
        let ran = world.run(&["retain", "release.toml", "--as-of", as_of]);
        assert!(ran.code < 2, "{}", ran.stderr);
    };
    // The window ends with 1 April, which is past 60 days of retention on 1 June.
    retain("2026-05-31T12:00:00Z");
    assert_eq!(files(&world).len(), 1);
    retain("2026-06-01T00:00:00Z");
    assert_eq!(files(&world).len(), 0);
    assert_eq!(world.run(&["ledger", "verify", "release.toml"]).code, 0);
}

#[test]
fn what_a_window_does_not_have_is_refused_by_name() {
    let world = world(9);
    world.edit("by = [\"app\"]\nclip = 12", "by = [\"target_prefix:6\"]\nkeys = \"private\"");
    let ran = world.day("2026-03-02");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("requester-window"), "{}", ran.stderr);
}
