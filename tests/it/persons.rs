//! The person-day unit as its users meet it.

use serde_json::Value;

use crate::world::{SECRETS, World};

fn of_persons() -> World {
    let world = World::new();
    world.edit(
        "budget_share = 0.7",
        "budget_share = 0.7\nunit = \"person-day\"\nexempt = \"services.txt\"",
    );
    world.write("services.txt", format!("# a bank\n{}\n", SECRETS[2]).as_bytes());
    world
}

#[test]
fn a_day_of_persons_says_what_it_promises() {
    let world = of_persons();
    let ran = world.day("2026-03-02");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let inspected = world.run(&["inspect", "published/volume/day=2026-03-02/part-0.parquet"]);
    let words = inspected.stdout.replace('\n', " ");
    assert!(words.contains("by that person or about that person"), "{words}");
    let manifest = std::fs::read(world.path("published/_manifest/day=2026-03-02.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["unit"], "person-day");
    assert_eq!(manifest["exempt"]["identifiers"], 1);
    for table in manifest["measured_tables"].as_array().unwrap() {
        let [clip, target, both] =
            ["clip", "target_clip", "sensitivity"].map(|field| table[field].as_f64().unwrap());
        assert!((clip + target - both).abs() < 1e-9 && target > 0.0, "{table}");
        // The noise covers both: rho is half the square of sensitivity over scale.
        let scale = table["noise_scale"].as_f64().unwrap();
        let rho = (both / scale).powi(2) / 2.0;
        assert!((rho / table["rho"].as_f64().unwrap() - 1.0).abs() < 1e-3, "{table}");
    }
    let files = world.published();
    assert_eq!(world.day("2026-03-02").code, 0);
    assert_eq!(world.published(), files);
}

#[test]
fn a_ledger_keeps_its_unit_and_a_day_the_list_that_it_was_released_with() {
    let world = of_persons();
    assert_eq!(world.day("2026-03-02").code, 0);
    world.write("services.txt", b"");
    let other_list = world.day("2026-03-02");
    assert_eq!(other_list.code, 1, "{}", other_list.stderr);
    world.edit("unit = \"person-day\"\nexempt = \"services.txt\"", "");
    let other_unit = world.day("2026-03-03");
    assert_eq!(other_unit.code, 1, "{}", other_unit.stderr);
    assert!(other_unit.stderr.contains("[privacy] unit"), "{}", other_unit.stderr);
}

#[test]
fn private_prefixes_are_refused_for_persons() {
    let world = of_persons();
    world.edit("by = [\"hour\", \"app\"]", "by = [\"target_prefix:6\"]\nkeys = \"private\"");
    let ran = world.day("2026-03-02");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("person-day"), "{}", ran.stderr);
}
