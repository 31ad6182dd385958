//! What the program says of itself: the schema of its file, and man pages.

use std::path::Path;

use pointillist::release_file::ReleaseFile;
use serde_json::Value;

use crate::world::{HEADER, World, rows_of};

/// The schema that the program prints.
pub(crate) fn schema() -> Value {
    let ran = World::empty().run(&["schema"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn the_schema_in_the_documents_is_that_of_the_program() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/release-file.schema.json");
    let printed = World::empty().run(&["schema"]).stdout;
    if std::env::var_os("POINTILLIST_ACCEPT").is_some() {
        std::fs::write(&path, &printed).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), printed);
}

/// What else the file says where a field is tried that cannot stand alone.
fn base(field: &str) -> toml::Table {
    let question = match field {
        "distinct" => "",
        "having" => "distinct = \"requester\"",
        "histogram" => "",
        "keys" | "top" => "count = \"lookups\"\nby = [\"target_country\"]",
        "quantiles" => "of = \"latency_ms\"\nrange = [1, 60000]",
        _ => "count = \"lookups\"",
    };
    let text = format!(
        "name = \"daily\"\n[logs]\npath = \"logs\"\n\
         day_folder = \"day\"\n[ledger]\npath = \"a.ledger\"\nepsilon = 1.0\n\
         delta = 1e-6\n[[question]]\nname = \"q\"\n{question}\n"
    );
    text.parse().unwrap()
}

/// What a release file gets that says this in a field.
fn outcome(section: &[&str], field: &str, value: toml::Value) -> Result<(), String> {
    let mut file = base(field);
    let mut table = &mut file;
    for name in section {
        let none = || toml::Value::Table(toml::Table::new());
        table = match table.entry(*name).or_insert_with(none) {
            toml::Value::Array(tables) => tables[0].as_table_mut().unwrap(),
            inner => inner.as_table_mut().unwrap(),
        };
    }
    table.insert(field.to_owned(), value);
    let text = toml::to_string(&file).unwrap();
    ReleaseFile::parse(&text, "r.toml", Path::new(".")).map(|_| ()).map_err(|it| it.to_string())
}

/// The tables of a release file, and where the schema has each.
pub(crate) const SECTIONS: [(&[&str], &str); 7] = [
    (&[], ""),
    (&["logs"], "/properties/logs"),
    (&["logs", "expect"], "/properties/logs/properties/expect"),
    (&["retention"], "/properties/retention"),
    (&["ledger"], "/properties/ledger"),
    (&["privacy"], "/properties/privacy"),
    (&["question"], "/properties/question/items"),
];

#[test]
fn words_and_bounds_of_the_schema_are_those_of_the_program() {
    let schema = schema();
    let (mut words, mut bounds) = (0, 0);
    for (section, place) in SECTIONS {
        let fields = schema.pointer(&format!("{place}/properties")).unwrap();
        for (field, facts) in fields.as_object().unwrap() {
            for word in facts["enum"].as_array().into_iter().flatten() {
                let value = toml::Value::try_from(word).unwrap();
                let taken = outcome(section, field, value);
                // Private keys are prefixes; that the word is known, the message says.
                let is_known = taken.is_ok() || *word == "private";
                assert!(is_known, "{section:?} {field} = {word}: {taken:?}");
                let other = match word {
                    Value::String(_) => toml::Value::from("nonsense"),
                    _ => toml::Value::from(17),
                };
                assert!(outcome(section, field, other).is_err(), "{section:?} {field}");
                words += 1;
            }
            let is_whole = facts["type"] == "integer";
            for (end, step) in [("minimum", -1.0), ("maximum", 1.0)] {
                let Some(bound) = facts[end].as_f64().filter(|_| facts["enum"].is_null()) else {
                    continue;
                };
                let beyond = match is_whole {
                    true => bound + step,
                    false => bound + step * bound.max(1e-9) / 10.0,
                };
                let value = |number: f64| match is_whole {
                    true => toml::Value::from(number as i64),
                    false => toml::Value::from(number),
                };
                let (at, beyond) = (value(bound), value(beyond));
                let taken = outcome(section, field, at);
                assert!(taken.is_ok(), "{section:?} {field} = {bound}: {taken:?}");
                assert!(outcome(section, field, beyond.clone()).is_err(), "{field} = {beyond}");
                bounds += 1;
            }
        }
    }
    assert!(words >= 13 && bounds >= 12, "{words} words, {bounds} bounds");
}

#[test]
fn init_leaves_the_schema_that_its_file_names_and_overwrites_none() {
    let world = World::empty();
    world.write("logs/a.csv", format!("{HEADER}{}", rows_of("2026-03-01")).as_bytes());
    let ran = world.run(&["init", "logs", "--out", "daily.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = std::fs::read_to_string(world.path("daily.toml")).unwrap();
    let named = text.lines().next().unwrap().strip_prefix("#:schema ").unwrap();
    let beside = world.path(named);
    assert_eq!(std::fs::read_to_string(&beside).unwrap(), world.run(&["schema"]).stdout);
    world.write(named, b"{}");
    assert_eq!(world.run(&["init", "logs", "--out", "other.toml"]).code, 0);
    assert_eq!(std::fs::read_to_string(beside).unwrap(), "{}");
}

#[test]
fn every_command_has_a_man_page_with_all_of_its_options() {
    let world = World::empty();
    let ran = world.run(&["man", "pages"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut pages = 0;
    for entry in std::fs::read_dir(world.path("pages")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let page = std::fs::read_to_string(&path).unwrap().replace('\\', "");
        let words: Vec<&str> = name.split('-').skip(1).collect();
        let help = world.run(&[&words[..], &["--help"]].concat());
        assert_eq!(help.code, 0, "{name}: {}", help.stderr);
        let options = help.stdout.split_whitespace().filter(|word| word.starts_with("--"));
        for option in options {
            let option = option.trim_end_matches([',', ':', '.']);
            assert!(page.contains(option), "{name} lacks {option}");
        }
        pages += 1;
    }
    let listed = world.run(&["--help"]).stdout;
    let commands = listed.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let commands = commands.lines().filter(|line| {
        line.starts_with("  ") && !line.starts_with("   ") && !line.starts_with("  help")
    });
    assert!(pages > commands.count(), "{pages} pages");
}
