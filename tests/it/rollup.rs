//! Roll-ups over keys: hours to days, countries to regions, and both over weeks.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_schema::DataType;
use serde_json::Value;

use crate::world::World;

/// Two simulated days, released with counts by hour and country, so that they are raked.
fn released() -> World {
    let world = World::new();
    let simulate = ["simulate", "--out", "lookups", "--days", "2", "--lookups-per-day", "40000"];
    assert_eq!(world.run(&[&simulate[..], &["--requesters", "8000"]].concat()).code, 0);
    world.edit("logs/*.csv", "lookups/**/*.parquet");
    world.edit("epsilon = 1.0", "epsilon = 20.0");
    world.edit("by = [\"hour\", \"app\"]", "by = [\"hour\", \"target_country\"]");
    world.edit(
        "app = [\"messages\", \"calls\"]",
        "app = [\"messages\", \"calls\"]\ntarget_country = [\"BR\", \"DE\", \"FR\", \"IN\", \"US\"]",
    );
    world.edit(
        "[[question]]",
        "[[question]]\nname = \"countries\"\ncount = \"lookups\"\nby = [\"target_country\"]\n\
         [[question]]\nname = \"waits\"\nsum = \"latency_ms\"\nrange = [0, 500]\nby = [\"hour\", \"app\"]\n\
         [[question]]\nname = \"busiest\"\ncount = \"lookups\"\nby = [\"hour\"]\ntop = 3\n\
         [[question]]\nname = \"mean_wait\"\nmean = \"latency_ms\"\nrange = [0, 500]\nby = [\"app\"]\n\
         [[question]]\nname = \"typical\"\nquantiles = [0.5]\nof = \"latency_ms\"\nrange = [1, 60000]\n\
         [[question]]\nname = \"people\"\ndistinct = \"requester\"\nby = [\"hour\"]\n\
         [[question]]",
    );
    let run = ["run", "release.toml", "--from", "2026-01-01", "--to", "2026-01-02"];
    let ran = world.run(&[&run[..], &["--as-of", "2026-01-04"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    world
}

/// A file's numbers, words and flags by column, and its metadata.
struct Table {
    numbers: BTreeMap<String, Vec<f64>>,
    flags: BTreeMap<String, Vec<bool>>,
    words: BTreeMap<String, Vec<String>>,
    metadata: Value,
}

fn table(world: &World, path: &str) -> Table {
    let bytes = bytes::Bytes::from(std::fs::read(world.path(path)).unwrap());
    let builder =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    let pairs = builder.metadata().file_metadata().key_value_metadata().unwrap();
    let pair = pairs.iter().find(|pair| pair.key == "pointillist").unwrap();
    let metadata = serde_json::from_str(pair.value.as_deref().unwrap()).unwrap();
    let batch = builder.with_batch_size(100_000).build().unwrap().next().unwrap().unwrap();
    let (mut numbers, mut flags) = (BTreeMap::new(), BTreeMap::new());
    let mut words = BTreeMap::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let name = field.name().clone();
        if *field.data_type() == DataType::Utf8 {
            let column = column.as_string::<i32>();
            words.insert(name, column.iter().map(|word| word.unwrap().to_owned()).collect());
        } else if let Some(column) = column.as_boolean_opt() {
            flags.insert(name, column.iter().map(Option::unwrap).collect());
        } else if let Ok(column) = arrow_cast::cast(column, &DataType::Float64) {
            numbers.insert(name, column.as_primitive::<Float64Type>().values().to_vec());
        }
    }
    Table { numbers, flags, words, metadata }
}

#[test]
fn hours_drop_out_and_agree_with_the_question_without_them() {
    let world = released();
    let before = world.ledger();
    let ran = world.run(&[
        "rollup",
        "release.toml",
        "--to",
        "day",
        "--drop",
        "hour",
        "--out",
        "rolled",
        "--json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(world.ledger(), before, "nothing was spent");
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    let names = |list: &str, field: &str| -> Vec<String> {
        let list = json[list].as_array().unwrap().iter();
        list.map(|entry| entry[field].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("rolled_up", "folder"), ["waits_without_hour", "volume_without_hour"]);
    assert_eq!(
        names("left_out", "question"),
        ["countries", "busiest", "mean_wait", "typical", "people", "sms_share"]
    );

    let day = "day=2026-01-02/part-0.parquet";
    let sums = table(&world, &format!("rolled/volume_without_hour/{day}"));
    let cells = table(&world, &format!("published/volume/{day}"));
    let asked = table(&world, &format!("published/countries/{day}"));
    assert_eq!(sums.words["target_country"], asked.words["target_country"]);
    assert_eq!(sums.metadata["dropped"], serde_json::json!(["hour"]));
    assert!(!sums.numbers.contains_key("hour") && !sums.numbers.contains_key("days"));
    for row in 0..6 {
        let of_country = || (0..24).map(|hour| hour * 6 + row);
        let value: f64 = of_country().map(|cell| cells.numbers["value"][cell]).sum();
        let sds = || of_country().map(|cell| cells.numbers["noise_sd"][cell]);
        // Cells that were raked share the noise of their total.
        let is_raked = cells.metadata["raked"] == true;
        let sd = if is_raked { sds().sum() } else { sds().map(|sd| sd * sd).sum::<f64>().sqrt() };
        assert!((sums.numbers["value"][row] - value).abs() < 1e-9);
        assert!((value - asked.numbers["value"][row]).abs() <= 12.5);
        assert!((sums.numbers["noise_sd"][row] / sd - 1.0).abs() < 1e-12);
        assert!(!is_raked || sd > 0.99 * asked.numbers["noise_sd"][row]);
        let (low, high) = (sums.numbers["ci_low"][row], sums.numbers["ci_high"][row]);
        // Nothing is narrower than the noise.
        let noise = 1.959_963 * sd;
        assert!(low <= value - noise && value + noise <= high, "{low} {value} {high}");
        assert_eq!(sums.flags["uninformative"][row], (high - low) / 2.0 > value.max(mean(&sums)));
    }

    let hours = table(&world, &format!("published/waits/{day}"));
    let waits = table(&world, &format!("rolled/waits_without_hour/{day}"));
    for row in 0..3 {
        let of_app = || (0..24).map(|hour| hour * 3 + row);
        let value: f64 = of_app().map(|cell| hours.numbers["value"][cell]).sum();
        let variance: f64 = of_app().map(|cell| hours.numbers["noise_sd"][cell].powi(2)).sum();
        assert!((waits.numbers["value"][row] / value - 1.0).abs() < 1e-12);
        assert!((waits.numbers["noise_sd"][row] / variance.sqrt() - 1.0).abs() < 1e-12);
        let half = (waits.numbers["ci_high"][row] - waits.numbers["ci_low"][row]) / 2.0;
        assert_eq!(waits.flags["uninformative"][row], half > waits.numbers["value"][row].abs());
    }
}

fn mean(table: &Table) -> f64 {
    let values = &table.numbers["value"];
    values.iter().sum::<f64>() / values.len() as f64
}

/// What one unit loses is stated for the days that were added up, from what each day states.
#[test]
fn sums_carry_the_promise_of_their_days() {
    let world = released();
    let ran = world.run(&["rollup", "release.toml", "--to", "week", "--out", "rolled"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let week = table(&world, "rolled/countries_by_week/week=2026-W01/part-0.parquet").metadata;
    let days = ["2026-01-01", "2026-01-02"];
    assert_eq!(week["days"], serde_json::json!(days));
    let rho = |of: &str| week["promise"][of]["rho"].as_f64().unwrap();
    let files = days.map(|day| {
        let path = format!("published/countries/day={day}/part-0.parquet");
        table(&world, &path).metadata["rho"].as_f64().unwrap()
    });
    assert!((rho("tables") - files.iter().sum::<f64>()).abs() < 3e-9);
    let manifests = days.map(|day| {
        let text = std::fs::read(world.path(&format!("published/_manifest/day={day}.json")));
        let manifest: Value = serde_json::from_slice(&text.unwrap()).unwrap();
        manifest["guarantee"]["one_day"].clone()
    });
    let of_days = manifests.iter().map(|day| day["rho"].as_f64().unwrap()).sum::<f64>();
    assert!((rho("releases") - of_days).abs() < 3e-9);
    // More than one day loses, and less than two that are added up as epsilons.
    let epsilon = week["promise"]["releases"]["epsilon"].as_f64().unwrap();
    let one = manifests[0]["epsilon"].as_f64().unwrap();
    assert!(one < epsilon && epsilon < 2.0 * one, "{one} {epsilon}");
    assert_eq!(week["promise"]["releases"]["delta"], manifests[0]["delta"]);
}

/// A share of several days or cells is all lookups that meet the condition over all lookups, and a mean alike.
#[test]
fn shares_and_means_are_averaged_by_their_lookups() {
    let world = released();
    let roll = |more: &[&str]| {
        let asked = ["rollup", "release.toml", "--out", "rolled", "--question"];
        let ran = world.run(&[&asked[..], more].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    };
    let days = ["2026-01-01", "2026-01-02"];
    for (question, range) in [("sms_share", [0.0, 1.0]), ("mean_wait", [0.0, 500.0])] {
        roll(&[question, "--to", "week"]);
        roll(&[question, "--to", "week", "--drop", "app"]);
        let read =
            |day: &str| table(&world, &format!("published/{question}/day={day}/part-0.parquet"));
        let days = days.map(read);
        let period = "week=2026-W01/part-0.parquet";
        let week = table(&world, &format!("rolled/{question}_by_week/{period}"));
        assert_eq!(week.words["app"], days[0].words["app"]);
        let mut all = [0.0; 2];
        for row in 0..week.words["app"].len() {
            let of = |day: &Table, name: &str| day.numbers[name][row];
            let lookups: f64 = days.iter().map(|day| of(day, "of_lookups").max(0.5)).sum();
            let parts = days.iter().map(|day| of(day, "of_lookups").max(0.5) * of(day, "value"));
            let whole: f64 = parts.sum();
            all = [all[0] + whole, all[1] + lookups];
            assert!(
                (week.numbers["value"][row] - whole / lookups).abs() < 1e-9,
                "{question} {row}"
            );
            assert!((week.numbers["of_lookups"][row] - lookups).abs() < 2.0);
            let ends = ["ci_low", "ci_high"].map(|name| week.numbers[name][row]);
            assert!(range[0] <= ends[0] && ends[0] < ends[1] && ends[1] <= range[1], "{ends:?}");
            // Noise is independent, so that an average has less than the noisier day.
            let sd = week.numbers["noise_sd"][row];
            assert!(days.iter().any(|day| sd < of(day, "noise_sd")), "{question} {row}");
        }
        assert_eq!(week.flags["whole_period"], [false; 3]);
        let whole = table(&world, &format!("rolled/{question}_without_app_by_week/{period}"));
        assert_eq!(whole.numbers["value"].len(), 1);
        // Cells are averaged first, and their rounded sizes differ by less than one lookup.
        let expected = all[0] / all[1];
        assert!((whole.numbers["value"][0] / expected - 1.0).abs() < 1e-3, "{question}");
        assert_eq!(whole.metadata["whole_period"], false);
        assert_eq!(whole.metadata["of_days"], 7);
    }
    let ran = world.run(&[
        "compare",
        "rolled",
        "--question",
        "sms_share_without_app",
        "2026-W01",
        "2026-W02",
    ]);
    assert!(ran.code == 2 && ran.stderr.contains("week=2026-W02"), "{}", ran.stderr);
}

/// Roll-ups of several processes into one output leave each other's files alone.
#[test]
fn roll_ups_at_once_leave_each_other_alone() {
    let world = released();
    let rolls = [["--to", "week"], ["--to", "month"]];
    for _ in 0..3 {
        let mut running: Vec<_> = rolls
            .iter()
            .chain(&rolls)
            .map(|to| {
                let mut command = world.command(&["rollup", "release.toml", to[0], to[1]]);
                command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        for ran in running.drain(..) {
            let ran = ran.wait_with_output().unwrap();
            assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        }
        let made = ["countries_by_week/week=2026-W01", "countries_by_month/month=2026-01"];
        for folder in made {
            table(&world, &format!("published/{folder}/part-0.parquet"));
            std::fs::remove_dir_all(world.path(&format!("published/{folder}"))).unwrap();
        }
        let names = std::fs::read_dir(world.path("published")).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        let left = names.iter().any(|name| name.to_string_lossy().starts_with("_tmp"));
        assert!(!left, "{names:?}");
    }
}

#[test]
fn countries_become_regions_over_weeks() {
    let world = released();
    let ran = world.run(&[
        "rollup",
        "release.toml",
        "--to",
        "week",
        "--drop",
        "hour",
        "--regions",
        "--question",
        "volume",
        "--out",
        "rolled",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let week = "week=2026-W01/part-0.parquet";
    let sums = table(&world, &format!("rolled/volume_without_hour_in_regions_by_week/{week}"));
    // Regions without a listed country have no row: what they hold counts as `other`.
    assert_eq!(sums.words["target_region"], ["Americas", "Asia", "Europe", "other"]);
    assert_eq!(
        sums.metadata["grouped"]["target_country"]["Americas"],
        serde_json::json!(["BR", "US"])
    );
    let days = ["2026-01-01", "2026-01-02"]
        .map(|day| table(&world, &format!("published/volume/day={day}/part-0.parquet")));
    let europe: f64 = days
        .iter()
        .flat_map(|day| day.words["target_country"].iter().zip(&day.numbers["value"]))
        .filter(|(country, _)| ["DE", "FR"].contains(&country.as_str()))
        .map(|(_, value)| value)
        .sum();
    assert!((sums.numbers["value"][2] - europe).abs() < 1e-9);
    assert_eq!((sums.numbers["days"][2], sums.numbers["of_days"][2]), (2.0, 7.0));
    let inspected = world.run(&[
        "inspect",
        "rolled/volume_without_hour_in_regions_by_week/week=2026-W01/part-0.parquet",
    ]);
    insta::assert_snapshot!(inspected.stdout, @r#"
    rolled/volume_without_hour_in_regions_by_week/week=2026-W01/part-0.parquet: volume of release daily,
    week 2026-W01 (UTC)
    4 rows; columns target_region, value, noise_sd, ci_low, ci_high, uninformative, days, of_days,
    whole_period, date

    value is the answer with its noise; ci_low to ci_high aims to hold the number of lookups that a full
    count would give, in 95 of 100 cases. It allows for the noise and for how far heavy users usually
    differ from light ones. If one requester makes more than about a tenth of a row's lookups, most of
    that requester's lookups may be missing in the row, and the row's interval may lie too low. noise_sd
    is the standard deviation of the noise alone. A row marked uninformative says nothing.

    Adding up published values reveals nothing more about anybody. For any requester, everything that
    this release published of the 2 days added up here comes to epsilon 24.87 at delta 9e-7. The tables
    behind these sums alone come to epsilon 10.87 at delta 9e-7. What is promised of each day is in its
    own files.
    "#);
}

#[test]
fn bins_of_a_histogram_add_up_over_days() {
    let world = World::new();
    world.edit(
        "[[question]]",
        "[[question]]\nname = \"habits\"\nhistogram = \"lookups per requester\"\n[[question]]",
    );
    let run = ["run", "release.toml", "--from", "2026-03-02", "--to", "2026-03-03"];
    let ran = world.run(&[&run[..], &["--as-of", "2026-03-10"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ran = world.run(&["rollup", "release.toml", "--to", "week", "--question", "habits"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let days = ["2026-03-02", "2026-03-03"]
        .map(|day| table(&world, &format!("published/habits/day={day}/part-0.parquet")));
    let week = table(&world, "published/habits_by_week/week=2026-W10/part-0.parquet");
    for bounds in ["bin_low", "bin_high"] {
        assert_eq!(week.numbers[bounds], days[0].numbers[bounds]);
    }
    for (row, sum) in week.numbers["value"].iter().enumerate() {
        let values = days.iter().map(|day| day.numbers["value"][row]);
        assert!((sum - values.sum::<f64>()).abs() < 1e-9);
    }
    assert!(week.numbers["days"].iter().all(|days| (days - 2.0).abs() < 1e-9));
}

#[test]
fn what_cannot_be_added_up_is_refused_with_the_reason() {
    let world = released();
    let refused = |arguments: &[&str]| {
        let ran = world.run(&[&["rollup", "release.toml", "--json"], arguments].concat());
        let json: Value = serde_json::from_str(&ran.stdout).unwrap();
        (ran.code, json["error"]["help"].as_str().unwrap().to_owned())
    };
    let day = ["--to", "day", "--drop", "hour", "--question"];
    for (question, reason) in [
        ("people", "a requester of two days, or of two rows, would count twice"),
        ("typical", "quantiles of several days or cells do not follow"),
        ("busiest", "only the largest rows of each day"),
        ("countries", "it has no key `hour` to drop"),
    ] {
        let (code, help) = refused(&[&day[..], &[question]].concat());
        assert!(code == 1 && help.contains(reason), "{question}: {code} {help}");
    }
    let (code, help) = refused(&["--to", "week", "--regions", "--question", "waits"]);
    assert!(code == 1 && help.contains("no countries"), "{code} {help}");
    let (code, help) = refused(&["--to", "day"]);
    assert!(code == 2 && help.contains("--drop KEY"), "{code} {help}");
    let (code, help) = refused(&["--to", "week", "--drop", "nothing"]);
    assert!(code == 2 && help.contains("some question names"), "{code} {help}");
    // Another question's folder is not written into.
    world.edit("name = \"busiest\"", "name = \"volume_without_hour\"");
    let (code, help) = refused(&["--to", "day", "--drop", "hour"]);
    assert!(code == 2 && help.contains("--out"), "{code} {help}");
}

#[test]
fn questions_that_are_left_out_for_one_reason_are_named_together() {
    let world = released();
    let ran =
        world.run(&["rollup", "release.toml", "--to", "week", "--regions", "--out", "rolled"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let reason = "it has no countries to group into regions";
    let line = format!("left out: waits, mean_wait, sms_share, because {reason}\n");
    assert!(ran.stdout.contains(&line), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches(reason).count(), 1, "{}", ran.stdout);
}
