//! `compare`: two published days, weeks or months of a question, from published files alone.

use serde_json::Value;

use crate::world::{HEADER, Ran, World, rows_of};

/// Three days, of which the last has a third of the requesters, released with another question.
fn world() -> World {
    let world = World::new();
    let third = rows_of("2026-03-03");
    let few = third.lines().enumerate().filter(|(place, _)| place % 300 < 100);
    let few: String = few.map(|(_, row)| format!("{row}\n")).collect();
    let days = ["2026-03-01", "2026-03-02"].map(rows_of).concat();
    world.write("logs/lookups.csv", format!("{HEADER}{days}{few}").as_bytes());
    let more = "[[question]]\nname = \"people\"\ndistinct = \"requester\"\n\n[[question]]\n\
                name = \"waits\"\nquantiles = [0.5]\nof = \"latency_ms\"\nrange = [1, 60000]\n\n\
                [[question]]\n";
    world.edit("[[question]]\n", more);
    let range = ["run", "release.toml", "--from", "2026-03-01", "--to", "2026-03-03"];
    let ran = world.run(&[&range[..], &["--as-of", "2026-03-10"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    world
}

fn compared(world: &World, question: &str, periods: [&str; 2], more: &[&str]) -> Ran {
    let asked = ["compare", "published", "--question", question, periods[0], periods[1]];
    world.run(&[&asked[..], more].concat())
}

fn json(world: &World, question: &str, periods: [&str; 2]) -> Value {
    let ran = compared(world, question, periods, &["--json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn a_difference_is_real_where_its_interval_leaves_out_zero() {
    let world = world();
    // Published files are enough.
    for private in ["daily.ledger", "daily.ledger.key", "logs/lookups.csv"] {
        std::fs::remove_file(world.path(private)).unwrap();
    }
    let people = json(&world, "people", ["2026-03-02", "2026-03-03"]);
    let row = &people["rows"][0];
    assert_eq!(row["real"], "lower", "{people}");
    assert!((people["widened"].as_f64().unwrap() - 1.0).abs() < 1e-9, "{people}");
    assert!(
        row["difference"]["high"].as_f64().unwrap() < 0.0 && row["keys"] == serde_json::json!({})
    );
    assert!(row["ratio"]["high"].as_f64().unwrap() < 1.0, "{people}");
    let text = compared(&world, "people", ["2026-03-02", "2026-03-03"], &[]).stdout;
    assert!(text.contains("lower\n\n2026-03-03 is lower than 2026-03-02."), "{text}");

    // 72 rows of days that are alike: the intervals hold for all of them at once.
    let volume = json(&world, "volume", ["2026-03-01", "2026-03-02"]);
    let rows = volume["rows"].as_array().unwrap();
    assert_eq!((rows.len(), &volume["keys"]), (72, &serde_json::json!(["hour", "app"])));
    // 0.05 divided by 72 on two sides, in deviations of a normal, divided by 1.96.
    assert!((volume["widened"].as_f64().unwrap() - 3.391_36 / 1.959_96).abs() < 1e-3, "{volume}");
    for row in rows {
        let end = |of: &str, end: &str| row[of][end].as_f64().unwrap();
        assert!(end("difference", "low") <= end("difference_alone", "low"), "{row}");
        assert!(end("difference", "high") >= end("difference_alone", "high"), "{row}");
        let values = row["values"].as_array().unwrap();
        let apart = values[1].as_f64().unwrap() - values[0].as_f64().unwrap();
        assert!((end("difference", "value") - apart).abs() < 1e-9, "{row}");
        let is_real = end("difference", "low") > 0.0 || end("difference", "high") < 0.0;
        assert_eq!(row["real"] != "not-shown", is_real, "{row}");
    }
    let text = compared(&world, "volume", ["2026-03-01", "2026-03-02"], &[]).stdout;
    assert!(
        text.contains("Because all 72 rows are compared at once") && text.lines().count() < 72,
        "{text}"
    );
    assert_eq!(
        json(&world, "sms_share", ["2026-03-01", "2026-03-02"])["rows"][0]["keys"]["app"],
        "calls"
    );
}

#[test]
fn weeks_are_those_that_rollup_made_and_unequal_ones_are_compared_by_day() {
    let world = world();
    let ran = compared(&world, "volume", ["2026-W09", "2026-W10"], &[]);
    assert!(
        ran.code == 2 && ran.stderr.contains("rollup RELEASE.toml --to week"),
        "{}",
        ran.stderr
    );
    assert_eq!(world.run(&["rollup", "release.toml", "--to", "week"]).code, 0);
    let ran = compared(&world, "volume", ["2026-W09", "2026-W10"], &[]);
    assert!(ran.stdout.contains("week 2026-W10 beside 2026-W09 (UTC), per day"), "{}", ran.stdout);
    assert!(ran.stderr.contains("2026-W09 adds up 1 of 7 days"), "{}", ran.stderr);
    let weeks = json(&world, "volume_by_week", ["2026-W09", "2026-W10"]);
    assert_eq!((&weeks["per_day"], &weeks["grain"]), (&true.into(), &"week".into()));
    // The first week has one day, so an average day is that day.
    let days = json(&world, "volume", ["2026-03-01", "2026-03-02"]);
    assert_eq!(weeks["rows"][5]["values"][0], days["rows"][5]["values"][0]);
}

#[test]
fn what_has_no_right_difference_is_refused_by_name() {
    let world = world();
    let day = "2026-03-02";
    for (question, periods, code, words) in [
        ("waits", [day, "2026-03-03"], 1, "bins whose width is not in their intervals"),
        ("volume", [day, day], 2, "compared with itself"),
        ("volume", [day, "2026-W10"], 2, "not of one kind"),
        ("volume", [day, "2026-02-30"], 2, "`2026-02-30` is no day, week or month"),
        ("volume", ["2026-W54", "2026-W10"], 2, "no day, week or month"),
        ("volume", [day, "2026-03-09"], 2, "pointillist status"),
        ("volumes", [day, "2026-03-03"], 2, "name one of these with --question: "),
        ("people", ["2026-W09", "2026-W10"], 2, "if values of this kind do not add up"),
    ] {
        let ran = compared(&world, question, periods, &[]);
        assert_eq!(ran.code, code, "{question} {periods:?} {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{question} {periods:?} {}", ran.stderr);
    }
    let path = world.path("published/volume/day=2026-03-03/part-0.parquet");
    std::fs::write(path, b"PAR1 something else PAR1").unwrap();
    let ran = compared(&world, "volume", [day, "2026-03-03"], &[]);
    let words = "is not as it was published";
    assert!(ran.code == 65 && ran.stderr.contains(words), "{}", ran.stderr);
}

#[test]
fn days_that_were_asked_otherwise_are_refused_or_lose_what_has_another_meaning() {
    let world = World::in_day_folders(&["2026-03-02".to_owned(), "2026-03-03".to_owned()]);
    assert_eq!(world.day("2026-03-02").code, 0);
    world.edit("app = [", "app = [\"fresh\", ");
    world.edit("share = \"route = 'sms'\"", "share = \"route = 'messenger'\"");
    assert_eq!(world.day("2026-03-03").code, 0);
    let days = ["2026-03-02", "2026-03-03"];
    let ran = compared(&world, "sms_share", days, &[]);
    assert!(ran.code == 1 && ran.stderr.contains("their `details` differs"), "{}", ran.stderr);
    let volume = json(&world, "volume", days);
    let rows = volume["rows"].as_array().unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| row["keys"]["app"] != "other"), "{volume}");
    let warnings = volume["warnings"].to_string();
    assert!(
        warnings.contains("rows `other`") && warnings.contains("changed between"),
        "{warnings}"
    );
}

#[test]
fn a_file_that_was_changed_is_refused_and_one_that_no_manifest_lists_is_named() {
    let world = world();
    let path = |day: &str| world.path(&format!("published/volume/day={day}/part-0.parquet"));
    let days = ["2026-03-01", "2026-03-02"];
    std::fs::copy(path("2026-03-03"), path(days[1])).unwrap();
    let ran = compared(&world, "volume", days, &[]);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    assert!(ran.stderr.contains("day=2026-03-02/part-0.parquet is not as it was published"));
    for day in days {
        std::fs::remove_file(world.path(&format!("published/_manifest/day={day}.json"))).unwrap();
    }
    let ran = compared(&world, "volume", days, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("so nothing shows whether it was changed").count(), 2);
}

#[test]
fn days_that_count_other_rows_are_refused() {
    let world = World::in_day_folders(&["2026-03-02".to_owned(), "2026-03-03".to_owned()]);
    assert_eq!(world.day("2026-03-02").code, 0);
    world.edit("[logs]\n", "[logs]\nwhere = \"app <> 'calls'\"\n");
    assert_eq!(world.day("2026-03-03").code, 0);
    let ran = compared(&world, "volume", ["2026-03-02", "2026-03-03"], &[]);
    assert!(ran.code == 1 && ran.stderr.contains("their `where` differs"), "{}", ran.stderr);
}

/// A key may hold anything, and a terminal obeys what it is sent.
#[test]
fn keys_do_not_reach_a_terminal_as_orders_to_it() {
    let world = World::in_day_folders(&["2026-03-02".to_owned(), "2026-03-03".to_owned()]);
    world.edit("app = [", "app = [\"red\\u001b[31m\\u009b2J\", ");
    for day in ["2026-03-02", "2026-03-03"] {
        assert_eq!(world.day(day).code, 0);
    }
    let path = world.path("logs");
    let named = path.join("day=2026-03-03").join("b\u{1b}]0;x\u{7}.csv");
    std::fs::write(named, "a,b\n").unwrap();
    let file = "published/volume/day=2026-03-03/part-0.parquet";
    for asked in [
        &["compare", "published", "--question", "sms_share", "2026-03-02", "2026-03-03"][..],
        &["check", "release.toml"],
        &["status", "release.toml", "--as-of", "2026-03-05"],
        &["inspect", file],
        &["plan", "release.toml"],
    ] {
        let ran = world.run(asked);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!said.contains(['\u{1b}', '\u{9b}', '\u{7}']), "{asked:?} {said}");
        assert!(asked[0] != "compare" || said.contains("red\\u{1b}[31m\\u{9b}2J"), "{said}");
    }
}

#[test]
fn what_is_damaged_a_folder_or_a_manifest_is_called_so() {
    let world = world();
    let file = "published/people/day=2026-03-01/part-0.parquet";
    let whole = std::fs::read(world.path(file)).unwrap();
    let manifest = "published/_manifest/day=2026-03-01.json";
    let inspected = |path: &str| world.run(&["inspect", path]);
    for (path, code, words) in [
        ("published", 2, "published is a folder"),
        ("published/people/day=2026-03-01", 2, "is a folder"),
        (manifest, 2, "is a manifest and no table"),
        ("logs/lookups.csv", 65, "was not published by pointillist"),
        ("published/nothing.parquet", 2, "cannot be opened"),
    ] {
        let ran = inspected(path);
        assert_eq!((ran.code, ran.stderr.contains(words)), (code, true), "{path}: {}", ran.stderr);
    }
    let compare = || compared(&world, "people", ["2026-03-01", "2026-03-02"], &[]);
    let longer = [&whole[..], b"x"].concat();
    let cut = &whole[..whole.len() - 9];
    for bytes in [&longer[..], cut] {
        world.write(file, bytes);
        let ran = inspected(file);
        assert_eq!(ran.code, 65, "{}", ran.stderr);
        assert!(ran.stderr.contains("is damaged: it is not as it was written"), "{}", ran.stderr);
        assert!(ran.stderr.contains("run `pointillist run` again"), "{}", ran.stderr);
        let ran = compare();
        assert_eq!(ran.code, 65, "{}", ran.stderr);
        assert!(ran.stderr.contains("is not as it was published"), "{}", ran.stderr);
    }
    // Without the manifest there is no digest to compare, but a damaged file is still not taken for one of
    // another program.
    std::fs::remove_file(world.path(manifest)).unwrap();
    for (bytes, words) in [(&longer[..], "is damaged"), (b"other", "was not published by")] {
        world.write(file, bytes);
        let ran = compare();
        assert_eq!((ran.code, ran.stderr.contains(words)), (65, true), "{}", ran.stderr);
    }
}
