//! Once released, always the same: re-runs, healing, resuming, racing.

use serde_json::Value;

use crate::world::{Ran, World};

/// What each day has spent.
pub(crate) fn spent(ledger: &Value) -> Vec<(String, u64)> {
    let blocks = ledger["blocks"].as_array().unwrap().iter();
    blocks
        .map(|block| {
            let day = block["block"].as_str().unwrap().to_owned();
            (day, block["spent_nano_rho"].as_u64().unwrap())
        })
        .collect()
}

#[test]
fn a_second_run_gives_the_same_bytes_and_spends_nothing() {
    let world = World::new();
    let first = world.day("2026-03-02");
    assert_eq!(first.code, 0, "{}", first.stderr);
    let (files, ledger) = (world.published(), world.ledger());
    assert_eq!(files.len(), 3);
    let second = world.day("2026-03-02");
    assert_eq!(second.code, 0, "{}", second.stderr);
    assert!(second.stdout.contains("already done"), "{}", second.stdout);
    assert_eq!(world.published(), files);
    assert_eq!(world.ledger(), ledger);
}

#[test]
fn lost_and_damaged_outputs_are_healed_from_the_ledger_without_the_logs() {
    let world = World::new();
    world.day("2026-03-02");
    let (files, ledger) = (world.published(), world.ledger());
    let paths: Vec<_> = files.keys().collect();
    std::fs::remove_file(paths[0]).unwrap();
    std::fs::write(paths[1], b"damaged").unwrap();
    std::fs::remove_dir_all(world.path("logs")).unwrap();
    let healed = world.day("2026-03-02");
    assert_eq!(healed.code, 0, "{}", healed.stderr);
    assert_eq!(world.published(), files);
    assert_eq!(world.ledger(), ledger);
}

#[test]
fn all_closed_days_are_released_without_being_named() {
    let world = World::new();
    let ran = world.run(&["run", "release.toml", "--as-of", "2026-03-04T00:00:00Z", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    let days = json["days"].as_array().unwrap();
    // Retention reaches back 30 days. Those without a row look empty: nothing is published of them,
    // and the look alone is charged.
    assert_eq!(days.len(), 30);
    let done: Vec<&str> = days.iter().map(|day| day["done"].as_str().unwrap()).collect();
    assert_eq!(done[27..], ["released"; 3]);
    // Noise makes somebody of nobody on one day in three thousand: on three of 27 in ten million runs once.
    let by_noise = done[..27].iter().filter(|done| **done == "released").count();
    assert!(by_noise < 3, "{done:?}");
    let spent: Vec<u64> = spent(&world.ledger()).into_iter().map(|(_, spent)| spent).collect();
    let empty = spent[done.iter().position(|done| *done == "looks-empty").unwrap()];
    let cost = |done: &&str| if *done == "released" { spent[29] } else { empty };
    assert_eq!(spent, done.iter().map(cost).collect::<Vec<u64>>());
    let part = empty as f64 / spent[29] as f64;
    assert!((part - 0.15).abs() < 1e-3, "the look costs {part} of a day");
    let status = world.run(&["status", "release.toml", "--as-of", "2026-03-04"]);
    if by_noise == 0 {
        let empty = "2026-02-02 to 2026-02-28  looks empty";
        assert!(status.stdout.contains(empty), "{}", status.stdout);
        assert_eq!(status.code, 0, "nobody is called for days before the first: {}", status.stdout);
    }
    assert_eq!(
        (days[0]["day"].as_str(), days[29]["day"].as_str()),
        (Some("2026-02-02"), Some("2026-03-03"))
    );
    let sizes: Vec<usize> = world
        .published()
        .iter()
        .filter(|(path, _)| path.to_string_lossy().contains("/volume/"))
        .map(|(_, bytes)| rows(bytes))
        .collect();
    assert_eq!(sizes, vec![24 * 3; 3 + by_noise]);
}

#[test]
fn a_damaged_file_that_is_mended_is_released_for_one_charge() {
    let world = World::new();
    // With a unit no row is looked at before the reservation, to see whether times are numbers.
    world.edit("\"logs/*.csv\"", "\"logs/*.csv.gz\"\ntime_unit = \"s\"");
    let plain = std::fs::read(world.path("logs/lookups.csv")).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &plain).unwrap();
    let whole = encoder.finish().unwrap();
    // The header can be read, the last rows cannot.
    world.write("logs/lookups.csv.gz", &whole[..whole.len() - 12]);

    let failed = world.day("2026-03-02");
    assert_eq!(failed.code, 65, "{}", failed.stderr);
    assert!(world.published().is_empty());
    let ledger = world.ledger();
    assert_eq!(ledger["entries"][0]["state"], "reserved");
    let charged = spent(&ledger);

    let again = world.day("2026-03-02");
    assert_eq!(again.code, 65, "{}", again.stderr);
    assert_eq!(spent(&world.ledger()), charged, "a resumed entry charges nothing more");

    world.write("logs/lookups.csv.gz", &whole);
    let mended = world.day("2026-03-02");
    assert_eq!(mended.code, 0, "{}", mended.stderr);
    let ledger = world.ledger();
    let states = ledger["entries"].as_array().unwrap().iter().map(|entry| &entry["state"]);
    assert_eq!(states.collect::<Vec<_>>(), ["void", "published"]);
    assert_eq!(spent(&ledger), charged);
    assert_eq!(world.run(&["ledger", "verify", "release.toml"]).code, 0);
}

#[test]
fn of_two_runs_at_once_one_draws_and_the_other_finds_it_done() {
    let world = World::new();
    let arguments = ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-10"];
    let mut runs: Vec<_> = (0..2)
        .map(|_| {
            let mut command = world.command(&arguments);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let ran: Vec<Ran> =
        runs.drain(..).map(|run| Ran::of(&run.wait_with_output().unwrap())).collect();
    assert!(ran.iter().all(|ran| ran.code == 0), "{} {}", ran[0].stderr, ran[1].stderr);
    let done = ran.iter().filter(|ran| ran.stdout.contains("already done")).count();
    assert_eq!(done, 1);
    assert_eq!(world.ledger()["entries"].as_array().unwrap().len(), 1);
}

#[test]
fn a_changed_release_file_releases_a_day_again_only_when_asked_to() {
    let world = World::new();
    world.edit("budget_share = 0.7", "budget_share = 0.4");
    world.day("2026-03-02");
    let files = world.published();
    world.edit("by = [\"hour\", \"app\"]", "by = [\"hour\"]");
    let refused = world.day("2026-03-02");
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("--again"), "{}", refused.stderr);
    assert_eq!(world.published(), files);
    let arguments =
        ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-10", "--again"];
    let again = world.run(&arguments);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(world.ledger()["entries"].as_array().unwrap().len(), 2);
    // A third release finds too little left.
    world.edit("by = [\"hour\"]", "by = [\"app\"]");
    let short = world.run(&arguments);
    assert_eq!(short.code, 1);
    assert!(
        short.stderr.contains("2026-03-02") && short.stderr.contains("left"),
        "{}",
        short.stderr
    );
}

/// The rows of a Parquet file in memory.
fn rows(bytes: &[u8]) -> usize {
    let bytes = bytes::Bytes::copy_from_slice(bytes);
    let reader = parquet::file::reader::SerializedFileReader::new(bytes).unwrap();
    let rows = parquet::file::reader::FileReader::metadata(&reader).file_metadata().num_rows();
    usize::try_from(rows).unwrap()
}

#[test]
fn a_draw_that_died_is_drawn_again_with_other_noise_and_the_same_charge() {
    let (world, twin) = (World::with_a_drawn_day(), World::new());
    for file in ["daily.ledger", "daily.ledger.key"] {
        std::fs::copy(world.path(file), twin.path(file)).unwrap();
    }
    let before = world.ledger();
    assert_eq!(before["entries"][0]["state"], "drawn");
    let status = world.run(&["status", "release.toml", "--as-of", "2026-03-10"]).stdout;
    assert!(status.contains("drawn and not stored, the next run goes on with it"), "{status}");
    let values = [&world, &twin].map(|world| {
        let ran = world.day("2026-03-02");
        assert_eq!((ran.code, ran.stdout.contains("released")), (0, true), "{}", ran.stderr);
        let after = world.ledger();
        assert_eq!(spent(&after), spent(&before), "charged once");
        let entries = after["entries"].as_array().unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(
            (&entries[0]["state"], &entries[0]["attempts"]),
            (&"published".into(), &2.into())
        );
        assert_eq!(entries[0]["charge_nano_rho"], before["entries"][0]["charge_nano_rho"]);
        assert_eq!(world.run(&["ledger", "verify", "release.toml"]).code, 0);
        let shown = world.run(&["ledger", "show", "release.toml"]).stdout;
        assert!(shown.contains("drawn 2 times and charged once"), "{shown}");
        let file = world.path("published/volume/day=2026-03-02/part-0.parquet");
        numbers(&std::fs::read(file).unwrap())["value"].clone()
    });
    assert_ne!(values[0], values[1], "two attempts from the same state draw the same noise");
}

#[test]
fn a_draw_that_died_is_good_for_the_logs_of_its_reservation_alone() {
    let world = World::with_a_drawn_day();
    let log = std::fs::read_to_string(world.path("logs/lookups.csv")).unwrap();
    world.write("logs/lookups.csv", log.replacen("sms", "messenger", 1).as_bytes());
    let ran = world.day("2026-03-02");
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    assert!(ran.stderr.contains("restore the files and run again"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("void"), "its charge cannot come back: {}", ran.stderr);
    assert_eq!(world.run(&["ledger", "void", "1", "release.toml"]).code, 1);
    assert!(world.published().is_empty());
    world.write("logs/lookups.csv", log.as_bytes());
    assert_eq!(world.day("2026-03-02").code, 0);
    assert_eq!(world.published().len(), 3);
}

#[test]
fn the_shipped_release_file_runs_on_simulated_logs() {
    let world = World::new();
    let shipped =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/daily-operations.toml");
    world.write("daily-operations.toml", &std::fs::read(shipped).unwrap());
    let simulate = ["simulate", "--out", "lookups", "--days", "2", "--lookups-per-day", "5000"];
    assert_eq!(world.run(&[&simulate[..], &["--requesters", "500"]].concat()).code, 0);
    let run = ["run", "daily-operations.toml", "--from", "2026-01-01", "--to", "2026-01-02"];
    let ran = world.run(&[&run[..], &["--as-of", "2026-01-04"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(world.published().len(), 22);
}

#[test]
fn days_add_up_to_weeks_and_months_for_nothing() {
    let world = World::new();
    world.run(&["run", "release.toml", "--as-of", "2026-03-04"]);
    let before = world.ledger();
    let ran = world.run(&["rollup", "release.toml", "--to", "month", "--out", "rolled", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    // The days of February look empty, and nothing of them was published.
    assert_eq!(json["rolled_up"][0]["question"], "volume");
    assert_eq!(json["rolled_up"][0]["periods"], 1);
    assert_eq!(json["rolled_up"][1]["question"], "sms_share");
    assert_eq!(json["left_out"], serde_json::json!([]));
    assert_eq!(world.ledger(), before, "nothing was spent");
    let file = |name: &str| std::fs::read(world.path(name)).unwrap();
    assert_eq!(rows(&file("rolled/volume_by_month/month=2026-03/part-0.parquet")), 24 * 3);

    let sums = numbers(&file("rolled/volume_by_month/month=2026-03/part-0.parquet"));
    let days = ["2026-03-01", "2026-03-02", "2026-03-03"]
        .map(|day| numbers(&file(&format!("published/volume/day={day}/part-0.parquet"))));
    for row in 0..24 * 3 {
        let value: f64 = days.iter().map(|day| day["value"][row]).sum();
        let variance: f64 = days.iter().map(|day| day["noise_sd"][row].powi(2)).sum();
        assert!((sums["value"][row] - value).abs() < 1e-9);
        assert!((sums["noise_sd"][row] - variance.sqrt()).abs() < 1e-9);
        assert!(sums["ci_low"][row] <= value && value <= sums["ci_high"][row]);
        assert_eq!((sums["days"][row], sums["of_days"][row]), (3.0, 31.0));
    }
    let unknown = world.run(&["rollup", "release.toml", "--to", "week", "--question", "nothing"]);
    assert_eq!(unknown.code, 2);
}

/// The columns of numbers of a Parquet file in memory.
fn numbers(bytes: &[u8]) -> std::collections::BTreeMap<String, Vec<f64>> {
    use arrow_array::cast::AsArray;
    let bytes = bytes::Bytes::copy_from_slice(bytes);
    let builder =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    let batch = builder.with_batch_size(100_000).build().unwrap().next().unwrap().unwrap();
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    columns
        .filter_map(|(field, column)| {
            let numbers = arrow_cast::cast(column, &arrow_schema::DataType::Float64).ok()?;
            let numbers = numbers.as_primitive::<arrow_array::types::Float64Type>();
            Some((field.name().clone(), numbers.values().to_vec()))
        })
        .collect()
}

#[test]
fn a_question_may_have_any_name_and_gets_its_own_table() {
    // "activity" is also the word of the look's kind.
    ["lookups", "activity"].into_iter().for_each(gets_its_own_table);
}

fn gets_its_own_table(name: &str) {
    let world = World::new();
    world.edit(
        "name = \"sms_share\"\nshare = \"route = 'sms'\"\nby = [\"app\"]",
        &format!("name = \"{name}\"\nhistogram = \"lookups per requester\""),
    );
    let ran = world.day("2026-03-02");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let manifest = world.manifest("2026-03-02");
    let tables = manifest["measured_tables"].as_array().unwrap().iter();
    let names: Vec<&str> = tables.map(|table| table["name"].as_str().unwrap()).collect();
    // The look, the histogram, and what every class has.
    assert_eq!((names[0], names[1]), ("requesters by activity", name));
    assert!(names[2..].iter().all(|name| name.starts_with("class ")), "{names:?}");
    let distinct: std::collections::BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(distinct.len(), names.len(), "{names:?}");
}

/// What an earlier release file asked is in what it published.
#[test]
fn a_day_that_another_file_released_is_refused_with_what_differs() {
    let world = World::new();
    assert_eq!(world.day("2026-03-02").code, 0);
    let by = "by = [\"hour\", \"app\"]";
    for (from, to, words) in [
        ("share = \"route = 'sms'\"", "share = \"route = 'messenger'\"", "question `sms_share`"),
        (
            "name = \"volume\"",
            "name = \"load\"",
            "question `load`, which is new, question `volume`, which is gone",
        ),
        (by, "by = [\"hour\", \"app\"]\ntop = 3", "question `volume`"),
        (by, "by = [\"hour\"]", "`by` of question `volume`"),
        (by, "by = [\"hour\", \"route\"]", "`by` of question `volume`"),
        ("\"calls\"]", "\"voice\"]", "`[keys] app`"),
        ("[keys]", "where = \"app <> 'x'\"\n[keys]", "`[logs] where`"),
        (
            by,
            "by = [\"hour\", \"app\"]\nweight = 2",
            "`weight` of a question, or `[privacy] budget_share`",
        ),
        (
            "budget_share = 0.7",
            "budget_share = 0.3",
            "`weight` of a question, or `[privacy] budget_share`",
        ),
    ] {
        let before = std::fs::read(world.path("release.toml")).unwrap();
        world.edit(from, to);
        let ran = world.day("2026-03-02");
        let words = format!("asked otherwise: what differs: {words}\n");
        assert_eq!((ran.code, ran.stderr.contains(&words)), (1, true), "{words}{}", ran.stderr);
        world.write("release.toml", &before);
    }
    // No published file shows what differs: then the kinds of fields that count are named.
    world.edit("[keys]", "day_folder = \"day\"\n[keys]");
    let ran = world.day("2026-03-02");
    assert!(
        ran.stderr.contains("otherwise: what counts is questions with their keys"),
        "{}",
        ran.stderr
    );
}
