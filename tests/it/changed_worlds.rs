//! The world around a ledger changes: each change has one outcome, as the table in `src/ledger`
//! says.

use crate::world::World;

/// A world whose logs lie in one folder for each of three days.
fn in_day_folders() -> World {
    World::in_day_folders(&["2026-03-01", "2026-03-02", "2026-03-03"].map(str::to_owned))
}

/// The days whose logs have changed according to `status`, and its exit code.
fn changed(world: &World, as_of: &str) -> (Vec<String>, i32) {
    let ran = world.run(&["status", "release.toml", "--as-of", as_of, "--check-logs", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let days = json["days"].as_array().unwrap().iter();
    let changed = days.filter(|day| day["logs_changed"] == true);
    (changed.map(|day| day["day"].as_str().unwrap().to_owned()).collect(), ran.code)
}

#[test]
fn a_late_file_is_reported_and_never_released() {
    let world = in_day_folders();
    world.run(&["run", "release.toml", "--as-of", "2026-03-04"]);
    let (published, ledger) = (world.published(), world.ledger());
    assert_eq!(changed(&world, "2026-03-04"), (vec![], 0));

    let late = std::fs::read(world.path("logs/day=2026-03-02/part-0.csv")).unwrap();
    world.write("logs/day=2026-03-02/part-1.csv", &late);
    assert_eq!(changed(&world, "2026-03-04"), (vec!["2026-03-02".to_owned()], 1));
    let again = world.run(&["run", "release.toml", "--as-of", "2026-03-04"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!((world.published(), world.ledger()), (published, ledger));

    // A missing file is a change as well, until the day passes retention: then it should be missing.
    std::fs::remove_dir_all(world.path("logs/day=2026-03-03")).unwrap();
    assert_eq!(changed(&world, "2026-03-04").0, ["2026-03-02", "2026-03-03"]);
    assert_eq!(changed(&world, "2026-04-01T12:00:00Z").0, ["2026-03-03"]);
    assert_eq!(changed(&world, "2026-04-02T00:00:01Z").0, [""; 0]);
}

/// Blocks of Berlin over folders of UTC days, each in two files: the folder of 1 March has the first
/// hour of the block of 2 March as well.
fn in_two_zones() -> World {
    let world = in_day_folders();
    world.edit("epsilon = 1.0", "epsilon = 1.0\ntime_zone = \"Europe/Berlin\"");
    for day in ["2026-03-01", "2026-03-02", "2026-03-03"] {
        let whole = world.path(&format!("logs/day={day}/part-0.csv"));
        let text = std::fs::read_to_string(&whole).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        std::fs::remove_file(whole).unwrap();
        // The rows are in the order of time.
        let noon = lines.iter().position(|line| line.contains("T12:")).unwrap();
        for (name, rows) in [("a", &lines[1..noon]), ("b", &lines[noon..])] {
            let path = format!("logs/day={day}/{name}.csv");
            world.write(&path, format!("{}\n{}\n", lines[0], rows.join("\n")).as_bytes());
            let an_old_one = std::time::SystemTime::now() - std::time::Duration::from_secs(7_200);
            let file = std::fs::File::options().append(true).open(world.path(&path)).unwrap();
            file.set_modified(an_old_one).unwrap();
        }
    }
    world
}

/// Past retention is half of the first folder: one file of it, and two hours of the other.
const HALF_A_DAY: &str = "2026-03-31T14:00:00Z";

#[test]
fn what_retention_takes_is_no_change_of_a_released_day() {
    let world = in_two_zones();
    let released =
        world.run(&["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-04"]);
    assert_eq!(released.code, 0, "{}", released.stderr);
    let retained = world.run(&["retain", "release.toml", "--as-of", HALF_A_DAY]);
    assert!(retained.stdout.contains("rewritten"), "{} {}", retained.stdout, retained.stderr);
    assert!(!world.path("logs/day=2026-03-01/a.csv").exists());
    assert_eq!(changed(&world, HALF_A_DAY).0, [""; 0]);
    // Nor is the next deletion, but any other change of the file is.
    world.run(&["retain", "release.toml", "--as-of", "2026-03-31T16:00:00Z"]);
    assert_eq!(changed(&world, "2026-03-31T16:00:00Z").0, [""; 0]);
    let path = "logs/day=2026-03-01/b.csv";
    let mut text = std::fs::read(world.path(path)).unwrap();
    let last_row = text[..text.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
    text.truncate(last_row + 1);
    world.write(path, &text);
    assert_eq!(changed(&world, "2026-03-31T16:00:00Z").0, ["2026-03-02"]);
}

#[test]
fn what_retention_takes_does_not_keep_a_reserved_day_from_going_on() {
    let world = in_two_zones();
    world.edit("logs/**/*.csv", "logs/**/*.csv*");
    let last = "logs/day=2026-03-02/c.csv.gz";
    world.write(last, &broken());
    let failed =
        world.run(&["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-04"]);
    assert_eq!(failed.code, 65, "{}", failed.stderr);
    assert_eq!(world.ledger()["entries"][0]["state"], "reserved");
    // Deletion would stop at a file that it cannot read.
    std::fs::remove_file(world.path(last)).unwrap();
    let retained = world.run(&["retain", "release.toml", "--as-of", HALF_A_DAY]);
    assert!(retained.stdout.contains("rewritten"), "{} {}", retained.stdout, retained.stderr);
    let run = || world.run(&["run", "release.toml", "--day", "2026-03-02", "--as-of", HALF_A_DAY]);
    let states = || -> Vec<String> {
        let ledger = world.ledger();
        let entries = ledger["entries"].as_array().unwrap().iter();
        entries.map(|entry| entry["state"].as_str().unwrap().to_owned()).collect()
    };
    // With the old file in place the reservation goes on until the file breaks off again.
    world.write(last, &broken());
    let resumed = run();
    assert_eq!(resumed.code, 65, "{}", resumed.stderr);
    assert!(resumed.stderr.contains("cut short"), "{}", resumed.stderr);
    assert_eq!(states(), ["reserved"]);
    // Without it these are other logs.
    std::fs::remove_file(world.path(last)).unwrap();
    let without = run();
    assert_eq!(without.code, 0, "{}", without.stderr);
    assert_eq!(states(), ["void", "published"]);
}

/// Compressed text whose header can be read and whose last rows cannot.
fn broken() -> Vec<u8> {
    let rows =
        "+14155550123,+442079460999,2026-03-02T05:15:00Z,10.9.8.7,calls,sms,12.5\n".repeat(400);
    let text = format!("requester,target,requested_at,client_ip,app,route,latency_ms\n{rows}");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    let whole = encoder.finish().unwrap();
    whole[..whole.len() - 12].to_vec()
}

#[test]
fn without_day_folders_a_change_cannot_be_seen() {
    let world = World::new();
    let ran = world.run(&["status", "release.toml", "--check-logs"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("day_folder"), "{}", ran.stderr);
}

#[test]
fn it_does_not_matter_from_where_logs_are_read() {
    let world = in_day_folders();
    world.run(&["run", "release.toml", "--as-of", "2026-03-04"]);
    let release = world.path("release.toml");
    let ran = world
        .command(&["status", release.to_str().unwrap(), "--as-of", "2026-03-04", "--check-logs"])
        .current_dir("/")
        .output()
        .unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(text.contains("2026-03-01 to 2026-03-03  released\n"), "{text}");
    // The folder of the logs may move together with the release file.
    std::fs::rename(world.path("logs"), world.path("elsewhere")).unwrap();
    world.edit("logs/**/*.csv", "elsewhere/**/*.csv");
    assert_eq!(changed(&world, "2026-03-04"), (vec![], 0));
}

#[test]
fn a_second_ledger_over_the_same_logs_is_refused_unless_it_is_meant() {
    let world = World::new();
    assert_eq!(world.day("2026-03-02").code, 0);
    let mark = std::fs::read_to_string(world.path("logs/.pointillist-ledger")).unwrap();
    assert_eq!(mark.lines().count(), 1);

    world.edit("path = \"daily.ledger\"", "path = \"second.ledger\"");
    let refused = world.day("2026-03-02");
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(refused.stderr.contains("daily.ledger"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--new-ledger"), "{}", refused.stderr);
    assert!(!world.path("second.ledger").exists(), "a refusal makes no ledger");

    let run =
        ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-10", "--out", "other"];
    let meant = [run.as_slice(), &["--new-ledger"]].concat();
    assert_eq!(world.run(&meant).code, 0);
    // Once both are marked, either of them goes on.
    assert_eq!(world.run(&run).code, 0);
    world.edit("path = \"second.ledger\"", "path = \"daily.ledger\"");
    assert_eq!(world.day("2026-03-03").code, 0);

    // A ledger that was lost and made again is another ledger.
    for name in ["daily.ledger", "daily.ledger.key"] {
        std::fs::remove_file(world.path(name)).unwrap();
    }
    let lost = world.day("2026-03-02");
    assert_eq!(lost.code, 1, "{}", lost.stderr);
}

#[test]
fn a_damaged_mark_is_reported_and_a_folder_that_cannot_be_marked_is_no_hindrance() {
    let world = World::new();
    world.write("logs/.pointillist-ledger", b"not a mark\n");
    let damaged = world.day("2026-03-02");
    assert_eq!(damaged.code, 74, "{}", damaged.stderr);
    assert!(damaged.stderr.contains(".pointillist-ledger"), "{}", damaged.stderr);
    assert!(!world.path("daily.ledger").exists());

    // A folder in place of the mark cannot be written, whatever the rights of the user.
    std::fs::remove_file(world.path("logs/.pointillist-ledger")).unwrap();
    std::fs::create_dir(world.path("logs/.pointillist-ledger")).unwrap();
    let ran = world.day("2026-03-02");
    assert_eq!(ran.code, 74, "{}", ran.stderr);
}

#[test]
fn a_clock_that_went_back_neither_draws_again_nor_opens_a_day() {
    let world = World::new();
    assert_eq!(world.day("2026-03-02").code, 0);
    let (published, ledger) = (world.published(), world.ledger());
    let back =
        |day: &str| world.run(&["run", "release.toml", "--day", day, "--as-of", "2026-02-20"]);
    let done = back("2026-03-02");
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout.contains("already done"), "{}", done.stdout);
    let unclosed = back("2026-03-03");
    assert_eq!(unclosed.code, 1);
    assert!(unclosed.stderr.contains("is not over yet"), "{}", unclosed.stderr);
    assert_eq!((world.published(), world.ledger()), (published, ledger));
    // Events noted under the earlier clock still verify.
    let earlier =
        world.run(&["run", "release.toml", "--day", "2026-02-18", "--as-of", "2026-02-20"]);
    assert_eq!(earlier.code, 0, "{}", earlier.stderr);
    assert_eq!(world.run(&["ledger", "verify", "release.toml"]).code, 0);
}

#[test]
fn statements_add_up_what_pairs_and_targets_lose() {
    let world = World::new();
    world.run(&[
        "run",
        "release.toml",
        "--from",
        "2026-03-01",
        "--to",
        "2026-03-03",
        "--as-of",
        "2026-03-10",
    ]);
    let json = world.ledger();
    let totals = json["other_totals"].as_array().unwrap();
    let of = |who: &str, days: &str| {
        let total = totals.iter().find(|total| total["who"] == who).unwrap();
        total["days"][days]["nano_rho"].as_u64().unwrap()
    };
    let pair = "a contact pair, one lookup";
    let one = of(pair, "1");
    assert!(one > 0);
    // It is fixed before the look, and the same every day.
    let blocks = json["blocks"].as_array().unwrap();
    let days: Vec<u64> =
        blocks.iter().map(|block| block["others"][0]["nano_rho"].as_u64().unwrap()).collect();
    let all: u64 = days.iter().sum();
    assert_eq!((days.len(), of(pair, "30"), of(pair, "365")), (3, all, all));
    assert_eq!(days, [one; 3]);
    // One lookup of a target that counts as nothing leaves its requester's other shares as they were;
    // gone altogether it moves them a little. Ten move a table ten times as far.
    let target = of("a target of 1 lookup", "1");
    assert!((target as f64 / one as f64 - 1.0).abs() < 0.01, "{target} {one}");
    let ten = of("a target of 10 lookups", "1") as f64 / target as f64;
    assert!((ten - 100.0).abs() < 0.1, "{ten}");
    let spent = json["blocks"][0]["spent_nano_rho"].as_u64().unwrap();
    assert!(one < spent);
}
