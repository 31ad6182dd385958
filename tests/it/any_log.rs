//! Logs of other shapes, read with the release file alone.

use crate::world::{Ran, World};

/// A release of one question over `logs/*`, with these fields in `[logs]`.
fn world(fields: &str, files: &[(&str, &str)]) -> World {
    let world = World::empty();
    let release = format!(
        "name = \"daily\"\n[logs]\npath = \"logs/*\"\n{fields}\n[ledger]\npath = \"daily.ledger\"\n\
         epsilon = 1.0\ndelta = 1e-6\n[[question]]\nname = \"volume\"\ncount = \"lookups\"\nby = [\"hour\"]\n"
    );
    world.write("release.toml", release.as_bytes());
    for (name, text) in files {
        world.write(&format!("logs/{name}"), text.as_bytes());
    }
    world
}

/// What `check` counts: rows, lookups, rejects.
fn checked(world: &World) -> [u64; 3] {
    let ran = world.run(&["check", "release.toml", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let rejects =
        json["rejects"].as_object().unwrap().values().map(|count| count.as_u64().unwrap());
    [json["rows"].as_u64().unwrap(), json["lookups"].as_u64().unwrap(), rejects.sum()]
}

/// A check that must fail without a word of the log.
fn refused(world: &World, words: &[&str]) -> Ran {
    let ran = world.run(&["check", "release.toml"]);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "`{word}` is not in: {}", ran.stderr);
    }
    ran
}

const IDS: &str = "identifier = \"opaque\"\n";

#[test]
fn dates_that_can_mean_several_days_are_asked_for_without_a_word_of_a_row() {
    let log = "requester,target,requested_at\nann,bob,03/02/2026 10:05:07\n";
    let asking = world(IDS, &[("a.csv", log)]);
    let ran = refused(
        &asking,
        &[
            "a.csv: the time column `requested_at` holds dates that can mean several days",
            "\"%d/%m/%Y %H:%M:%S\" or \"%m/%d/%Y %H:%M:%S\"",
        ],
    );
    for secret in ["ann", "bob", "03", "2026", "10:05"] {
        assert!(!ran.stderr.contains(secret), "{}", ran.stderr);
    }
    asking.edit("[ledger]", "time_format = \"%d/%m/%Y %H:%M:%S\"\n[ledger]");
    assert_eq!(checked(&asking), [1, 1, 0]);
    asking.edit("%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S");
    refused(&asking, &["holds times that `[logs] time_format` does not describe"]);
}

#[test]
fn one_log_may_spell_its_times_in_several_ways() {
    let log = "requester,target,requested_at\n\
               ann,bob,2026/03/02 10:05:03\nann,bob,[02/Mar/2026:10:05:03 +0000]\n\
               ann,bob,\"Mon, 02 Mar 2026 10:05:03 GMT\"\nann,bob,2026-03-02T10:05:03Z\n\
               ann,bob,\"1772445903\"\n";
    assert_eq!(checked(&world(&format!("{IDS}time_unit = \"s\""), &[("a.csv", log)])), [5, 5, 0]);
    // What needs a declaration is a reject where other rows show that the log has times.
    assert_eq!(checked(&world(IDS, &[("a.csv", log)])), [5, 4, 1]);
}

#[test]
fn rows_whose_year_is_not_known_for_sure_are_never_deleted() {
    let log = "requester,target,requested_at\nann,bob,Mar  2 10:05:03\nann,bob,May  2 10:05:03\n";
    let fields = "time_format = \"%b %d %H:%M:%S\"\ndefault_year = 2025";
    let stamps = world(&format!("{IDS}{fields}"), &[("a.csv", log)]);
    assert_eq!(checked(&stamps), [2, 2, 0]);
    let retain = ["retain", "release.toml", "--as-of", "2025-05-10"];
    let ran = stamps.run(&retain);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    assert!(ran.stderr.contains("was written to after 2025"), "{}", ran.stderr);
    // A file that was closed within the year holds rows of no later one.
    let file = std::fs::File::options().write(true).open(stamps.path("logs/a.csv")).unwrap();
    let closed = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_746_230_400);
    file.set_modified(closed).unwrap();
    let ran = stamps.run(&retain);
    assert!(ran.stderr.starts_with("warning: rows of the day 2025-03-02 were deleted"));
    let left = std::fs::read_to_string(stamps.path("logs/a.csv")).unwrap();
    assert_eq!(left, "requester,target,requested_at\nann,bob,May  2 10:05:03\n");
}
