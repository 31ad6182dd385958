//! Legal holds: entering, extending, lifting and opening them, and what can go wrong.

use crate::archive_world::{ArchiveWorld, HOUR, Row, START, crowd, instant, number};

const DAY: i64 = 24 * HOUR;

fn two_days() -> Vec<Row> {
    (0..48).map(|hour| (START + hour * HOUR, number(hour as usize % 5), number(9))).collect()
}

/// A world with two days of rows, half of them past retention after 31 days.
fn world() -> ArchiveWorld {
    let world = ArchiveWorld::new();
    world.write_log("x.csv", &two_days());
    world.begin();
    world
}

fn add(world: &ArchiveWorld, order: &str, more: &[&str]) -> crate::world::Ran {
    add_at(world, START, order, more)
}

fn add_at(world: &ArchiveWorld, now: i64, order: &str, more: &[&str]) -> crate::world::Ran {
    let recipient = world.recipient();
    let base = [
        "hold",
        "add",
        "release.toml",
        "--order",
        order,
        "--from",
        "2026-03-01",
        "--to",
        "2026-03-01",
        "--recipient",
        &recipient,
    ];
    world.run_at(now, &[&base, more].concat())
}

fn open(world: &ArchiveWorld, order: &str, identity: &str, out: &str) -> crate::world::Ran {
    let open = ["hold", "open", "release.toml", "--order", order, "--identity", identity];
    world.run_at(START + 32 * DAY, &[&open[..], &["--out", out]].concat())
}

#[test]
fn each_bad_order_is_refused_and_nothing_is_entered() {
    let world = world();
    let good = number(1);
    let rows: [(&str, &[&str], i32, &str); 9] = [
        ("A", &["--number", "12345"], 2, "number 1 of the order is not valid"),
        ("A", &["--number", &good, "--number", "none"], 2, "number 2 of the order is not valid"),
        ("A", &["--number", &good, "--expires", "2026-02-28"], 2, "is not after"),
        ("A", &["--number", &good, "--recipient", "age1nonsense"], 2, "not an age public key"),
        ("A", &["--number", &good, "--numbers", "nowhere"], 74, "cannot be read"),
        ("", &["--number", &good], 2, "no reference"),
        (&good, &["--number", &good], 2, "holds one of its numbers"),
        ("of (415) 555-0107", &["--number", &good], 2, "holds one of its numbers"),
        ("A", &[], 2, "--number"),
    ];
    for (order, more, code, words) in rows {
        // The one reference that is a number was typed by the caller.
        let ran = add(&world, order, more);
        assert_eq!(ran.code, code, "{words}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    let ran = world.run(&["hold", "list", "release.toml"]);
    assert!(ran.stdout.contains("no order was ever entered"), "{}", ran.stdout);
    for verb in ["extend", "lift"] {
        let ran = world.run(&["hold", verb, "release.toml", "--order", "A"]);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
    }
}

#[test]
fn an_order_is_entered_once_extended_in_steps_and_lapses() {
    let world = world();
    assert_eq!(add(&world, "A", &["--number", &number(1)]).code, 0);
    let twice = add(&world, "A", &["--number", &number(2)]);
    assert_eq!(twice.code, 1, "{}", twice.stderr);
    assert!(twice.stderr.contains("held already"));
    let at = |day: i64| instant(START + day * DAY);
    let extend =
        |day| world.run_at(START + day * DAY, &["hold", "extend", "release.toml", "--order", "A"]);
    // 30 days from the start, then twice 30 more, each from the previous end.
    assert_eq!(extend(29).code, 0);
    assert_eq!(extend(59).code, 0);
    let list = world.run_at(START + 89 * DAY, &["hold", "list", "release.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(json["holds"][0]["expires"], at(90));
    assert_eq!(json["holds"][0]["extensions"], 2);
    assert_eq!(json["holds"][0]["state"], "active");
    let late = extend(90);
    assert_eq!(late.code, 1, "{}", late.stderr);
    assert!(late.stderr.contains("lapsed"));
    world.verify();
    let report = world.run(&["hold", "report", "release.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    let sum = |name: &str| -> u64 {
        json["months"].as_array().unwrap().iter().map(|month| month[name].as_u64().unwrap()).sum()
    };
    assert_eq!((sum("orders"), sum("extensions"), sum("openings")), (1, 2, 0));
}

#[test]
fn an_opening_hands_over_rows_digests_and_a_statement() {
    let world = world();
    assert_eq!(
        add(
            &world,
            "A-1",
            &["--number", &number(1), "--role", "requester", "--expires", "2026-05-01"]
        )
        .code,
        0
    );
    assert_eq!(
        add(
            &world,
            "A-2",
            &["--number", &number(9), "--role", "target", "--expires", "2026-05-01"]
        )
        .code,
        0
    );
    assert_eq!(add(&world, "A-3", &["--number", &number(70), "--expires", "2026-05-01"]).code, 0);
    world.retain(START + 31 * DAY);
    let day: Vec<Row> = two_days().into_iter().take(24).collect();
    let of_one: Vec<Row> = day.iter().filter(|row| row.1 == number(1)).cloned().collect();
    // Overlapping orders each get the rows that both ask for.
    assert_eq!(world.disclosed("A-1", START + 32 * DAY), of_one);
    assert_eq!(world.disclosed("A-2", START + 32 * DAY), day);
    let empty = open(&world, "A-3", "custodian", "three");
    assert_eq!(empty.code, 1, "{}", empty.stderr);
    assert!(empty.stderr.contains("no row was sealed"));

    assert_eq!(open(&world, "A-1", "custodian", "package").code, 0);
    let statement = std::fs::read_to_string(world.path("package/statement.txt")).unwrap();
    for words in [
        "ORDER A-1",
        "A look-up is not a message",
        "does not prove that a conversation took place",
        "from 2026-03-01T00:00:00Z up to, and not including, 2026-03-02T00:00:00Z",
        "No record of the period had been deleted",
        "The whole period has passed retention",
    ] {
        assert!(statement.contains(words), "{words}\n{statement}");
    }
    let check = std::process::Command::new("sha256sum")
        .args(["--check", "--strict", "SHA256SUMS"])
        .current_dir(world.path("package"))
        .output()
        .unwrap();
    assert!(check.status.success(), "{check:?}");
    let csv = std::fs::read_to_string(world.path("package/rows.csv")).unwrap();
    assert!(csv.starts_with(
        "at,requester,target,file,log.note,log.requested_at,log.requester,log.target\n"
    ));
    let again = open(&world, "A-1", "custodian", "package");
    assert_eq!(again.code, 2, "{}", again.stderr);
}

#[test]
fn a_late_order_learns_what_was_deleted_before_it() {
    let world = world();
    world.retain(START + 30 * DAY + 12 * HOUR);
    let (number, recipient) = (number(9), world.recipient());
    let add = ["hold", "add", "release.toml", "--order", "A", "--number", &number];
    let window = ["--from", "2026-03-01", "--to", "2026-03-02", "--recipient", &recipient];
    let ran = world.run_at(START + 30 * DAY + 13 * HOUR, &[&add[..], &window].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    world.retain(START + 31 * DAY);
    assert_eq!(open(&world, "A", "custodian", "package").code, 0);
    let statement = std::fs::read_to_string(world.path("package/statement.txt")).unwrap();
    assert!(
        statement.contains("records before 2026-03-01T12:00:00Z had been deleted"),
        "{statement}"
    );
    assert!(
        statement.contains("from 2026-03-02T00:00:00Z on had not passed retention"),
        "{statement}"
    );
}

#[test]
fn a_deletion_after_an_order_was_not_before_it_whatever_instant_it_names() {
    let world = world();
    let now = START + 32 * DAY;
    assert_eq!(add_at(&world, now, "A", &["--number", &number(9)]).code, 0);
    // It looks back to the day before the order.
    let retain = ["retain", "release.toml", "--as-of", &instant(START + 31 * DAY)];
    assert_eq!(world.run_at(now, &retain).code, 1);
    assert_eq!(open(&world, "A", "custodian", "package").code, 0);
    let statement = std::fs::read_to_string(world.path("package/statement.txt")).unwrap();
    assert!(statement.contains("No record of the period had been deleted"), "{statement}");
    assert_eq!(world.disclosed("A", now).len(), 24);
}

#[test]
fn what_is_about_to_be_lost_is_shown_in_time() {
    let world = world();
    let late = add_at(&world, START + 31 * DAY, "late", &["--number", &number(9)]);
    assert!(late.stderr.contains("the whole period of this order is past retention"));
    let early = add(&world, "A", &["--number", &number(9), "--expires", "2026-04-08"]);
    assert!(!early.stderr.contains("past retention"), "{}", early.stderr);
    let shows = |day: i64, command: &[&str], words: &str, code: i32| {
        let ran = world.run_at(START + day * DAY, command);
        let is_shown = ran.stderr.contains(words);
        assert!(ran.code == code || !is_shown, "{command:?} {}", ran.stderr);
        is_shown
    };
    let status = ["status", "release.toml"];
    let ending = "the hold of order A ends on 2026-04-09";
    assert!(!shows(31, &status, ending, 1) && shows(33, &status, ending, 1));
    world.retain(START + 31 * DAY);
    let lost = "of order A is damaged or gone";
    let archive = world.files("daily.ledger.holds").pop().unwrap();
    let whole = std::fs::read(&archive).unwrap();
    let mut changed = whole.clone();
    changed[40] ^= 1;
    // What is left of the archive, and whether its size shows that.
    for (bytes, by_size) in [(whole.clone(), false), (changed, false), (whole[..40].to_vec(), true)]
    {
        std::fs::write(&archive, &bytes).unwrap();
        let retain = ["retain", "release.toml", "--as-of", &instant(START + 31 * DAY)];
        assert_eq!(shows(31, &status, lost, 1), by_size);
        assert_eq!(shows(31, &retain, lost, 1), by_size);
        assert_eq!(shows(31, &["hold", "list", "release.toml"], lost, 0), bytes != whole);
        assert_eq!(shows(31, &["ledger", "verify", "release.toml"], lost, 1), bytes != whole);
        for command in [
            &["hold", "list", "release.toml", "--json"][..],
            &["ledger", "verify", "release.toml", "--json"],
        ] {
            let ran = world.run_at(START + 31 * DAY, command);
            let result: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
            let warnings = result["warnings"].as_array().unwrap();
            assert_eq!(
                warnings.iter().any(|text| text.as_str().unwrap().contains(lost)),
                bytes != whole
            );
        }
    }
}

#[test]
fn no_package_is_written_among_the_logs() {
    let world = world();
    assert_eq!(add(&world, "A", &["--number", &number(9), "--expires", "2026-05-01"]).code, 0);
    world.retain(START + 31 * DAY);
    std::os::unix::fs::symlink("logs", world.path("linked")).unwrap();
    for out in ["logs/package", "logs/new/package", "linked/package", "package/../logs/package"] {
        std::fs::create_dir_all(world.path("package")).unwrap();
        let inside = open(&world, "A", "custodian", out);
        assert_eq!(inside.code, 2, "{}", inside.stderr);
        assert!(inside.stderr.contains("lies among the logs"), "{out}: {}", inside.stderr);
    }
    assert_eq!(world.files("logs").len(), 2, "the log and the mark");
}

#[test]
fn a_refused_opening_is_an_event_too_and_loses_nothing() {
    let world = world();
    assert_eq!(add(&world, "A", &["--number", &number(9), "--expires", "2026-05-01"]).code, 0);
    world.retain(START + 31 * DAY);
    let archive = world.files("daily.ledger.holds").pop().unwrap();
    let whole = std::fs::read(&archive).unwrap();
    std::fs::write(world.path("nonsense"), "AGE-SECRET-KEY-OF-NOBODY").unwrap();
    let refused = [
        (open(&world, "B", "custodian", "x"), 1, "no such order"),
        (open(&world, "A", "stranger", "x"), 1, "does not open"),
        (open(&world, "A", "nonsense", "x"), 65, "not an age identity file"),
        (open(&world, "A", "nowhere", "x"), 74, "cannot be read"),
    ];
    for (ran, code, words) in refused {
        assert_eq!(ran.code, code, "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    for damage in [whole[..whole.len() - 1].to_vec(), [&whole[..], b"x"].concat()] {
        std::fs::write(&archive, damage).unwrap();
        let ran = open(&world, "A", "custodian", "x");
        assert_eq!(ran.code, 65, "{}", ran.stderr);
        assert!(ran.stderr.contains("is damaged or gone"), "{}", ran.stderr);
    }
    assert!(!world.path("x").exists());
    std::fs::write(&archive, whole).unwrap();
    assert_eq!(open(&world, "A", "custodian", "x").code, 0);
    let report = world.run(&["hold", "report", "release.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    let month = &json["months"].as_array().unwrap()[1];
    assert_eq!(
        (month["openings"].as_u64(), month["refused_openings"].as_u64()),
        (Some(1), Some(6))
    );
    world.verify();
}

#[test]
fn a_lost_key_stops_holds_and_deletions_and_loses_nothing() {
    let world = world();
    assert_eq!(add(&world, "A", &["--number", &number(9), "--expires", "2026-05-01"]).code, 0);
    let key = std::fs::read(world.path("daily.ledger.key")).unwrap();
    std::fs::remove_file(world.path("daily.ledger.key")).unwrap();
    assert_eq!(add(&world, "B", &["--number", &number(9)]).code, 74);
    assert_eq!(world.retain(START + 31 * DAY).code, 74);
    assert_eq!(world.live().len(), 48);
    std::fs::write(world.path("daily.ledger.key"), key).unwrap();
    world.retain(START + 31 * DAY);
    assert_eq!(world.disclosed("A", START + 32 * DAY).len(), 24);
}

#[test]
fn analytics_is_the_same_with_a_hold_or_without_whatever_its_state() {
    let rows = [two_days(), crowd(2)].concat();
    let (plain, held) = (ArchiveWorld::new(), ArchiveWorld::new());
    plain.write_log("x.csv", &rows);
    plain.begin();
    held.write_log("x.csv", &rows);
    // The same ledger and key, so that digests can be compared.
    for name in ["daily.ledger", "daily.ledger.key", "logs/.pointillist-ledger"] {
        std::fs::copy(plain.path(name), held.path(name)).unwrap();
    }
    let at = |day: i64| instant(START + day * DAY);
    assert_eq!(add(&held, "active", &["--number", &number(1), "--expires", "2027-01-01"]).code, 0);
    assert_eq!(add(&held, "lapsed", &["--number", &number(2), "--expires", "2026-03-02"]).code, 0);
    assert_eq!(add(&held, "lifted", &["--number", &number(3)]).code, 0);
    assert_eq!(
        held.run_at(START + DAY, &["hold", "lift", "release.toml", "--order", "lifted"]).code,
        0
    );
    for world in [&plain, &held] {
        world.retain(START + 30 * DAY + 6 * HOUR);
        let run = ["run", "release.toml", "--day", "2026-03-02", "--as-of", &at(30)];
        let ran = world.run_at(START + 30 * DAY, &run);
        assert_eq!((ran.code, ran.stdout.contains("released")), (0, true), "{}", ran.stderr);
    }
    let shown = |world: &ArchiveWorld, arguments: &[&str]| {
        let ran = world.run(arguments);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    };
    // Everything except the noise: the exact counts, the digests of the logs, the plan, the charge.
    for arguments in
        [&["check", "release.toml", "--json"][..], &["ledger", "export", "release.toml", "--json"]]
    {
        assert_eq!(shown(&plain, arguments), shown(&held, arguments), "{arguments:?}");
    }
    let live = |world: &ArchiveWorld| std::fs::read(world.path("logs/x.csv")).unwrap();
    assert_eq!(live(&plain), live(&held));
    // What was published stays, byte for byte, whatever happens to holds afterwards.
    let published = |world: &ArchiveWorld| -> Vec<Vec<u8>> {
        let files = world.files("published").into_iter();
        let files = files.filter(|path| !path.ends_with(".pointillist-ledger"));
        files.map(|path| std::fs::read(path).unwrap()).collect()
    };
    let before = published(&held);
    assert_eq!(before.len(), published(&plain).len());
    assert_eq!(
        held.run_at(START + 31 * DAY, &["hold", "extend", "release.toml", "--order", "active"])
            .code,
        0
    );
    held.retain(START + 31 * DAY);
    let run = ["run", "release.toml", "--day", "2026-03-02", "--as-of", &at(31)];
    let ran = held.run_at(START + 31 * DAY, &run);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(published(&held), before);
}

#[test]
fn archives_outlive_a_clock_that_cannot_be_right() {
    let world = world();
    assert_eq!(add(&world, "A", &["--number", &number(9), "--expires", "2026-05-01"]).code, 0);
    // Every row is past retention, so no log shows whether the clock is right.
    world.retain(START + 40 * DAY);
    assert!(world.live().is_empty());
    // The clock of the machine is long after the end of the hold, and no log lies in between.
    let ran = world.run(&["retain", "release.toml"]);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    assert_eq!(world.disclosed("A", START + 41 * DAY).len(), 24);
    let ended = world.retain(START + 62 * DAY);
    assert!(ended.stdout.contains("its archives are gone"), "{}", ended.stdout);
    assert!(world.files("daily.ledger.holds").is_empty());
}

#[test]
fn holds_know_no_other_time_than_the_clock() {
    let world = world();
    assert_eq!(add(&world, "A", &["--number", &number(9)]).code, 0);
    let on = |day: i64, verb: &str, more: &[&str]| {
        let base = ["hold", verb, "release.toml", "--order", "A"];
        world.run_at(START + day * DAY, &[&base[..], more].concat())
    };
    let package = ["--identity", "custodian", "--out", "package"];
    for (verb, more) in [("extend", &[][..]), ("lift", &[]), ("open", &package)] {
        let named = on(31, verb, &[more, &["--as-of", "2026-03-02"]].concat());
        assert_eq!(named.code, 2, "{}", named.stderr);
        let back = on(-2, verb, more);
        assert_eq!(back.code, 65, "{}", back.stderr);
        assert!(back.stderr.contains("set the clock right"), "{}", back.stderr);
        let late = on(31, verb, more);
        assert_eq!(late.code, 1, "{}", late.stderr);
        assert!(late.stderr.contains("lapsed"), "{}", late.stderr);
    }
    // Looking back revives no hold, and does not vouch for the clock by which it ended.
    let retain = |as_of: i64| {
        let retain = ["retain", "release.toml", "--as-of", &instant(START + as_of * DAY)];
        world.run_at(START + 32 * DAY, &retain)
    };
    let back = retain(29);
    assert_eq!(back.code, 65, "{}", back.stderr);
    assert!(retain(32).stdout.contains("A: its archives are gone"));
    world.verify();
}

#[test]
fn an_order_can_be_entered_whatever_the_clock_says() {
    let world = world();
    // The clock of the machine has been months ahead once.
    let ahead = world.run(&["retain", "release.toml", "--as-of", &instant(START)]);
    assert_eq!(ahead.code, 0, "{}", ahead.stderr);
    let run = ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-03"];
    assert_eq!(world.run(&run).code, 0);
    assert_eq!(add(&world, "A", &["--number", &number(9), "--expires", "2026-05-01"]).code, 0);
    world.retain(START + 31 * DAY);
    world.verify();
}

#[test]
fn what_is_handed_over_was_noted_before_and_disturbs_nothing_else() {
    let world = world();
    assert_eq!(add(&world, "A", &["--number", &number(9), "--expires", "2026-05-01"]).code, 0);
    world.retain(START + 31 * DAY);
    // The package cannot be written, and the journal has the opening nevertheless.
    let nowhere = open(&world, "A", "custodian", "nowhere/package");
    assert_eq!(nowhere.code, 0, "{}", nowhere.stderr);
    std::fs::write(world.path("blocked"), "a file").unwrap();
    let blocked = open(&world, "A", "custodian", "blocked/package");
    assert_eq!(blocked.code, 74, "{}", blocked.stderr);
    std::fs::create_dir(world.path("case.partial")).unwrap();
    std::fs::write(world.path("case.partial/notes"), "mine").unwrap();
    assert_eq!(open(&world, "A", "custodian", "case.2026").code, 0);
    assert_eq!(std::fs::read(world.path("case.partial/notes")).unwrap(), b"mine");
    let report = world.run(&["hold", "report", "release.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!(json["months"][1]["openings"], 3);
    let hidden = |path: &std::path::PathBuf| path.to_string_lossy().contains(".package");
    assert!(!world.files("").iter().any(hidden));
}

#[test]
fn a_hold_that_ended_hands_nothing_over() {
    let world = world();
    assert_eq!(add(&world, "A", &["--number", &number(9), "--expires", "2026-04-01"]).code, 0);
    world.retain(START + 31 * DAY);
    let lapsed = open(&world, "A", "custodian", "package");
    assert_eq!(lapsed.code, 1, "{}", lapsed.stderr);
    assert!(lapsed.stderr.contains("lapsed"), "{}", lapsed.stderr);
    assert!(!world.path("package").exists());
}

#[test]
fn an_order_may_come_before_the_first_run() {
    let world = ArchiveWorld::new();
    world.write_log("x.csv", &two_days());
    assert_eq!(add(&world, "A", &["--number", &number(9), "--expires", "2026-05-01"]).code, 0);
    world.retain(START + 31 * DAY);
    assert_eq!(world.disclosed("A", START + 32 * DAY).len(), 24);
    world.verify();
}

#[test]
fn another_ledger_deletes_nothing_that_this_one_holds() {
    let world = world();
    assert_eq!(add(&world, "A", &["--number", &number(9), "--expires", "2026-05-01"]).code, 0);
    let at = instant(START + 31 * DAY);
    let run = world.run(&[
        "run",
        "release.toml",
        "--ledger",
        "other.ledger",
        "--new-ledger",
        "--day",
        "2026-03-02",
        "--as-of",
        &instant(START + 3 * DAY),
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let retain = || {
        let retain = ["retain", "release.toml", "--ledger", "other.ledger", "--as-of", &at];
        world.run_at(START + 31 * DAY, &retain)
    };
    let refused = retain();
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(refused.stderr.contains("holds rows for an order"), "{}", refused.stderr);
    assert_eq!(world.live().len(), 48);
    std::fs::rename(world.path("daily.ledger"), world.path("away")).unwrap();
    let unknown = retain();
    assert_eq!(unknown.code, 1, "{}", unknown.stderr);
    assert!(unknown.stderr.contains("may hold rows"), "{}", unknown.stderr);
    std::fs::rename(world.path("away"), world.path("daily.ledger")).unwrap();
    world.retain(START + 31 * DAY);
    assert_eq!(world.disclosed("A", START + 32 * DAY).len(), 24);
    // With no hold in force the other one may delete.
    let lift = ["hold", "lift", "release.toml", "--order", "A"];
    assert_eq!(world.run_at(START + 32 * DAY, &lift).code, 0);
    assert_eq!(retain().code, 0);
}

#[test]
fn a_changed_budget_keeps_nothing_from_being_deleted() {
    let world = world();
    let text = std::fs::read_to_string(world.path("release.toml")).unwrap();
    std::fs::write(world.path("release.toml"), text.replace("epsilon = 1.0", "epsilon = 2.0"))
        .unwrap();
    assert_eq!(world.retain(START + 31 * DAY).code, 1, "deleted, and never released");
    assert_eq!(world.live().len(), 24);
    // A change of what decides whose a row is does.
    std::fs::write(
        world.path("release.toml"),
        text.replace("[logs]\n", "[logs]\ndefault_region = \"DE\"\n"),
    )
    .unwrap();
    let ran = world.retain(START + 32 * DAY);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("default_region"), "{}", ran.stderr);
    assert_eq!(world.live().len(), 24);
}
