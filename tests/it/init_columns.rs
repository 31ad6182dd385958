//! What `init` says of columns and their names: ranges, constants, and first lines that are rows.

use crate::init::{has, log, proposed};
use crate::world::World;

#[test]
fn the_range_of_a_number_follows_from_the_sample() {
    type Number = fn(usize) -> String;
    let clock = |place: usize| format!("2026-03-02T{:02}:{:02}:00Z", place % 24, place % 60);
    let with = |name: &str, number: &dyn Fn(usize) -> String| {
        let world = World::empty();
        let text = log(&format!("caller,callee,time,{name}"), &|place, who| {
            format!("+1646555{who:04},+442079460999,{},{}", clock(place), number(place))
        });
        world.write("log.csv", text.as_bytes());
        let text = proposed(&world, "log.csv", 200);
        world.write("release.toml", text.as_bytes());
        let checked = world.run(&["check", "release.toml"]).stdout;
        (text, checked)
    };
    // The first log was asked about milliseconds before, and its median came out as 1.
    let numbers: [(&str, Number, &str); 3] = [
        ("latency", |place| format!("0.{:03}", place + 23), "[0.01, 1]"),
        ("duration_s", |place| format!("{}", place / 20 + 1), "[1, 100]"),
        ("took_ms", |place| format!("{}", 20 + place * 7), "[10, 10000]"),
    ];
    for (name, number, range) in numbers {
        let (text, checked) = with(name, &number);
        has(&text, &[&format!("\nrange = {range}\n")]);
        assert!(!checked.contains("the range ["), "{checked}");
    }
    let (text, checked) = with("took_ms", &|place: usize| {
        if place.is_multiple_of(10) { "0".to_owned() } else { "35".to_owned() }
    });
    has(
        &text,
        &["# About 10 in 100 of the sampled values are 0 or below", "\nrange = [10, 100]\n"],
    );
    assert!(checked.contains("lie below"), "{checked}");
}

#[test]
fn a_decimal_comma_is_declared_where_it_can_be_nothing_else() {
    type Number = fn(usize) -> String;
    let numbers: [(&str, Number, bool, bool); 4] = [
        ("comma", |place| format!("{},{:02}", place + 8, place % 100), true, false),
        ("point", |place| format!("{}.{:02}", place + 8, place % 100), false, false),
        ("either", |place| format!("{},{:03}", place + 8, place % 1_000), false, true),
        ("thousands", |place| format!("1.{:03},{:02}", place, place % 100), false, true),
    ];
    for (name, number, is_declared, is_unclear) in numbers {
        let world = World::empty();
        let row = |place: usize, who: usize| {
            let time = format!("2026-03-02T{:02}:{:02}:00Z", place % 24, place % 60);
            format!("+1646555{who:04};+442079460999;{time};{}", number(place))
        };
        world.write("log.csv", log("caller;callee;time;latency_ms", &row).as_bytes());
        let text = proposed(&world, "log.csv", 200);
        let has = |words: &str| text.contains(words);
        let line = "decimal = \",\"  # numbers in \"latency_ms\" are written as 27,25\n";
        assert_eq!(has(line), is_declared, "{name}: {text}");
        assert_eq!(
            has("# CHECK: nothing is asked about \"latency_ms\""),
            is_unclear,
            "{name}: {text}"
        );
        assert_eq!(has("of = \"latency_ms\""), !is_unclear, "{name}: {text}");
        world.write("release.toml", text.as_bytes());
        let checked = world.run(&["check", "release.toml"]).stdout;
        assert!(!checked.contains("no number in") && !checked.contains("comma"), "{checked}");
    }
}

/// Columns whose names mean something else in a release file.
#[test]
fn no_name_of_a_column_makes_a_draft_that_is_no_release_file() {
    let world = World::empty();
    for (place, header) in [
        // A person, a time and a route under names that are read as what they say.
        "app,target,requested_at,route,kind",
        "src,dst,client_ip,route,app_name",
        "src,dst,time,client_ip,app",
        // Two columns of one word, and a route of other words.
        "src,dst,time,app,application",
        "src,dst,time,registered,route",
        "requester,target,time,hour,latency_ms",
        "requester,target,time,target_country,app",
    ]
    .iter()
    .enumerate()
    {
        let row = |row: usize, _: usize| {
            let answer = ["sms", "messenger"][row % 2];
            let kind = ["call", "text", "push"][row % 3];
            let (time, people) =
                (format!("2026-03-01T{:02}:00:00Z", row % 24), [row % 40, 50 + row % 9]);
            let people = people.map(|person| format!("+1646555{person:04}"));
            format!("{},{},{time},{answer},{kind}", people[0], people[1])
        };
        let folder = format!("logs{place}");
        world.write(&format!("{folder}/a.csv"), log(header, &row).as_bytes());
        let ran = world.run(&["init", &folder, "--out", &format!("{place}.toml")]);
        assert!([0, 65].contains(&ran.code), "{header}: {} {}", ran.code, ran.stderr);
        if ran.code == 0 {
            let ran = world.run(&["plan", &format!("{place}.toml")]);
            assert_eq!(ran.code, 0, "{header}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_log_of_one_kind_is_offered_a_constant_that_can_be_used_as_it_stands() {
    let world = World::empty();
    let row = |place: usize, who: usize| format!("u{who},v{},{}", place % 7, 1_772_409_600 + place);
    world.write("calls.csv", log("src,dst,time", &row).as_bytes());
    let text = proposed(&world, "calls.csv", 200);
    // The same address in two columns is no pair of people.
    let twice = |place: usize, who: usize| {
        format!("u{who},u{who},v{},{}", place % 7, 1_772_409_600 + place)
    };
    world.write("twice.csv", log("src,target_user,whom,time", &twice).as_bytes());
    has(&proposed(&world, "twice.csv", 200), &["target = \"whom\""]);
    let constant = "# app = { value = \"new\" }";
    has(&text, &[constant]);
    let text = text
        .replace(constant, "app = { value = \"new\" }")
        .replace("\n[retention]", "\n[keys]\napp = [\"new\"]\n\n[retention]")
        .replace("by = [\"hour\"]", "by = [\"hour\", \"app\"]");
    world.write("edited.toml", text.as_bytes());
    let ran = world.run(&["check", "edited.toml", "--json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let facts: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let app = facts["keys"].as_array().unwrap().iter().find(|key| key["key"] == "app").unwrap();
    assert_eq!(app["values"][0]["lookups"], 200, "{facts}");
}

#[test]
fn a_log_without_a_header_is_described_without_a_word_of_its_first_line() {
    let world = World::empty();
    world.write("rows/a.csv", b"ann,bob,2026-03-02 10:05:03\nbob,ann,2026-03-02 10:05:04\n");
    let text = proposed(&world, "rows", 2);
    has(&text, &["header = false", "requester = 1", "target = 2", "requested_at = 3"]);
    // One that has no time at all is refused without its first line, which is no list of columns.
    world.write("none/a.csv", b"ann,bob,x\nbob,ann,y\nann,bob,x\n");
    let ran = world.run(&["init", "none", "--out", "none.toml"]);
    assert_eq!(ran.code, 65, "{}", ran.stdout);
    for text in [&text, &ran.stderr] {
        assert!(!text.contains("ann") && !text.contains("10:05"), "{text}");
    }
}

/// Versions are labels, though most of them look like numbers; and a name with marks makes a plain one.
#[test]
fn versions_are_a_key_and_a_question_has_a_plain_name() {
    let world = World::empty();
    let text = log("caller,callee,time,app_version,Dauer (ms)", &|place, who| {
        let version = ["5.2", "5.10", "6.0-beta"][place % 3];
        let time = format!("2026-03-02T{:02}:{:02}:00Z", place % 24, place % 60);
        format!("+1646555{who:04},+442079460999,{time},{version},{}", place + 20)
    });
    world.write("log.csv", text.as_bytes());
    let text = proposed(&world, "log.csv", 200);
    has(&text, &["app = \"app_version\"", "app = [\"5.10\", \"5.2\", \"6.0-beta\"]"]);
    has(&text, &["name = \"dauer_ms\"\nquantiles"]);
}

/// A column of yes and no that is called after SMS says yes where a lookup fell back.
#[test]
fn a_route_is_read_by_the_name_of_its_column_and_can_be_turned_round() {
    let row = |place: usize, who: usize| {
        let time = format!("2026-03-02T{:02}:{:02}:00Z", place % 24, place % 60);
        (format!("+1646555{who:04}"), time)
    };
    let of_sms = |text: &str, world: &World| {
        world.write("release.toml", text.as_bytes());
        let ran = world.run(&["check", "release.toml", "--json"]);
        let facts: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let keys = facts["keys"].as_array().unwrap();
        let route = keys.iter().find(|key| key["key"] == "route").unwrap();
        let values = route["values"].as_array().unwrap();
        values.iter().find(|one| one["value"] == "sms").unwrap()["lookups"].as_u64().unwrap()
    };
    // Fifty of 200 lookups say no.
    for (name, [yes, no], sms) in [
        ("sms", ["true", "false"], 150),
        ("is_sms", ["True", "False"], 150),
        ("sentBySms", ["1", "0"], 150),
        ("viasms", ["yes", "no"], 150),
        ("fallback", ["t", "f"], 150),
        ("no_sms", ["true", "false"], 50),
        ("reachable", ["true", "false"], 50),
        ("route", ["1", "0"], 50),
    ] {
        let world = World::empty();
        let text = log(&format!("caller,callee,time,{name}"), &|place, who| {
            let (caller, time) = row(place, who);
            format!("{caller},+442079460999,{time},{}", if place % 4 == 0 { no } else { yes })
        });
        world.write("log.csv", text.as_bytes());
        let text = proposed(&world, "log.csv", 200);
        assert_eq!(of_sms(&text, &world), sms, "{name}: {text}");
        let lines: Vec<&str> = text.lines().collect();
        let check = lines.iter().position(|line| line.contains("other way round")).unwrap();
        let other = lines[check + 1].trim_start_matches("# ");
        let turned = text.replace(lines[check + 2], other);
        assert_eq!(of_sms(&turned, &world), 200 - sms, "{name}: {turned}");
    }
    let world = World::empty();
    let lines = (0..200).map(|place| {
        let (caller, time) = row(place, place % 40);
        let people = format!("\"caller\":\"{caller}\",\"callee\":\"+442079460999\"");
        let via = place % 4 != 0;
        format!("{{{people},\"time\":\"{time}\",\"lookup\":{{\"result\":{{\"viaSms\":{via}}}}}}}\n")
    });
    world.write("log.ndjson", lines.collect::<String>().as_bytes());
    let text = proposed(&world, "log.ndjson", 200);
    let map = "map = { \"false\" = \"messenger\", \"true\" = \"sms\" }";
    has(&text, &["column = \"lookup.result.viaSms\"", map]);
    assert_eq!(of_sms(&text, &world), 150, "{text}");
}

/// What a draft leaves out is named with the reason, and names of keys are in plain letters.
#[test]
fn columns_that_are_left_out_are_named_and_keys_keep_their_letters() {
    let world = World::empty();
    let header = "caller,callee,time,Situação,app_name,Seção,caller_country,agent,spare,route";
    let text = log(header, &|place, who| {
        let pick = |values: [&'static str; 2]| values[place % 2];
        let hour = place % 24;
        format!(
            "+1646555{who:04},+442079460999,2026-03-02T{hour:02}:00:00Z,{},{},{},{},x{place},,{}",
            pick(["OK", "Falhou"]),
            pick(["chat", "call"]),
            pick(["um", "dois"]),
            pick(["US", "GB"]),
            pick(["Outra", "SMS"]),
        )
    });
    world.write("log.csv", text.as_bytes());
    let text = proposed(&world, "log.csv", 200);
    has(
        &text,
        &[
            "route = { column = \"route\", map = { \"Outra\" = \"messenger\", \"SMS\" = \"sms\" } }",
            "# CHECK: which answers lead to SMS?",
            "# Left out: ",
            "(could be listed in [keys]; each further key makes answers less exact)",
            "\"agent\" (may name people, or hold what they wrote)",
            "\"spare\" (without a value)",
        ],
    );
    assert!(!text.contains("x17"), "{text}");
    // Members of JSON may be called after people.
    let lines = (0..200).map(|place| {
        let (who, hour) = (place % 40, place % 24);
        let seen = format!("\"caller\":\"+1646555{who:04}\",\"callee\":\"+442079460999\"");
        let time = format!("\"time\":\"2026-03-02T{hour:02}:00:00Z\"");
        format!("{{{seen},{time},\"friend{who}\":1,\"+16465550001\":2,\"kept\":true}}\n")
    });
    world.write("log.ndjson", lines.collect::<String>().as_bytes());
    let text = proposed(&world, "log.ndjson", 200);
    has(
        &text,
        &[
            "# Left out: \"kept\" (one value alone); 1 column whose name is not shown, and may be of people",
        ],
    );
    assert!(!text.contains("friend") && !text.contains("1646555"), "{text}");
    // Without other columns that could be keys these two are.
    let text = log("caller,callee,time,Situação,caller_country", &|place, who| {
        let (state, country) = [("OK", "US"), ("Falhou", "GB")][place % 2];
        let hour = place % 24;
        format!("+1646555{who:04},+442079460999,2026-03-02T{hour:02}:00:00Z,{state},{country}")
    });
    world.write("log.csv", text.as_bytes());
    let text = proposed(&world, "log.csv", 200);
    has(&text, &["Situacao = \"Situação\"", "country_of_caller = \"caller_country\""]);
    assert!(!text.contains("Left out"), "{text}");
}
