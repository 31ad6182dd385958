//! Deletions that were interrupted at a known point: the journal decides what is left to do.

use std::time::Duration;

use pointillist::ingest::find_log_files;
use pointillist::ledger::{DeletedFile, Ledger, Retention, Sealed};
use pointillist::release_file::ReleaseFile;
use pointillist::release_file::window::{Clock, days_before, parse_instant};

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
    let release_file = ReleaseFile::read(&world.path("release.toml")).unwrap();
    let as_of = parse_instant(&instant(AS_OF)).unwrap();
    let path = world.path("daily.ledger");
    let mut ledger = Ledger::reopen(&path, Duration::ZERO, Clock::Fixed(as_of)).unwrap();
    let logs = find_log_files(&release_file.logs).unwrap();
    let digests: Vec<String> =
        logs.iter().map(|log| log.digest(ledger.key().unwrap()).unwrap()).collect();
    let files = ["a.csv", "b.csv"].into_iter().zip(&digests).map(|(name, digest)| DeletedFile {
        path: Some(name.to_owned()),
        expired_rows: 5,
        kept_rows: 0,
        bytes: 1,
        digest_before: digest.clone(),
        digest_after: None,
    });
    let retention = ledger
        .begin_retention(Retention {
            retention: 0,
            as_of,
            cutoff: days_before(as_of, 30).unwrap(),
            files: files.collect(),
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
