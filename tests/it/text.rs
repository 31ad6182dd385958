//! What people read: plans, statements, inspections.

use crate::world::World;

#[test]
fn a_plan_reads_no_logs_and_makes_no_ledger() {
    let world = World::new();
    std::fs::remove_dir_all(world.path("logs")).unwrap();
    let ran = world.run(&["plan", "release.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!world.path("daily.ledger").exists());
    insta::assert_snapshot!(ran.stdout, @r#"
    daily: one day, unit requester-day

    measured table                                           cells     clip          rho     noise sd
    all lookups                                                 16   300.00 0.007764523       601.85
    lookups by hour, app                                        72     3.01 0.007919650        23.91
    lookups by app, sms_share met                                6     9.32 0.003727132       107.93
      all lookups counts a requester's lookups up to the clip, in 16 layers that add up; how many lie in each sets later days' clips.

    question                      rows                     expected error    readable from
    volume                          72                              23.73               93
    sms_share                        3        7.63 % of the share at 1000             2992

    The error is one standard deviation of the noise of one value; a 95 % interval is 1.96 of them to each side.
    Readable from: this many lookups (or requesters) must be behind a value before its interval is narrower than the value, for ratios than a tenth of their range; smaller values are published with `uninformative`.
    Bounding removes what a requester contributes past the clip; counts are raked to the total, and `coverage` says how much that restored.

    For any requester and any one day (UTC), everything ever published about that day through this ledger is (1, 0.000001)-indistinguishable from what it would be without that requester's lookups of that day. This release alone: epsilon 0.825 at delta 9e-7. That one requester looked up one target once: epsilon 0.162 at delta 9e-7. Released like this every day, 30 days add up to epsilon 5.35 at delta 9e-7 and a year to epsilon 24.42 at delta 9e-7. It does not hide facts about crowds.
    "#);
}

#[test]
fn a_plan_warns_of_what_is_lost_in_its_noise_before_anything_is_spent() {
    let world = World::new();
    let ran = world.run(&["plan", "release.toml", "--lookups", "5040", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["load"]["requesters"], 504.0);
    let typical =
        |json: &serde_json::Value, place: usize| json["questions"][place]["typical"].clone();
    // 70 lookups per hour and app: fewer than the 93 that make a value readable, and not raked.
    assert_eq!(typical(&json, 0)["value"], 70.0);
    assert_eq!(typical(&json, 0)["uninformative"], true);
    assert_eq!(typical(&json, 1)["uninformative"], false);
    let ran = world.run(&["plan", "release.toml", "--lookups", "1000000", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(typical(&json, 0)["uninformative"], false);
    // Raked, a cell has its part of the total's noise as well: 2407 over 72, beside 24.
    let error = typical(&json, 0)["error"].as_f64().unwrap();
    assert!((error - 40.9).abs() < 0.5, "{error}");
    assert_eq!(json["questions"][0]["as_on_the_last_day"], serde_json::Value::Null);
    let plain = world.run(&["plan", "release.toml", "--json"]);
    let plain: serde_json::Value = serde_json::from_str(&plain.stdout).unwrap();
    assert_eq!(
        (&plain["load"], &typical(&plain, 0)),
        (&serde_json::Value::Null, &serde_json::Value::Null)
    );
    for wrong in [&["--lookups", "0"][..], &["--requesters", "5"], &["--lookups", "many"]] {
        assert_eq!(world.run(&[&["plan", "release.toml"][..], wrong].concat()).code, 2);
    }
    assert!(!world.path("daily.ledger").exists(), "nothing was spent");

    world.edit(
        "[[question]]",
        "[[question]]\nname = \"people\"\ndistinct = \"requester\"\nby = [\"app\"]\n\
         [[question]]\nname = \"busy\"\ndistinct = \"requester\"\nhaving = \"lookups >= 100\"\n\
         [[question]]\nname = \"wait\"\nmean = \"latency_ms\"\nrange = [0, 500]\n\
         [[question]]\nname = \"waits\"\nquantiles = [0.5]\nof = \"latency_ms\"\nrange = [1, 60000]\n\
         [[question]]",
    );
    let ran = world.run(&["plan", "release.toml", "--lookups", "9000", "--requesters", "300"]);
    let start = ran.stdout.find("On a day of").unwrap();
    let end = ran.stdout.find("\nThe error is one").unwrap();
    insta::assert_snapshot!(&ran.stdout[start..end], @r#"
    On a day of 9000 lookups by 300 requesters, spread evenly over all rows:
    question                    typical value        error           relative error
    people                                100        24.86                  24.86 %
    busy                                90.00        12.43                  13.81 %
    wait                                  250         4.88    0.9768 % of the range
    waits                              0.5000       0.0781           7.81 % in rank
    volume                                125        41.10                  32.88 %  uninformative
    sms_share                          0.5000       0.0441      4.41 % of the share
    Warning: a typical value of volume would be narrower than its interval. Ask by fewer keys, or give the question more `weight` or the ledger more epsilon, before anything is spent.
    Typical is a share of a half, the middle of a range, the median, and of `having` as many requesters as the lookups allow; errors of counts hold where bounding takes nothing, and grow by what it takes.
    "#);
}

#[test]
fn a_statement_and_an_inspection_say_what_was_spent_and_promised() {
    let world = World::new();
    world.day("2026-03-02");
    insta::assert_snapshot!(world.run(&["ledger", "show", "release.toml"]).stdout, @r#"
    Each block is one event day in UTC. Budget of a block: epsilon 1 at delta 0.000001, unit requester-day.

    block        budget rho   spent rho    left rho     spent epsilon  at delta
    2026-03-02   0.027730440  0.019411305  0.008319135        0.8254   9e-7

    Everything published so far, over several days (a requester; then a contact pair and a target
    that are looked up that often each day):
      any 30 days   at most rho 0.019411305, epsilon 0.825 at delta 9e-7, those until 2026-03-02
      any 365 days  at most rho 0.019411305, epsilon 0.825 at delta 9e-7, those until 2026-03-02
      a contact pair, one lookup: epsilon at most one day 0.162, 30 days 0.162, 365 days 0.162
      a target of 1 lookup: epsilon at most one day 0.162, 30 days 0.162, 365 days 0.162
      a target of 10 lookups: epsilon at most one day 1.914, 30 days 1.914, 365 days 1.914
      a target of 100 lookups: epsilon at most one day 28.991, 30 days 28.991, 365 days 28.991
      a target of 1000 lookups: epsilon at most one day 1122.815, 30 days 1122.815, 365 days 1122.815
      pairs and targets at delta 9e-7

    Newest entries, 50 at most:
    entry  state      spent rho    release, blocks
    1      published  0.019411305  daily, 2026-03-02
    "#);
    let file = "published/sms_share/day=2026-03-02/part-0.parquet";
    insta::assert_snapshot!(world.run(&["inspect", file]).stdout, @r#"
    published/sms_share/day=2026-03-02/part-0.parquet: sms_share of release daily, day 2026-03-02 (UTC)
    3 rows; columns app, value, noise_sd, ci_low, ci_high, uninformative

    For any requester and any one day (UTC), everything ever published about that day through this ledger is (1, 0.000001)-indistinguishable from what it would be without that requester's lookups of that day. This release alone: epsilon 0.825 at delta 9e-7. That one requester looked up one target once: epsilon 0.162 at delta 9e-7. Released like this every day, 30 days add up to epsilon 5.35 at delta 9e-7 and a year to epsilon 24.42 at delta 9e-7. It does not hide facts about crowds.

    Each value carries noise, whose standard deviation is in noise_sd; the interval in ci_low and ci_high holds the bounded value in 95 of 100 cases.
    Measured: all lookups, discrete gaussian of sd 601.851 in each of 16 layers, clip 300.0, rho 0.007764523
    Measured: lookups by hour, app, discrete gaussian of sd 23.912, clip 3.0094757080078125, rho 0.00791965
    Measured: lookups by app, sms_share met, discrete gaussian of sd 107.931, clip 9.318511962890625, rho 0.003727132
    Ledger entry 1.
    "#);
}

#[test]
fn check_counts_and_says_that_it_is_sensitive() {
    let world = World::new();
    let mut text = std::fs::read_to_string(world.path("logs/lookups.csv")).unwrap();
    text.push_str("1234,+442079460999,2026-03-01T00:00:00Z,,,,\n");
    text.push_str(",+442079460999,2026-03-01T00:00:00Z,,,,\n");
    text.push_str("+14155550123,,2026-03-01T00:00:00Z,,,,\n");
    text.push_str("+14155550123,+442079460999,yesterday,,,,\n");
    text.push_str("+14155550123,+442079460999,2026-03-01T00:00:00Z,13\" tv,,,\n");
    world.write("logs/lookups.csv", text.as_bytes());
    let ran = world.run(&["check", "release.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::assert_snapshot!(ran.stdout, @r#"
    SENSITIVE: exact counts, not for publication
    files              1
    rows               77
    left out by where  0
    lookups            72
    rejects            5
      malformed        1
      bad_time         1
      no_requester     1
      no_target        1
      bad_number       1
    "#);
    assert!(!world.path("daily.ledger").exists());
}

#[test]
fn rejected_rows_are_written_for_their_owner_when_asked_for() {
    let world = World::new();
    let mut text = std::fs::read_to_string(world.path("logs/lookups.csv")).unwrap();
    text.push_str("1234,+442079460999,2026-03-01T00:00:00Z,,,,\n");
    text.push_str("+14155550123,+442079460999,yesterday,,,,\n");
    text.push_str("+14155550123,\"+44\"2079460999,2026-03-01T00:00:00Z,,,,\n");
    world.write("logs/lookups.csv", text.as_bytes());
    let plain = world.day("2026-03-01");
    let arguments =
        ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-10", "--rejects", "bad"];
    let asked = world.run(&arguments);
    assert_eq!((plain.code, asked.code), (0, 0), "{} {}", plain.stderr, asked.stderr);
    // The output does not show whether there were any.
    assert_eq!(asked.stdout.replace("2026-03-02", "2026-03-01"), plain.stdout);
    assert_eq!(asked.stderr, plain.stderr);
    let path = world.path("bad/daily-2026-03-02.ndjson");
    let written = std::fs::read_to_string(&path).unwrap();
    let rows: Vec<serde_json::Value> =
        written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 3);
    let mut reasons: Vec<_> = rows.iter().map(|row| row["reason"].as_str().unwrap()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["bad_number", "bad_time", "malformed"]);
    let malformed = rows.iter().find(|row| row["reason"] == "malformed").unwrap();
    let record = "+14155550123,\"+44\"2079460999,2026-03-01T00:00:00Z,,,,";
    assert_eq!(
        (malformed["record"].as_str(), &malformed["target"]),
        (Some(record), &serde_json::Value::Null)
    );
    assert!(rows.iter().any(|row| row["requester"] == "1234"));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn an_export_shows_another_accountant_which_mechanisms_ran() {
    let world = World::new();
    world.day("2026-03-02");
    let ran = world.run(&["ledger", "export", "release.toml", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let entry = &json["entries"][0];
    let mechanisms = entry["mechanisms"].as_array().unwrap();
    assert_eq!(mechanisms.len(), 3);
    // Recomputed from clip and scale alone: rho is half the square of their ratio.
    let rho: f64 = mechanisms
        .iter()
        .map(|event| {
            let clip = event["table"]["clip"].as_f64().unwrap();
            (clip / event["noise_scale"].as_f64().unwrap()).powi(2) / 2.0
        })
        .sum();
    let charged = entry["charge_nano_rho"].as_f64().unwrap() / 1e9;
    assert!(rho <= charged && charged - rho < 1e-8, "{rho} {charged}");
}

#[test]
fn status_shows_a_monitor_when_someone_must_look() {
    let world = World::new();
    let status = |as_of: &str| world.run(&["status", "release.toml", "--as-of", as_of]);
    // Nothing was released yet: every closed day is pending, and the oldest expires at once.
    let before = status("2026-03-04T12:00:00Z");
    assert_eq!(before.code, 1, "{}", before.stderr);
    assert!(before.stdout.contains("2026-02-03  pending, expires in 0 days"), "{}", before.stdout);
    assert!(before.stdout.ends_with("2026-03-04  open\n"), "{}", before.stdout);
    assert!(!world.path("daily.ledger").exists());

    world.run(&["run", "release.toml", "--as-of", "2026-03-04T12:00:00Z"]);
    let after = status("2026-03-04T12:00:00Z");
    assert_eq!(after.code, 0, "{}", after.stdout);
    assert!(after.stdout.contains("2026-03-03  released"), "{}", after.stdout);
    let later = status("2026-03-06T12:00:00Z");
    assert_eq!(later.code, 0, "{}", later.stdout);
    assert!(later.stdout.contains("2026-03-04  pending, expires in 27 days"), "{}", later.stdout);
    let late = status("2026-04-01T12:00:00Z");
    assert_eq!(late.code, 1);
    assert!(late.stdout.contains("2026-03-04  pending, expires in 1 days"), "{}", late.stdout);
    let lost = status("2026-04-05T00:00:00Z");
    assert_eq!(lost.code, 1);
    assert!(lost.stdout.contains("2026-03-04  expired unreleased"), "{}", lost.stdout);
    assert!(!lost.stdout.contains("2026-02-01"), "{}", lost.stdout);
}

#[test]
fn verbose_reports_steps_and_nothing_of_rows() {
    let world = World::new();
    let arguments = ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-10", "-v"];
    let ran = world.run(&arguments);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let steps: Vec<&str> = ["opened the logs", "reserved", "drawn", "committed"]
        .into_iter()
        .filter(|step| ran.stderr.contains(step))
        .collect();
    assert_eq!(steps.len(), 4, "{}", ran.stderr);
    // The log has 72 rows, 24 of them of that day.
    assert!(!ran.stderr.contains("=72") && !ran.stderr.contains("=24"), "{}", ran.stderr);
}

#[test]
fn a_statement_lists_the_newest_entries() {
    let world = World::new();
    world.run(&["run", "release.toml", "--as-of", "2026-03-04"]);
    let ran = world.run(&["ledger", "show", "release.toml", "--entries", "2", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let listed: Vec<_> =
        json["entries"].as_array().unwrap().iter().map(|entry| &entry["entry"]).collect();
    assert_eq!(listed, [29, 30]);
    assert_eq!(json["blocks"].as_array().unwrap().len(), 30);
}

#[test]
fn a_run_warns_of_days_that_will_be_lost() {
    let world = World::new();
    let run = |day: &str, as_of: &str| {
        let ran = world.run(&["run", "release.toml", "--day", day, "--as-of", as_of]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stderr
    };
    let early = run("2026-03-02", "2026-03-10");
    assert!(early.contains("warning: the day 2026-02-08 is not released"), "{early}");
    assert!(!early.contains("2026-03-02") && !early.contains("2026-02-20"), "{early}");
    let late = run("2026-03-20", "2026-04-04T00:00:00Z");
    assert!(late.contains("the day 2026-03-03 passed retention and was never released"), "{late}");
    assert!(
        late.contains("the day 2026-03-05 is not released and passes retention in 0 days"),
        "{late}"
    );
}

#[test]
fn rejected_rows_are_not_written_among_the_logs() {
    let world = World::new();
    let check = |folder| world.run(&["check", "release.toml", "--rejects", folder]);
    for folder in ["logs", "./logs/../logs"] {
        let ran = check(folder);
        assert_eq!(ran.code, 2, "{folder}: {}", ran.stderr);
        assert!(ran.stderr.contains("lies among the logs"), "{}", ran.stderr);
    }
    // The glob of this world does not go deeper.
    assert_eq!(check("logs/bad").code, 0);
    let text = std::fs::read_to_string(world.path("release.toml")).unwrap();
    world.write("deep.toml", text.replace("logs/*.csv", "logs/**/*.csv").as_bytes());
    let ran = world.run(&["check", "deep.toml", "--rejects", "logs/bad"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}
