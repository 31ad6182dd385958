//! What a manifest lists is what was charged: the look, the rounds that find prefixes, the tables of
//! each class of activity, and those of questions about requesters.

use std::collections::{BTreeMap, BTreeSet};

use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;

use crate::world::{SECRETS, World};

pub(crate) const DAY: &str = "2026-03-02";

/// A question of every kind of both units, with the part of its share that its tables of classes
/// have: none of those about requesters.
pub(crate) const QUESTIONS: &str = r#"
[[question]]
name = "total"
count = "lookups"

[[question]]
name = "volume"
count = "lookups"
by = ["hour", "app"]

[[question]]
name = "sms_share"
share = "route = 'sms'"
by = ["app"]

[[question]]
name = "wait"
mean = "latency_ms"
range = [1, 60000]
by = ["app"]

[[question]]
name = "waits"
quantiles = [0.5]
of = "latency_ms"
range = [1, 60000]
weight = 0.5

[[question]]
name = "people"
distinct = "requester"
by = ["app"]
"#;

/// Those of requesters alone.
pub(crate) const MORE: &str = r#"
[[question]]
name = "busy"
distinct = "requester"
having = "lookups >= 8"

[[question]]
name = "habits"
histogram = "lookups per requester"

[[question]]
name = "hot"
count = "lookups"
by = ["target_prefix:6"]
keys = "private"
weight = 2
"#;

pub(crate) fn world(questions: &[&str]) -> World {
    let world = World::new();
    let release = std::fs::read_to_string(world.path("release.toml")).unwrap();
    let (head, _) = release.split_once("[[question]]").unwrap();
    world.write("release.toml", [&[head], questions].concat().concat().as_bytes());
    world
}

/// A figure in billionths.
fn nano(value: &Value) -> u64 {
    (value.as_f64().unwrap() * 1e9).round() as u64
}

/// At most what it may be, and no more than a thousandth less.
fn uses_up(spent: u64, part: u64, what: &str) {
    assert!(spent <= part && part - spent <= part / 1_000 + 5, "{what}: {spent} of {part}");
}

/// The parts of the questions by name, in billionths.
fn parts(manifest: &Value, names: &[&str]) -> BTreeMap<String, u64> {
    let parts = manifest["rho_of_questions"].as_array().unwrap().iter().map(nano);
    names.iter().map(|name| (*name).to_owned()).zip(parts).collect()
}

/// Checks what both units have in common, and gives back what was spent beside the classes.
fn adds_up(world: &World, names: &[&str]) -> Value {
    let ran = world.day(DAY);
    assert!(ran.stdout.contains("released"), "{} {}", ran.stdout, ran.stderr);
    let manifest = world.manifest(DAY);
    assert_eq!(manifest["format"], 7);
    let entry = &world.ledger()["entries"][0];
    let charge = entry["charge_nano_rho"].as_u64().unwrap();
    assert_eq!(nano(&manifest["charge_rho"]), charge);
    let (look, parts) = (nano(&manifest["rho_of_look"]), parts(&manifest, names));
    assert_eq!(parts.len(), names.len());
    assert_eq!(look + parts.values().sum::<u64>(), charge);

    let tables = manifest["measured_tables"].as_array().unwrap();
    assert_eq!(tables[0]["name"], "requesters by activity");
    uses_up(nano(&tables[0]["rho"]), look, "the look");
    // The price of each follows from its sensitivity and noise.
    for table in tables {
        let number = |name: &str| table[name].as_f64().unwrap();
        let rho = (number("sensitivity") / number("noise_scale")).powi(2) / 2.0;
        assert!((rho / number("rho") - 1.0).abs() < 1e-3, "{table}");
        assert_eq!(table["mechanism"], "discrete gaussian");
    }
    // Half of the part of prefixes finds them; the rest, and all of others, is spent in every class.
    let of_classes = |name: &str| match name {
        "people" | "busy" | "habits" => 0,
        "hot" => parts[name] / 2,
        _ => parts[name],
    };
    let shapes: u64 = names.iter().map(|name| of_classes(name)).sum();
    let mut costliest = 0;
    for class in 0..10 {
        let of_class = tables.iter().filter(|table| table["class"] == class);
        let spent = of_class.map(|table| nano(&table["rho"])).sum();
        uses_up(spent, shapes, &format!("class {class}"));
        costliest = costliest.max(spent);
    }
    let beside = tables.iter().filter(|table| table["class"].is_null());
    uses_up(costliest + beside.map(|table| nano(&table["rho"])).sum::<u64>(), charge, "the day");
    manifest
}

/// The metadata of a question's file, and the names of its columns.
pub(crate) fn published(world: &World, question: &str) -> (Value, Vec<String>) {
    let path = world.path(&format!("published/{question}/day={DAY}/part-0.parquet"));
    let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let metadata = reader.metadata().file_metadata();
    let pairs = metadata.key_value_metadata().unwrap();
    let pair = pairs.iter().find(|pair| pair.key == "pointillist").unwrap();
    let columns = metadata.schema_descr().columns().iter().map(|column| column.name().to_owned());
    (serde_json::from_str(pair.value.as_deref().unwrap()).unwrap(), columns.collect())
}

const NAMES: [&str; 9] =
    ["total", "volume", "sms_share", "wait", "waits", "people", "busy", "habits", "hot"];

#[test]
fn what_a_manifest_lists_adds_up_to_the_charge() {
    let world = world(&[QUESTIONS, MORE]);
    let manifest = adds_up(&world, &NAMES);
    let parts = parts(&manifest, &NAMES);
    let tables = manifest["measured_tables"].as_array().unwrap();
    for own in ["people", "busy", "habits"] {
        let table = tables.iter().find(|table| table["name"] == own).unwrap();
        uses_up(nano(&table["rho"]), parts[own], own);
    }
    let rounds: Vec<&Value> = tables.iter().filter(|it| !it["threshold"].is_null()).collect();
    assert_eq!(rounds.len(), 2);
    uses_up(rounds.iter().map(|round| nano(&round["rho"])).sum(), parts["hot"] / 2, "the rounds");
    let delta = |value: &Value| (value.as_f64().unwrap() * 1e18).round() as u64;
    let spent = rounds.iter().map(|round| delta(&round["key_delta"])).sum();
    uses_up(spent, world.ledger()["blocks"][0]["key_delta_spent_atto"].as_u64().unwrap(), "delta");
    assert!(rounds.iter().all(|round| round["threshold"].as_f64().unwrap() > 1.0));

    // Every file rests on tables of the manifest, and says how far each interval reaches.
    let listed: BTreeSet<&str> = tables.iter().map(|it| it["name"].as_str().unwrap()).collect();
    let mut named = BTreeSet::new();
    for question in NAMES {
        let (facts, columns) = published(&world, question);
        assert_eq!((&facts["format"], &facts["confidence"]), (&7.into(), &0.95.into()));
        assert_eq!(facts["classes"], manifest["classes"]);
        assert_eq!(nano(&facts["rho"]), parts[question] + nano(&manifest["rho_of_look"]));
        assert!(facts["interval"].as_str().unwrap().contains("ci_low to ci_high"), "{facts}");
        for table in facts["measured_tables"].as_array().unwrap() {
            let name = table["name"].as_str().unwrap();
            assert!(listed.contains(name), "{question}: {name}");
            named.insert(name.to_owned());
        }
        let numbers: Vec<&str> =
            columns.iter().map(String::as_str).skip_while(|name| *name != "value").collect();
        let with_display =
            ["value", "noise_sd", "ci_low", "ci_high", "value_display", "uninformative"];
        let expected: Vec<&str> = with_display
            .into_iter()
            .filter(|name| {
                *name != "value_display" || ["people", "busy", "habits"].contains(&question)
            })
            .collect();
        let of_averages = ["of_lookups", "of_lookups_low", "of_lookups_high"];
        let is_average = ["share", "mean"].contains(&facts["asks"].as_str().unwrap());
        let more: &[&str] = if is_average { &of_averages } else { &[] };
        let expected = [&expected[..], more, &["date"]].concat();
        assert_eq!(numbers, expected, "{question}");
    }
    assert_eq!(named.len(), listed.len(), "every table serves a question");
}

#[test]
fn so_does_that_of_persons() {
    let world = world(&[QUESTIONS]);
    world.edit(
        "budget_share = 0.7",
        "budget_share = 0.7\nunit = \"person-day\"\nexempt = \"services.txt\"",
    );
    // Everybody asks about this one; scaled to the limit of a target the day would look empty.
    world.write("services.txt", SECRETS[2].as_bytes());
    let manifest = adds_up(&world, &NAMES[..6]);
    for table in manifest["measured_tables"].as_array().unwrap() {
        assert!(table["target_clip"].as_f64().unwrap() > 0.0, "{table}");
    }
}

#[test]
fn classes_say_how_many_requesters_were_seen() {
    let world = world(&[QUESTIONS]);
    assert_eq!(world.day(DAY).code, 0);
    let manifest = world.manifest(DAY);
    let classes = manifest["classes"].as_array().unwrap();
    let lookups: Vec<u64> = classes.iter().map(|it| it["lookups"].as_u64().unwrap()).collect();
    assert_eq!(lookups, (0..10).map(|class| 8 << (2 * class)).collect::<Vec<u64>>());
    // 300 requesters of eight lookups each; the interval is at least two deviations to each side.
    let number = |name: &str| classes[0][name].as_f64().unwrap();
    let half = (number("ci_high") - number("ci_low")) / 2.0;
    assert!((number("requesters") - 300.0).abs() < 3.0 * half, "{manifest}");
    assert_eq!((&classes[0]["seen"], &classes[9]["seen"]), (&true.into(), &false.into()));
}
