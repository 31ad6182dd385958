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

    How this file divides its part of a day's budget, in rho, the measure in which costs add up. First
    comes the look: it sorts requesters into 10 classes by how many lookups they make, and counts, with
    noise, how many are in each.

    spent on                              rows          rho
    look: requesters in 10 classes          10  0.002911696
    volume                                  72  0.008249805
    sms_share                                3  0.008249805

    How exact the answers are depends on how many lookups a day has: add --lookups N, and --requesters M
    if you know how many ask.

    What is promised, in plain words: pointillist explain release.toml
    In the words of experts: For any requester and any one day (UTC), everything ever published about
    that day through this ledger is (1, 1e-6)-indistinguishable from what it would be without that
    requester's lookups of that day. This release alone: epsilon 0.826 at delta 9e-7. That one requester
    looked up one target once: epsilon 0.290 at delta 9e-7. Released like this every day, 30 days add up
    to epsilon 5.36 at delta 9e-7 and a year to epsilon 24.42 at delta 9e-7. It does not hide facts
    about crowds.
    "#);
}

#[test]
fn a_plan_and_a_run_warn_of_a_promise_that_is_hardly_one() {
    let world = World::new();
    world.edit("epsilon = 1.0", "epsilon = 100.0");
    let warning = "warning: `[ledger] epsilon` is 100: ";
    for command in [&["plan", "release.toml"][..], &["run", "release.toml", "--day", "2026-01-09"]]
    {
        let ran = world.run(command);
        assert!(ran.stderr.contains(warning), "{}", ran.stderr);
    }
    let ran = world.run(&["plan", "release.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(json["warnings"][0].as_str().unwrap().starts_with("`[ledger] epsilon` is 100: "));
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
    // 70 lookups per hour and app, less those of requesters who are too few to be seen.
    let value = typical(&json, 0)["value"].as_f64().unwrap();
    assert!((60.0..=72.0).contains(&value), "{value}");
    assert_eq!(typical(&json, 0)["uninformative"], true);
    let ran = world.run(&["plan", "release.toml", "--lookups", "10000000", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(typical(&json, 0)["uninformative"], false);
    assert_eq!(typical(&json, 1)["uninformative"], false);
    // Every class has a number and tables, and what its tables cost together is the same in all.
    let classes = json["classes"].as_array().unwrap();
    assert_eq!(classes.len(), 10);
    for class in classes {
        let tables = class["tables"].as_array().unwrap().iter();
        let rho: f64 = tables.map(|table| table["rho"].as_f64().unwrap()).sum();
        assert!((rho / 0.016_499_610 - 1.0).abs() < 1e-4, "{class}");
    }
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
    let end = ran.stdout.find("\nWhat is promised").unwrap();
    insta::assert_snapshot!(&ran.stdout[start..end], @r#"
    On a day of 9,000 lookups by 300 requesters, spread evenly over all rows:
    question                  median value  half of 95 % interval  in % of value
    people                             247                ± 70.00      ± 28.34 %
    busy                             18.00                ± 32.50  uninformative
    wait                               253                  ± 218  uninformative
    waits                              245                ± 1,036  uninformative
    volume                             107                  ± 282  uninformative
    sms_share                       0.5000               ± 0.5000  uninformative
    The busiest tenth of the requesters is taken to make about two thirds of the lookups. On a day whose
    requesters are more alike, intervals are narrower, sometimes several times.
    Shares are foretold for conditions that half of the lookups meet; real ones will differ.
    Quantiles are foretold for numbers that are spread evenly over their range; real ones will differ.
    Warning: most values of volume, sms_share would say nothing. Ask by fewer keys or list fewer values;
    a larger `weight` of the question or epsilon of the ledger help less.
    Warning: what busy, wait, waits would say on such a day is lost in the noise. Give it a larger
    `weight`, a smaller number in `having` if it has one, or leave it out.

    The look sorts requesters by how many lookups they make that day. The fewer there are of a kind, the
    coarser are the tables by which they are measured. All tables of a row measure the requesters of
    that row; the program decides this, and nothing has to be chosen:
    lookups, around      weighted count   measured by
    8                               119   has latency_ms in levels of [0, 500]; blocks of latency_ms in
                                          bins of [1, 60000]; hour; app; only how many they are; app,
                                          sms_share met; sms_share met; sums of wait
    32                               66   has latency_ms in levels of [0, 500]; blocks of latency_ms in
                                          bins of [1, 60000]; only how many they are; hour; app; app,
                                          sms_share met; sms_share met; sums of wait
    128 to 2,097,152                 28   has latency_ms in levels of [0, 500]; only how many they are;
                                          blocks of latency_ms in bins of [1, 60000]; hour; app;
                                          sms_share met; sums of wait
    A requester between two of these numbers counts in part at each. One with fewer than 8 lookups
    counts at 8 as a fraction: with 2 lookups as 2/8. So the rows add up to fewer than all requesters.
    "#);
}

#[test]
fn a_statement_and_an_inspection_say_what_was_spent_and_promised() {
    let world = World::new();
    world.day("2026-03-02");
    insta::assert_snapshot!(world.run(&["ledger", "show", "release.toml"]).stdout, @r#"
    Each block is one day of the logs in UTC. Budget of a block: epsilon 1 at delta 1e-6, unit requester-day.

    block        budget rho   spent rho    left rho     spent epsilon  at delta
    2026-03-02   0.027730440  0.019411306  0.008319134         0.826   9e-7

    The most that may be known from everything published so far, over several days: of a requester; then
    of a pair that is in contact once each day, and of a target that is looked up as often as stated each
    day:
      the costliest 30 days, until 2026-03-02: rho 0.019411306, epsilon 0.826 at delta 9e-7
      the costliest 365 days, until 2026-03-02: rho 0.019411306, epsilon 0.826 at delta 9e-7
      a contact pair, one lookup: epsilon at most one day 0.290, 30 days 0.290, 365 days 0.290
      a target of 1 lookup: epsilon at most one day 0.289, 30 days 0.289, 365 days 0.289
      a target of 10 lookups: epsilon at most one day 3.49, 30 days 3.49, 365 days 3.49
      a target of 100 lookups: epsilon at most one day 61.79, 30 days 61.79, 365 days 61.79
      a target of 1,000 lookups: epsilon at most one day 3,080.22, 30 days 3,080.22, 365 days 3,080.22
      pairs and targets at delta 9e-7

    Newest entries, 50 at most:
    entry  state      spent rho    release, blocks
    1      published  0.019411306  daily, 2026-03-02
    "#);
    let file = "published/sms_share/day=2026-03-02/part-0.parquet";
    let inspected = world.run(&["inspect", file]).stdout;
    assert!(inspected.lines().all(|line| line.chars().count() <= 100), "{inspected}");
    // The numbers of requesters are noisy, and the tables follow from them.
    let (before, after) = inspected.split_once("class  lookups, around").unwrap();
    insta::assert_snapshot!(before, @r#"
    published/sms_share/day=2026-03-02/part-0.parquet: sms_share of release daily, day 2026-03-02 (UTC)
    3 rows; columns app, value, noise_sd, ci_low, ci_high, uninformative, of_lookups, of_lookups_low,
    of_lookups_high, date

    value is the answer with its noise; ci_low to ci_high aims to hold the share of lookups that meet
    the condition that a full count would give, in 95 of 100 cases. It allows for the noise and for how
    far heavy users usually differ from light ones. If one requester makes more than about a tenth of a
    row's lookups, most of that requester's lookups may be missing in the row, and the row's interval
    may lie too low. noise_sd is the standard deviation of the noise alone. A row marked uninformative
    says nothing. of_lookups is how many lookups the value is of, and of_lookups_low to of_lookups_high
    is the interval of that.

    How to read this. Somebody knows everything about a day (UTC) except one thing, and guesses at it.
      Without the files such a guess is right in 50 of 100 cases. With all that this release publishes
      of the day it is right in at most as many as stated, on average over the noise and whatever is
      computed from the files. Or the thing is unlikely, with odds of 1 to 1,000: then the files raise
      the odds to at most those stated. In rare cases the files may raise the odds beyond this limit.
      Delta limits how rare that is: at 1e-6, the odds exceed twice the limit in at most 2 of a million
      cases.

    One contact (that one requester asked about one number once): right in at most 51.5 of 100 cases;
      odds of 1 to 1,000 rise to at most 1.34 to 1,000 (epsilon 0.290 at delta 9e-7).

    One requester (all that it asked on the day): right in at most 54.0 of 100 cases; odds of 1 to 1,000
      rise to at most 2.29 to 1,000 (epsilon 0.826 at delta 9e-7).

    The same requester, on 30 days released like this: right in at most 70.6 of 100 cases; odds of 1 to
      1,000 rise to at most 212 to 1,000 (epsilon 5.36 at delta 9e-7). On those of a year: right in at
      most 97.1 of 100 cases; odds of 1 to 1,000 may become even or better (epsilon 24.42 at delta
      9e-7).

    A number that is asked about once each by 10 requesters: right in at most 64.5 of 100 cases; odds of
      1 to 1,000 rise to at most 33 to 1,000 (epsilon 3.49 at delta 9e-7); by 100 requesters: not
      protected; by 1,000 requesters: not protected. The more requesters ask about a number, the less it
      is hidden.

    Whatever else is published about the day through this ledger, one requester in all: right in at most
      54.7 of 100 cases; odds of 1 to 1,000 rise to at most 2.72 to 1,000 (epsilon 1.00 at delta 1e-6).

    Not covered: facts about crowds, such as that most people of a country use SMS; numbers that many
      requesters ask about, as stated above; days without end, which add up; two numbers of one person,
      which count as two; and everything but the published files: logs, ledger, its key, and what
      `check` prints.

    In the words of experts: For any requester and any one day (UTC), everything ever published about
    that day through this ledger is (1, 1e-6)-indistinguishable from what it would be without that
    requester's lookups of that day. This release alone: epsilon 0.826 at delta 9e-7. That one requester
    looked up one target once: epsilon 0.290 at delta 9e-7. Released like this every day, 30 days add up
    to epsilon 5.36 at delta 9e-7 and a year to epsilon 24.42 at delta 9e-7. It does not hide facts
    about crowds.

    How many requesters there were that day, by how many lookups they made:
    "#);
    let (classes, measured) = after.split_once("\nMeasured. ").unwrap();
    assert!(
        classes.starts_with("  weighted count   95 % interval\n0                    8 "),
        "{classes}"
    );
    let look =
        "  requesters by activity: discrete gaussian of sd 13.104, clip 1.0000, rho 0.002911696\n";
    assert!(measured.contains(look), "{measured}");
    assert!(measured.ends_with("\n\nLedger entry 1.\n"), "{measured}");
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
    let head = ran.stdout.split("\n\n").next().unwrap();
    insta::assert_snapshot!(head, @r#"
    SENSITIVE: exact counts, for the owner of the logs alone, not for publication
    files              1
    rows               7,205
    left out           0 (by `[logs] where`)
    lookups            7,200
    rejects            5
      malformed        1, under 0.1 %
      bad_time         1, under 0.1 %
      no_requester     1, under 0.1 %
      no_target        1, under 0.1 %
      bad_number       1, under 0.1 %
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
    // The look's price recomputed from sensitivity and scale alone: half the square of their ratio.
    let look = &mechanisms[0];
    let number = |name: &str| look[name].as_f64().unwrap();
    let rho = (number("sensitivity") / number("noise_scale")).powi(2) / 2.0;
    let charged = look["nano_rho"].as_f64().unwrap() / 1e9;
    assert!(rho <= charged && charged - rho < 2e-9, "{rho} {charged}");
    assert_eq!(look["nano_rho"], entry["look_charge_nano_rho"]);
    // The parts add up to what the block was charged.
    let parts = mechanisms.iter().map(|part| part["at_most_nano_rho"].as_u64().unwrap());
    assert_eq!(parts.sum::<u64>(), entry["charge_nano_rho"].as_u64().unwrap());
    assert!(json["composition"].as_str().unwrap().contains("classes do not add up"));
}

#[test]
fn status_shows_a_monitor_when_someone_must_look() {
    let world = World::new();
    let status = |as_of: &str| world.run(&["status", "release.toml", "--as-of", as_of]);
    // Nothing was released yet: every closed day is pending, and the oldest expires at once.
    let before = status("2026-03-04T12:00:00Z");
    assert_eq!(before.code, 1, "{}", before.stderr);
    assert!(
        before.stdout.contains("2026-02-03 to 2026-03-03  pending, expires in 0 to 28 days"),
        "{}",
        before.stdout
    );
    assert!(before.stdout.ends_with("2026-03-04  open\n"), "{}", before.stdout);
    assert!(!world.path("daily.ledger").exists());

    let ran = world.run(&["run", "release.toml", "--as-of", "2026-03-04T12:00:00Z"]);
    assert!(ran.stdout.contains("set `[logs] day_file`"), "{}", ran.stdout);
    let after = status("2026-03-04T12:00:00Z");
    assert_eq!(after.code, 0, "{}", after.stdout);
    assert!(after.stdout.contains("2026-03-01 to 2026-03-03  released"), "{}", after.stdout);
    // Days before the first that was released have no logs, and nobody is called for them.
    assert!(
        after.stdout.contains("2026-02-03 to 2026-02-28  looks empty: no activity"),
        "{}",
        after.stdout
    );
    assert!(after.stdout.lines().all(|line| line.len() <= 100), "{}", after.stdout);
    let later = status("2026-03-06T12:00:00Z");
    assert_eq!(later.code, 0, "{}", later.stdout);
    assert!(
        later.stdout.contains("2026-03-04 to 2026-03-05  pending, expires in 27 to 28 days"),
        "{}",
        later.stdout
    );
    let late = status("2026-04-01T12:00:00Z");
    assert_eq!(late.code, 1);
    assert!(
        late.stdout.contains("2026-03-04 to 2026-03-31  pending, expires in 1 to 28 days"),
        "{}",
        late.stdout
    );
    let lost = status("2026-04-05T00:00:00Z");
    assert_eq!(lost.code, 1);
    assert!(
        lost.stdout.contains("2026-03-04 to 2026-03-05  expired unreleased"),
        "{}",
        lost.stdout
    );
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
    // The log has 7200 rows, 2400 of them of that day.
    for secret in ["=7200", "=2400", "=300 ", "=300\n"] {
        assert!(!ran.stderr.contains(secret), "{}", ran.stderr);
    }
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
    // Days before the first that is released were never promised.
    assert!(!early.contains("retention"), "{early}");
    let late = run("2026-03-20", "2026-04-04T00:00:00Z");
    let lost =
        "warning: the days 2026-03-03 to 2026-03-04 passed retention and were never released";
    assert_eq!(late.matches("retention and w").count(), 1, "{late}");
    assert!(late.contains(lost), "{late}");
    assert!(late.contains("the days 2026-03-05 to 2026-03-07 are not released and pass"), "{late}");
}

#[test]
fn what_fails_on_every_day_is_said_once_and_no_tables_are_named() {
    let world = World::new();
    world.edit("logs/*.csv", "nowhere/*.csv");
    let range = ["run", "release.toml", "--from", "2026-03-01", "--to", "2026-03-05"];
    let ran = world.run(&[&range[..], &["--as-of", "2026-03-10"]].concat());
    assert_eq!(ran.stderr.matches("error: ").count(), 1, "{}", ran.stderr);
    let expected = "2026-03-01  failed\n2026-03-02 to 2026-03-05  failed as an earlier day did\n";
    assert_eq!(ran.stdout, expected);
    assert!(!ran.stdout.contains("tables: "), "{}", ran.stdout);
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
