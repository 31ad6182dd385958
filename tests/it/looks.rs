//! A golden ledger of days that are looked at before they are planned, in every state: it opens, says
//! what it said, heals what it published, and goes on with the looks that it holds.
//!
//! `tests/golden/README.md` says what is in it and how it was made.

use std::collections::BTreeMap;

use pointillist::ledger::{EntryId, Ledger, Which};
use serde_json::Value;

use crate::golden::{AS_OF, Golden, OF_BLOCKS, OF_ENTRIES, fixed};

fn golden() -> Golden {
    Golden::copy("look", "daily.ledger")
}

/// The looks that the ledger holds, by entry.
fn looks(golden: &Golden) -> BTreeMap<EntryId, Vec<i64>> {
    let ledger = Ledger::open_existing(&golden.world.path("daily.ledger")).unwrap();
    let entries = ledger.entries(Which::All).unwrap();
    let look = |id| ledger.look(id).unwrap().map(|look| (id, look));
    entries.into_iter().filter_map(|entry| look(entry.id)).collect()
}

fn states(golden: &Golden) -> Vec<Value> {
    fixed(&golden.shown(), "entries", &["state"]).concat()
}

#[test]
fn it_is_whole_and_shows_what_it_showed() {
    let golden = golden();
    golden.verify();
    let (shown, showed) = (golden.shown(), golden.showed());
    for (list, fields) in [("entries", &OF_ENTRIES[..]), ("blocks", &OF_BLOCKS[..])] {
        assert_eq!(fixed(&shown, list, fields), fixed(&showed, list, fields));
    }
    // What pairs and targets lost was frozen with each entry.
    assert_eq!(fixed(&shown, "blocks", &["others"]), fixed(&showed, "blocks", &["others"]));
    assert_eq!(states(&golden), ["published", "committed", "reserved", "drawn", "empty"]);
    let looked: Vec<EntryId> = looks(&golden).into_keys().collect();
    assert_eq!(looked, [1, 2, 4, 5].map(EntryId));
    let ran = golden.run(0, &["ledger", "export", "--ledger", golden.ledger]);
    let exported: Value = serde_json::from_str(&ran.stdout).unwrap();
    for entry in exported["entries"].as_array().unwrap() {
        let parts = entry["mechanisms"].as_array().unwrap().iter();
        let parts = parts.map(|part| part["at_most_nano_rho"].as_u64().unwrap());
        assert_eq!(parts.sum::<u64>(), entry["charge_nano_rho"].as_u64().unwrap(), "{entry}");
    }
}

#[test]
fn released_days_of_it_heal_byte_for_byte_without_their_logs() {
    let golden = golden();
    for day in ["2026-06-01", "2026-06-02"] {
        golden.day("daily.toml", day);
    }
    golden.outputs_are_the_stored_ones();
    assert_eq!(states(&golden)[..2], ["published", "published"]);
    golden.verify();
}

#[test]
fn a_draw_that_died_after_its_look_goes_on_with_the_same_look_and_costs_no_more() {
    let golden = golden();
    let before = looks(&golden);
    golden.day("daily.toml", "2026-06-04");
    assert_eq!(looks(&golden), before);
    let (shown, showed) = (golden.shown(), golden.showed());
    assert_eq!(fixed(&shown, "blocks", &OF_BLOCKS), fixed(&showed, "blocks", &OF_BLOCKS));
    assert_eq!(shown["entries"][3]["state"], "published");
    let attempts = |json: &Value| json["entries"][3]["attempts"].as_u64().unwrap();
    assert_eq!(attempts(&shown), attempts(&showed) + 1);
    // The lightest class stands far out of the noise. What was published of it is the look, or the
    // look weighed with what the tables showed of the class again.
    let manifest = golden.world.manifest("2026-06-04");
    let published = manifest["classes"][0]["requesters"].as_f64().unwrap();
    let looked = before[&EntryId(4)][0] as f64 / f64::from(1 << 20);
    let sd = manifest["measured_tables"][0]["noise_scale"].as_f64().unwrap();
    assert!((published - looked).abs() < 6.0 * sd, "{published} {looked}");
    golden.verify();
}

#[test]
fn a_reserved_day_of_it_is_finished_with_its_frozen_plan_and_costs_no_more() {
    let golden = golden();
    golden.day("daily.toml", "2026-06-03");
    let (shown, showed) = (golden.shown(), golden.showed());
    assert_eq!(fixed(&shown, "blocks", &OF_BLOCKS), fixed(&showed, "blocks", &OF_BLOCKS));
    assert_eq!(shown["entries"][2]["state"], "published");
    assert!(looks(&golden).contains_key(&EntryId(3)));
    golden.verify();
}

#[test]
fn a_begun_day_of_it_keeps_its_plan_when_30_days_are_limited_later() {
    let golden = golden();
    let text = std::fs::read_to_string(golden.world.path("daily.toml")).unwrap();
    let capped = text.replacen("epsilon = 8.0\n", "epsilon = 8.0\nepsilon_30_days = 20.0\n", 1);
    golden.world.write("daily.toml", capped.as_bytes());
    let showed = golden.showed();
    for (place, day) in [(2, "2026-06-03"), (3, "2026-06-04")] {
        golden.day("daily.toml", day);
        let (manifest, entry) = (golden.world.manifest(day), &showed["entries"][place]);
        let charge = entry["charge_nano_rho"].as_f64().unwrap() / 1e9;
        let look = manifest["measured_tables"][0]["rho"].as_f64().unwrap();
        assert!((look / charge - 0.15).abs() < 1e-3, "{day}: {look} of {charge}");
    }
    golden.verify();
}

#[test]
fn a_day_whose_logs_changed_is_released_only_if_nothing_was_drawn_of_it() {
    for (day, entry, code, words) in
        [("2026-06-03", "3", 0, ""), ("2026-06-04", "4", 65, "its charge stays spent")]
    {
        let golden = golden();
        let log = golden.world.path(&format!("logs/day={day}/part-0.csv"));
        let text = std::fs::read_to_string(&log).unwrap();
        std::fs::write(&log, text.replacen("sms", "messenger", 1)).unwrap();
        let ran = golden.run(code, &["run", "daily.toml", "--day", day, "--as-of", AS_OF]);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
        // It was given up, or it cannot be.
        golden.run(1, &["ledger", "void", entry, "daily.toml"]);
        golden.verify();
    }
}

#[test]
fn an_empty_day_stays_empty_and_cost_its_look_alone() {
    let golden = golden();
    let before = golden.shown();
    let ran = golden.day("daily.toml", "2026-06-05");
    assert!(ran.stdout.contains("looks empty"), "{}", ran.stdout);
    assert_eq!(golden.shown(), before);
    let entry = &before["entries"][4];
    let (spent, charge) = (&entry["spent_nano_rho"], &entry["charge_nano_rho"]);
    let part = spent.as_f64().unwrap() / charge.as_f64().unwrap();
    assert!((part - 0.15).abs() < 1e-3, "{part}");
    // A lookup weighs an eighth of a requester in the look.
    let pair = before["blocks"][4]["others"][0]["nano_rho"].as_f64().unwrap();
    let of_look = pair / spent.as_f64().unwrap();
    assert!((of_look * 64.0 - 1.0).abs() < 0.01, "{of_look}");
}
