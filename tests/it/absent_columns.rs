//! Columns that the release file names and that no line of JSON shows.

use serde_json::{Value, json};

use crate::check::check;
use crate::world::{Ran, World};

/// A key of JSON whose column nobody has, since its name is misspelt, or no column is called so.
#[test]
fn a_column_that_no_line_of_json_has_is_named_with_what_was_meant_and_decides_nothing() {
    let line = |place: usize| {
        let requester = format!("+1646555{:04}", place % 300);
        let client = json!({"name": "messages", "os": if place == 7 { "rare" } else { "usual" }});
        let mut row = json!({
            "requester": requester,
            "target": "+442079460999",
            "requested_at": "2026-03-02T08:00:00Z",
            "client": client,
            "route": "sms",
            "latency_ms": 1,
        });
        if place == 7 {
            row["seldom"] = json!("yes");
        }
        format!("{row}\n")
    };
    let rows: String = (0..3_000).map(line).collect();
    for (column, said, warning) in [
        ("client.name", None, None),
        ("seldom", None, None),
        ("client.nam", Some("did you mean `client.name`?"), Some("client.nam")),
        // What holds other columns is not what was meant, nor is what is used already.
        ("clients", Some("did you mean `client."), Some("clients")),
        ("routes", Some("unless few lookups have it"), Some("routes")),
        ("platform", Some("unless few lookups have it"), Some("platform")),
    ] {
        let world = World::new();
        std::fs::remove_file(world.path("logs/lookups.csv")).unwrap();
        world.write("logs/lookups.ndjson", rows.as_bytes());
        world.edit("logs/*.csv", "logs/*.ndjson");
        world.edit("[keys]", &format!("columns = {{ app = \"{column}\" }}\n[keys]"));
        let words = said.map(|said| (format!("no file has the column `{column}`"), said));
        let checked = check(&world);
        let ran = world.day("2026-03-02");
        for ran in [&checked, &ran] {
            assert_eq!(ran.code, 0, "{column}: {}", ran.stderr);
            let found = ran.stderr.matches("no file has the column").count();
            assert_eq!(found, usize::from(words.is_some()), "{column}: {}", ran.stderr);
            if let Some((one, other)) = &words {
                let stderr = ran.stderr.replace("\n  ", " ");
                assert!(stderr.contains("warning: "), "{stderr}");
                assert!(stderr.contains(one) && stderr.contains(other), "{stderr}");
            }
        }
        let asked = world.run(&["check", "release.toml", "--json"]);
        let object: Value = serde_json::from_str(&asked.stdout).unwrap();
        assert_eq!(object["missing_columns"], json!(warning.into_iter().collect::<Vec<_>>()));
        assert_eq!(object["warnings"].as_array().unwrap().len(), usize::from(said.is_some()));
    }
}

#[test]
fn what_is_proposed_for_a_column_has_values_and_no_columns_in_it() {
    let world = World::new();
    std::fs::remove_file(world.path("logs/lookups.csv")).unwrap();
    let row = json!({
        "actor": {"id": "+16465550001", "kind": "person"},
        "target": "+442079460999",
        "requested_at": "2026-03-02T08:00:00Z",
    });
    world.write("logs/lookups.ndjson", format!("{row}\n").repeat(10).as_bytes());
    world.edit("logs/*.csv", "logs/*.ndjson");
    world.edit("[keys]", "columns = { requester = \"actor.idd\" }\n[keys]");
    let ran = check(&world);
    assert_eq!(ran.code, 65, "{}", ran.stdout);
    assert!(ran.stderr.contains("did you mean `actor.id`?"), "{}", ran.stderr);
    world.edit("actor.idd", "actors");
    let said = check(&world).stderr;
    assert!(said.contains("did you mean `actor.") && !said.contains("`actor`"), "{said}");
}

/// A world with these files of JSON lines in place of its log.
fn with_json(files: &[(&str, &str)]) -> World {
    let world = World::new();
    std::fs::remove_file(world.path("logs/lookups.csv")).unwrap();
    world.edit("logs/*.csv", "logs/*.ndjson");
    for (name, text) in files {
        world.write(&format!("logs/{name}.ndjson"), text.as_bytes());
    }
    world
}

/// So many lookups with these members as well.
fn lookups(lines: usize, more: &Value) -> String {
    let line = |place: usize| {
        let mut row = json!({
            "requester": format!("+1646555{:04}", place % 300),
            "target": "+442079460999",
            "requested_at": "2026-03-02T08:00:00Z",
            "date": "2026-03-02",
            "time": "08:00:00",
            "route": "sms",
        });
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        format!("{row}\n")
    };
    (0..lines).map(line).collect()
}

/// What `check` and a run say, each in one line.
fn said(world: &World) -> [String; 2] {
    let in_one_line = |ran: Ran| {
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stderr.replace("\n  ", " ")
    };
    [check(world), world.day("2026-03-02")].map(in_one_line)
}

/// A lookup without such a column is a reject, and no lookup without a value.
#[test]
fn of_columns_that_every_lookup_needs_none_is_said_to_count_without_a_value() {
    let other = "{\"event\":\"started\"}\n".repeat(1_100);
    let usual = other + &lookups(3_000, &json!({"app": "messages"}));
    for columns in ["", "columns = { requested_at = [\"date\", \"time\"] }\n"] {
        let world = with_json(&[("lookups", &usual)]);
        world.edit("[keys]", &format!("{columns}[keys]"));
        for stderr in said(&world) {
            let named: Vec<&str> = stderr
                .split("no file has the column `")
                .skip(1)
                .map(|rest| rest.split('`').next().unwrap())
                .collect();
            assert_eq!(named, ["app", "route"], "{columns}: {stderr}");
        }
        let asked = world.run(&["check", "release.toml", "--json"]);
        let object: Value = serde_json::from_str(&asked.stdout).unwrap();
        assert_eq!(object["missing_columns"], json!(["app", "route"]));
    }
}

/// A file of one person can have one line, and a name in it can be a number.
#[test]
fn a_name_is_shown_if_half_of_the_first_lines_of_all_files_have_it() {
    let usual = lookups(100, &json!({}));
    for (lines, is_shown) in [(1, false), (99, false), (100, true)] {
        let odd = lookups(lines, &json!({"platforms": "messages"}));
        let world = with_json(&[("a", &usual), ("b", &odd)]);
        world.edit("[keys]", "columns = { app = \"platform\" }\n[keys]");
        for stderr in said(&world) {
            assert!(stderr.contains("no file has the column `platform`"), "{stderr}");
            assert_eq!(stderr.contains("did you mean `platforms`?"), is_shown, "{lines}: {stderr}");
            assert_eq!(stderr.contains("platforms"), is_shown, "{lines}: {stderr}");
        }
        // The same holds where logs are refused.
        world.edit("app = \"platform\"", "requester = \"platform\"");
        let ran = check(&world);
        assert_eq!(ran.code, 65, "{}", ran.stderr);
        assert_eq!(ran.stderr.contains("platforms"), is_shown, "{lines}: {}", ran.stderr);
    }
}
