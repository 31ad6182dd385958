//! Deletions that were interrupted at a known point: the journal decides what is left to do.

use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use jiff::tz::TimeZone;
use pointillist::ingest::{find_log_files, path_digest};
use pointillist::ledger::{DeletedFile, HoldTerms, Ledger, Retention, Role, Sealed};
use pointillist::release_file::ReleaseFile;
use pointillist::release_file::day::{Clock, days_before, parse_instant};

use crate::archive_world::{ArchiveWorld, HOUR, Row, START, instant, number};

const DAY: i64 = 24 * HOUR;
const AS_OF: i64 = START + 31 * DAY;

/// Two files of one expired day, and a hold on everything.
fn world() -> ArchiveWorld {
    let world = ArchiveWorld::new();
    for (file, place) in [("a.csv", 1), ("b.csv", 2)] {
        world.write_log(file, &rows(place));
    }
    let recipient = world.recipient();
    let add = [
        "hold",
        "add",
        "release.toml",
        "--order",
        "A",
        "--from",
        "2026-03-01",
        "--to",
        "2026-03-01",
        "--recipient",
        &recipient,
        "--number",
        &number(9),
        "--expires",
        "2026-05-01",
    ];
    let ran = world.run_at(START, &add);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    world
}

fn rows(place: usize) -> Vec<Row> {
    (0..5).map(|hour| (START + hour * HOUR, number(place), number(9))).collect()
}

/// Notes a deletion of both files in the journal, as the program does before it acts.
fn begin(world: &ArchiveWorld, act: impl FnOnce(&mut Ledger, u64, &[String])) {
    begin_by(world, None, act);
}

/// The same of files that were found by a path below the world's folder, or by an earlier version, which
/// did not note how it found them and wrote their paths.
fn begin_by(
    world: &ArchiveWorld,
    place: Option<&str>,
    act: impl FnOnce(&mut Ledger, u64, &[String]),
) {
    let release_file = ReleaseFile::read(&world.path("release.toml")).unwrap();
    let as_of = parse_instant(&instant(AS_OF), &TimeZone::UTC).unwrap();
    let path = world.path("daily.ledger");
    let mut ledger = Ledger::reopen(&path, Duration::ZERO, Clock::Fixed(as_of)).unwrap();
    let logs = find_log_files(&release_file.logs).unwrap();
    let digests: Vec<String> = logs.iter().map(|log| log.digest(ledger.key()).unwrap()).collect();
    let files = ["a.csv", "b.csv"].into_iter().zip(&digests).map(|(name, digest)| DeletedFile {
        path: place.is_none().then(|| name.to_owned()),
        path_digest: place.map(|_| path_digest(name.as_ref(), ledger.key())),
        folder_day: None,
        expired_rows: 5,
        kept_rows: 0,
        bytes: 1,
        digest_before: digest.clone(),
        digest_after: None,
    });
    let files: Vec<DeletedFile> = files.collect();
    let absolute = |place: &str| world.path(place).into_os_string().into_encoded_bytes();
    let place_digest = place.map(|place| ledger.key().digest("log place", &[&absolute(place)]));
    let retention = ledger
        .begin_retention(Retention {
            retention: 0,
            as_of,
            cutoff: days_before(as_of, 30).unwrap(),
            place_digest,
            folder_digests: Vec::new(),
            folder_number: place.map(|_| std::fs::metadata(world.path("logs")).unwrap().ino()),
            files,
            unreleased: Vec::new(),
        })
        .unwrap();
    act(&mut ledger, retention, &digests);
}

fn finish(world: &ArchiveWorld) {
    let ran = world.retain(AS_OF + HOUR);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("finished a deletion"), "{}", ran.stdout);
    assert!(world.live().is_empty());
    world.verify();
}

#[test]
fn noted_and_not_begun() {
    let world = world();
    begin(&world, |_, _, _| {});
    finish(&world);
    assert_eq!(world.disclosed("A", AS_OF + DAY).len(), 10);
}

#[test]
fn one_file_sealed_and_none_gone() {
    let world = world();
    begin(&world, |ledger, retention, digests| {
        // Its archive had no rows, so sealing the file again would show.
        let files = vec![digests[0].clone()];
        ledger
            .note_sealed(&Sealed { retention, considered: vec![1], files, archives: Vec::new() })
            .unwrap();
    });
    finish(&world);
    assert_eq!(world.disclosed("A", AS_OF + DAY), rows(2));
}

#[test]
fn one_file_gone_before_the_end() {
    let world = world();
    begin(&world, |_, _, _| {});
    std::fs::remove_file(world.path("logs/a.csv")).unwrap();
    finish(&world);
    assert_eq!(world.disclosed("A", AS_OF + DAY), rows(2));
}

#[test]
fn a_file_that_somebody_changed_waits_for_the_next_deletion() {
    let world = world();
    begin(&world, |_, _, _| {});
    let mut changed = rows(2);
    changed.push((START + 20 * HOUR, number(3), number(9)));
    world.write_log("b.csv", &changed);
    let ran = world.retain(AS_OF + HOUR);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(world.live().is_empty());
    let both = [rows(1), changed].concat();
    let mut handed = world.disclosed("A", AS_OF + DAY);
    handed.sort();
    let mut both = both;
    both.sort();
    assert_eq!(handed, both);
    world.verify();
}

#[test]
fn a_sealed_archive_that_is_gone_stops_the_deletion() {
    let world = world();
    begin(&world, |ledger, retention, digests| {
        let archive = pointillist::ledger::Archive {
            hold: 1,
            rows: 5,
            bytes: 1,
            digest: "of nothing".to_owned(),
            part: 0,
        };
        let sealed = Sealed {
            retention,
            considered: vec![1],
            files: digests.to_vec(),
            archives: vec![archive],
        };
        ledger.note_sealed(&sealed).unwrap();
    });
    let ran = world.retain(AS_OF + HOUR);
    assert_eq!(ran.code, 74, "{}", ran.stderr);
    assert!(ran.stderr.contains("damaged or gone"), "{}", ran.stderr);
    assert_eq!(world.live().len(), 10);
}

#[test]
fn a_deletion_is_finished_by_the_path_that_it_began_with_and_by_no_other() {
    let world = world();
    begin_by(&world, Some("logs/*/*.csv"), |_, _, _| {});
    let files = || world.files("logs").len();
    let before = files();
    // By the path of the release file none of its files would be found.
    for more in [&[][..], &["--dry-run"]] {
        let as_of = instant(AS_OF + HOUR);
        let retain = ["retain", "release.toml", "--as-of", &as_of];
        let ran = world.run_at(AS_OF + HOUR, &[&retain[..], more].concat());
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("by another `[logs] path`"), "{}", ran.stderr);
        assert_eq!(files(), before);
    }
    world.verify();
    let ledger = Ledger::open_existing(&world.path("daily.ledger")).unwrap();
    assert!(ledger.custody().unwrap().pending().is_some(), "it is not noted as done");
}

#[test]
fn a_deletion_of_this_version_is_finished_whatever_was_gone_already() {
    for gone in [false, true] {
        let world = world();
        let place = ReleaseFile::read(&world.path("release.toml")).unwrap().logs.place.path();
        begin_by(&world, place.to_str(), |_, _, _| {});
        if gone {
            std::fs::remove_file(world.path("logs/a.csv")).unwrap();
        }
        finish(&world);
        let held = if gone { rows(2) } else { [rows(1), rows(2)].concat() };
        assert_eq!(world.disclosed("A", AS_OF + DAY).len(), held.len());
    }
}

#[test]
fn a_deletion_is_not_noted_as_done_while_its_logs_are_not_mounted() {
    let world = world();
    let place = ReleaseFile::read(&world.path("release.toml")).unwrap().logs.place.path();
    begin_by(&world, place.to_str(), |_, _, _| {});
    std::fs::rename(world.path("logs"), world.path("elsewhere")).unwrap();
    std::fs::create_dir(world.path("logs")).unwrap();
    // The first one leaves the ledger's mark in the other folder.
    for _ in 0..2 {
        let ran = world.retain(AS_OF + HOUR);
        assert_eq!(ran.code, 65, "{}", ran.stderr);
        assert!(ran.stderr.contains("is empty and another folder"), "{}", ran.stderr);
    }
    std::fs::remove_dir_all(world.path("logs")).unwrap();
    std::fs::rename(world.path("elsewhere"), world.path("logs")).unwrap();
    finish(&world);
    assert_eq!(world.disclosed("A", AS_OF + DAY).len(), 10);
}

#[test]
fn a_deletion_that_took_everything_is_noted_as_done() {
    let world = world();
    let place = ReleaseFile::read(&world.path("release.toml")).unwrap().logs.place.path();
    begin_by(&world, place.to_str(), |_, _, _| {});
    for file in ["logs/a.csv", "logs/b.csv"] {
        std::fs::remove_file(world.path(file)).unwrap();
    }
    finish(&world);
}

#[test]
fn a_file_that_somebody_changed_is_noted_as_left_by_the_digest_of_its_path() {
    let world = world();
    let place = ReleaseFile::read(&world.path("release.toml")).unwrap().logs.place.path();
    begin_by(&world, place.to_str(), |_, _, _| {});
    world.write_log("b.csv", &rows(3));
    let ran = world.retain(AS_OF + HOUR);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(world.live().is_empty());
    let journal = rusqlite::Connection::open(world.path("daily.ledger")).unwrap();
    let sql =
        "SELECT payload FROM journal WHERE event = 'retention-done' ORDER BY sequence LIMIT 1";
    let done: String = journal.query_row(sql, [], |row| row.get(0)).unwrap();
    assert!(done.contains("\"left\":[1]"), "{done}");
    world.verify();
}

#[test]
fn rows_of_a_hold_by_other_rules_of_numbers_wait_until_its_numbers_are_entered_again() {
    let world = ArchiveWorld::new();
    world.write_log("a.csv", &rows(1));
    world.begin();
    let path = world.path("daily.ledger");
    let clock = Clock::Fixed(parse_instant(&instant(START), &TimeZone::UTC).unwrap());
    let mut ledger = Ledger::reopen(&path, Duration::ZERO, clock).unwrap();
    let expires = parse_instant("2026-05-01", &TimeZone::UTC).unwrap();
    let terms = HoldTerms {
        hold: 0,
        order: "A".to_owned(),
        numbers: vec!["the digest of what another library reads".to_owned()],
        role: Role::Either,
        from_micros: START,
        to_micros: START + DAY,
        expires,
        recipients: vec![world.recipient()],
        number_rules: Some("other rules".to_owned()),
    };
    ledger.add_hold(terms).unwrap();
    drop(ledger);
    for _ in 0..2 {
        let ran = world.retain(AS_OF);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("numbers were read by other rules (other rules, and now rlib"));
        assert_eq!(world.live().len(), 5);
    }
    let add = |to: &str, numbers: &[usize]| {
        let recipient = world.recipient();
        let hold =
            ["hold", "add", "release.toml", "--order", "A", "--from", "2026-03-01", "--to", to];
        let mut add: Vec<String> = hold.iter().map(|part| (*part).to_owned()).collect();
        add.extend([
            "--recipient".to_owned(),
            recipient,
            "--expires".to_owned(),
            "2026-05-01".to_owned(),
        ]);
        numbers.iter().for_each(|place| add.extend(["--number".to_owned(), number(*place)]));
        let add: Vec<&str> = add.iter().map(String::as_str).collect();
        world.run_at(AS_OF, &add)
    };
    for refused in [add("2026-03-02", &[9]), add("2026-03-01", &[9, 1])] {
        assert_eq!(refused.code, 1, "{}", refused.stderr);
        assert!(refused.stderr.contains("is held otherwise"), "{}", refused.stderr);
    }
    let renewed = add("2026-03-01", &[9]);
    assert_eq!(renewed.code, 0, "{}", renewed.stderr);
    let again = add("2026-03-01", &[9]);
    assert!(again.stderr.contains("is held already"), "{}", again.stderr);
    let ran = world.retain(AS_OF);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(world.live().is_empty());
    assert_eq!(world.disclosed("A", AS_OF + DAY).len(), 5);
    world.verify();
}
