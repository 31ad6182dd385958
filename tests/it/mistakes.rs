//! Typical mistakes, each with the message that it gets: the place, the reason, the mend.
//!
//! `tests/it/mistakes/table.txt` has those in a release file: a line `from => to` changes the release file
//! below, and under it stands what `plan` says, or `check` for what only the logs can show.
//! `tests/it/mistakes/commands.txt` has those in a command line, in a folder with one published day.
//! `POINTILLIST_ACCEPT=1` writes the messages again; read the difference before you commit it.

use std::path::{Path, PathBuf};

use crate::world::{HEADER, World, rows_of};

const RELEASE: &str = r#"name = "daily"

[logs]
path = "logs/*.csv"
columns = { requester = "requester" }
settle = "2h"

[keys]
app = ["messages", "calls"]

[retention]
days = 30

[ledger]
path = "daily.ledger"
epsilon = 1.0
delta = 1e-6

[privacy]
unit = "requester-day"

[[question]]
name = "volume"
count = "lookups"
by = ["hour", "app"]

[[question]]
name = "sms_share"
share = "route = 'sms'"

[[question]]
name = "latency"
quantiles = [0.5, 0.95]
of = "latency_ms"
range = [1, 60000]
"#;

#[test]
fn each_mistake_gets_its_message() {
    let path = table("table.txt");
    let text = std::fs::read_to_string(&path).unwrap();
    let cases = text.lines().filter(|line| line.contains(" => "));
    let (mut written, mut lacking, mut count) = (String::new(), Vec::new(), 0);
    for case in cases {
        let (from, to) = case.split_once(" => ").unwrap();
        let (code, message) = message_for(from, to);
        if ![2, 65, 74].contains(&code) || PARTS.iter().any(|part| !message.contains(part)) {
            lacking.push(format!("{case} ended with {code}:\n{message}"));
        }
        let lines: Vec<String> = message.lines().map(|line| format!("    {line}")).collect();
        written.push_str(&format!("{case}\n{}\n\n", lines.join("\n")));
        count += 1;
    }
    if std::env::var_os("POINTILLIST_ACCEPT").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    assert!(lacking.is_empty(), "{} lack a part:\n{}", lacking.len(), lacking.join("\n"));
    assert!(count >= 150, "only {count} mistakes");
    assert_eq!(text.trim(), written.trim(), "POINTILLIST_ACCEPT=1 writes the table again");
}

/// What a message must have: what is wrong, the line, a caret, what mends it.
const PARTS: [&str; 4] = ["error: ", " | ", "^", "hint: "];

fn table(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mistakes").join(name)
}

#[test]
fn each_mistake_in_a_command_gets_its_message() {
    let path = table("commands.txt");
    let text = std::fs::read_to_string(&path).unwrap();
    let world = World::new();
    world.edit("[ledger]", "[retention]\ndays = 36500\n[ledger]");
    assert_eq!(world.day("2026-03-01").code, 0);
    let (mut written, mut count) = (String::new(), 0);
    for command in text.lines().filter(|line| line.starts_with("pointillist")) {
        let ran = world.run(&command.split(' ').skip(1).collect::<Vec<_>>());
        assert_ne!(ran.code, 0, "{command}: {}", ran.stdout);
        let mends = ["hint: ", "tip: ", "Usage: ", "[possible values: ", "such as "];
        let folder = world.path("").display().to_string();
        let said = ran.stderr.replace(&folder, "");
        let said = said.trim_end();
        assert!(said.contains("error: "), "{command}: {said}");
        assert!(mends.iter().any(|mend| said.contains(mend)), "{command}: {said}");
        let lines: Vec<String> = said.lines().map(|line| format!("    {line}")).collect();
        let lines = lines.join("\n").replace("    \n", "\n");
        written.push_str(&format!("{command}\n    [{}]\n{lines}\n\n", ran.code));
        count += 1;
    }
    if std::env::var_os("POINTILLIST_ACCEPT").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    assert!(count >= 30, "only {count} mistakes");
    assert_eq!(text.trim(), written.trim(), "POINTILLIST_ACCEPT=1 writes the table again");
}

/// What the program says about the release file with one change.
fn message_for(from: &str, to: &str) -> (i32, String) {
    let (from, to) = (from.replace("\\n", "\n"), to.replace("\\n", "\n"));
    assert!(RELEASE.contains(&from), "{from}");
    let world = World::empty();
    world.write("release.toml", RELEASE.replacen(&from, &to, 1).as_bytes());
    world.write("logs/a.csv", format!("{HEADER}{}", rows_of("2026-03-01")).as_bytes());
    let planned = world.run(&["plan", "release.toml"]);
    let ran = if planned.code == 0 { world.run(&["check", "release.toml"]) } else { planned };
    (ran.code, ran.stderr)
}
