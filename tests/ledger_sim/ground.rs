//! Shared by all tests here: folders, small terms, reservations, and numbers from a seed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::ToSpan;
use pointillist::ledger::{Cap, Conversion, Ledger, Reservation, StoredFile, Terms};
use pointillist::release_file::day::{Clock, Day};
use pointillist::release_file::privacy_loss::{AttoDelta, Delta, Epsilon, NanoRho};

use crate::model::{BUDGET, CAP, KEY_DELTA};

pub(crate) const DAYS: usize = 6;
/// How many days of the calendar each is after the one before.
pub(crate) const APART: usize = 12;

/// The same numbers for the same seed, everywhere.
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }

    pub(crate) fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut point = self.below(weights.iter().sum());
        weights
            .iter()
            .position(|weight| {
                let here = point < *weight;
                point = point.saturating_sub(*weight);
                here
            })
            .unwrap()
    }
}

/// A folder in memory if the system has one: these tests are about the content of the files.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Copies the files of a ledger, but for its lock, which dies with its process.
pub(crate) fn copy(from: &Path) -> tempfile::TempDir {
    let to = folder();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if !file.file_name().to_str().unwrap().ends_with(".lock") {
            std::fs::copy(file.path(), to.path().join(file.file_name())).unwrap();
        }
    }
    to
}

pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("daily.ledger")
}

pub(crate) fn open(folder: &Path, wait: Duration) -> pointillist::Result<Ledger> {
    let clock = Clock::Fixed("2026-03-05T06:00:00Z".parse().unwrap());
    let mut ledger = Ledger::open(&path(folder), &terms(), wait, clock)?;
    let epsilon = Epsilon::new(1.5, "epsilon").unwrap();
    ledger.agree_on_cap(Some(Cap { epsilon, budget: NanoRho::new(CAP) }))?;
    Ok(ledger)
}

fn terms() -> Terms {
    Terms {
        unit: "requester-day".to_owned(),
        epsilon: Epsilon::new(1.0, "epsilon").unwrap(),
        delta: Delta::new(1e-6, "delta").unwrap(),
        key_delta: AttoDelta::new(KEY_DELTA),
        budget: NanoRho::new(BUDGET),
        conversion: Some(Conversion::Gaussian),
        time_zone: "UTC".to_owned(),
        identity: BTreeMap::new(),
        logs: None,
    }
}

pub(crate) fn day(number: usize) -> Day {
    let first: Day = "2026-03-01".parse().unwrap();
    let days = i64::try_from(APART * number).unwrap();
    Day::new(first.date().checked_add(days.days()).unwrap())
}

/// What a day has spent, in both coins.
pub(crate) fn spent(ledger: &Ledger, number: usize) -> (u64, u64) {
    let balances = ledger.balances().unwrap();
    let balance = balances.iter().find(|(block, _)| *block == day(number));
    balance.map_or((0, 0), |(_, balance)| (balance.spent.nano(), balance.key_delta_spent.atto()))
}

/// The days of a release: one, or several.
pub(crate) fn days(release: usize) -> std::ops::Range<usize> {
    let first = release % DAYS;
    first..(first + 1 + release % 3).min(DAYS)
}

pub(crate) fn asking(release: usize, charge: u64, key_delta: u64) -> Reservation {
    Reservation {
        release: format!("release {release}"),
        release_id: format!("id {release}"),
        fingerprint: format!("fingerprint {release}"),
        blocks: days(release).map(day).collect(),
        charge: NanoRho::new(charge),
        look_charge: look_charge(release, charge).map(NanoRho::new),
        key_delta: AttoDelta::new(key_delta),
        plan: format!("{{\"charge\":{charge},\"key_delta\":{key_delta}}}"),
        logs_digest: "digest".to_owned(),
        code_version: "0.1.0".to_owned(),
    }
}

/// What the look of a release costs; some releases have none.
pub(crate) fn look_charge(release: usize, charge: u64) -> Option<u64> {
    (release % 4 != 3).then(|| charge.div_ceil(5))
}

/// Bytes that differ by entry, as noise would make them.
pub(crate) fn files(number: usize) -> Vec<StoredFile> {
    vec![
        StoredFile { path: "_manifest/day.json".to_owned(), bytes: vec![b'{', b'}'] },
        StoredFile {
            path: "volume/part-0.parquet".to_owned(),
            bytes: number.to_le_bytes().repeat(40 * number),
        },
    ]
}
