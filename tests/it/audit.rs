//! An audit: what it shows, that it reads and charges nothing, and how it fails.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::world::World;

fn audited(world: &World) -> Value {
    let ran = world.run(&["audit", "release.toml", "--seconds", "1", "--json"]);
    let audit: Value = serde_json::from_str(&ran.stdout).unwrap();
    let passed = audit["passed"].as_bool().unwrap();
    assert_eq!(ran.code, i32::from(!passed), "{}", ran.stderr);
    audit
}

fn failed(audit: &Value) -> BTreeSet<String> {
    let findings = audit["findings"].as_array().unwrap();
    let failed = findings.iter().filter(|finding| finding["passed"] == false);
    failed.map(|finding| format!("{} {}", finding["test"], finding["subject"])).collect()
}

#[test]
fn a_sound_release_passes_without_logs_and_without_a_charge() {
    let world = World::new();
    std::fs::remove_dir_all(world.path("logs")).unwrap();
    // The same test fails three times in a row with a probability below 1e-7.
    let audits = [(); 3].map(|()| audited(&world));
    let again: BTreeSet<String> =
        audits.iter().map(failed).reduce(|left, right| &left & &right).unwrap();
    assert!(again.is_empty(), "{again:?}");
    assert!(audits[0]["false_alarm"].as_f64().unwrap() <= 0.01);
    let tests: BTreeSet<&str> = audits[0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["test"].as_str().unwrap())
        .collect();
    for test in ["sensitivity", "distinguishing", "retention", "running again"] {
        assert!(tests.contains(test), "{tests:?}");
    }
    // Nothing was made beside the release file.
    let left: Vec<_> = std::fs::read_dir(world.path("")).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn the_ledger_of_the_release_is_left_alone() {
    let world = World::new();
    assert_eq!(world.day("2026-03-02").code, 0);
    let (before, published) =
        (std::fs::read(world.path("daily.ledger")).unwrap(), world.published());
    audited(&world);
    assert_eq!(std::fs::read(world.path("daily.ledger")).unwrap(), before);
    assert_eq!(world.published(), published);
}

#[test]
fn people_get_a_table_and_a_page() {
    let world = World::new();
    let ran = world.run(&["audit", "release.toml", "--seconds", "1", "--html", "audit.html"]);
    assert!(ran.stdout.starts_with("sensitivity (cannot fail by chance)\n"), "{}", ran.stdout);
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
    assert!(ran.stdout.replace('\n', " ").contains(" of 100 audits"), "{}", ran.stdout);
    let page = std::fs::read_to_string(world.path("audit.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    let verdicts = ["  passed  ", "  FAILED  "];
    let lines = ran.stdout.lines();
    let lines = lines.filter(|line| verdicts.iter().any(|verdict| line.starts_with(verdict)));
    assert_eq!(page.matches("<tr>").count(), 1 + lines.count());
}

#[test]
fn what_cannot_be_audited_is_refused() {
    let world = World::new();
    assert_eq!(world.run(&["audit", "release.toml", "--seconds", "0"]).code, 2);
    assert_eq!(world.run(&["audit", "nowhere.toml"]).code, 2);
    let page = ["audit", "release.toml", "--seconds", "1", "--html", "nowhere/audit.html"];
    assert_eq!(world.run(&page).code, 74);
    // A budget too small to divide is refused as a run refuses it.
    world.edit("budget_share = 0.7", "budget_share = 0.00001");
    assert_eq!(world.run(&["audit", "release.toml"]).code, 1);
}
