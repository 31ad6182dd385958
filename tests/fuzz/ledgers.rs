//! Ledgers of earlier versions, damaged: each is refused, or says of its charges what it said before.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pointillist::ledger::{EntryId, Ledger, Which};
use pointillist::release_file::day::Clock;
use pointillist::{Kind, Result};

use crate::chance::Chance;
use crate::damage::damage;
use crate::program::{check, folder, run};
use crate::watched::Target;

/// What ledgers are damaged, and the release file of each.
const GOLDEN: [(&str, &str, &str); 4] = [
    ("look", "daily.ledger", "daily.toml"),
    ("person-day", "persons.ledger", "persons.toml"),
    ("requester-day", "daily.ledger", "daily.toml"),
    ("unkeyed", "daily.ledger", "daily.toml"),
];

/// What the schema and the journal are written in.
const WORDS: [&str; 24] = [
    "reserved",
    "drawn",
    "committed",
    "published",
    "void",
    "empty",
    "created",
    "charge",
    "null",
    "-1",
    "0",
    "{",
    "}",
    "[",
    "\"",
    ":",
    "CREATE TABLE",
    "journal",
    "2026-03-01",
    "9999-99-99",
    "18446744073709551616",
    "1e999",
    "\\u0000",
    "true",
];

/// A ledger, its key, and what is charged and stored in it.
struct Sound {
    name: &'static str,
    bytes: Vec<u8>,
    key: Vec<u8>,
    release: Vec<u8>,
    release_name: &'static str,
    accounts: String,
}

pub(crate) fn target() -> Target {
    let folder = folder();
    let all: Vec<Sound> = GOLDEN.iter().map(|golden| sound(folder.path(), *golden)).collect();
    Box::new(move |chance| one(chance, &all, folder.path()))
}

fn sound(folder: &Path, (from, name, release_name): (&str, &'static str, &'static str)) -> Sound {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(from);
    let read = |name: &str| std::fs::read(golden.join(name)).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(read(&format!("{name}.gz")).as_slice())
        .read_to_end(&mut bytes)
        .unwrap();
    let key = read(&format!("{name}.key"));
    let mut sound = Sound {
        name,
        bytes,
        key,
        release: read(release_name),
        release_name,
        accounts: String::new(),
    };
    let path = sound.write(folder, &sound.bytes, &sound.key);
    sound.accounts = accounts(&path).unwrap();
    sound
}

impl Sound {
    fn write(&self, folder: &Path, bytes: &[u8], key: &[u8]) -> PathBuf {
        let place = folder.join("l");
        let _none = std::fs::remove_dir_all(&place);
        std::fs::create_dir(&place).unwrap();
        let path = place.join(self.name);
        std::fs::write(&path, bytes).unwrap();
        std::fs::write(place.join(format!("{}.key", self.name)), key).unwrap();
        std::fs::write(place.join(self.release_name), &self.release).unwrap();
        path
    }
}

/// Everything that the ledger says, after it verified itself.
fn accounts(path: &Path) -> Result<String> {
    let ledger = Ledger::open_existing(path)?;
    let verified = ledger.verify()?;
    let entries = ledger.entries(Which::All)?;
    let mut text = format!("{verified:?} {:?} {entries:?}", ledger.balances()?);
    for entry in entries {
        text.push_str(&format!("{:?}", ledger.stored(entry.id)));
    }
    Ok(text)
}

const KINDS: [Kind; 2] = [Kind::Io, Kind::Refused];

fn one(chance: &mut Chance, all: &[Sound], folder: &Path) {
    let sound = &all[chance.below(all.len())];
    let (mut bytes, mut key) = (sound.bytes.clone(), sound.key.clone());
    match chance.below(8) {
        0 => damage(chance, &mut key, &[], &sound.bytes),
        1..=4 => in_place(chance, &mut bytes),
        _ => {
            let other = &all[chance.below(all.len())].bytes;
            damage(chance, &mut bytes, &WORDS, other);
        }
    }
    let path = sound.write(folder, &bytes, &key);
    match accounts(&path) {
        Ok(accounts) => assert!(accounts == sound.accounts, "a changed ledger verified"),
        Err(error) => check(&error, &KINDS),
    }
    // What charges and refunds must notice as well.
    match Ledger::reopen(&path, Duration::ZERO, Clock::System) {
        Ok(mut ledger) => {
            if let Err(error) = ledger.void(EntryId(1 + chance.below(6) as u64)) {
                check(&error, &[Kind::Io, Kind::Refused, Kind::Usage]);
            }
        }
        Err(error) => check(&error, &KINDS),
    }
    if chance.once_in(40) {
        let place = path.parent().unwrap();
        for verb in ["show", "verify", "export"] {
            run(place, &["ledger", verb, "--ledger", sound.name]);
        }
        run(place, &["status", sound.release_name]);
        run(place, &["rollup", sound.release_name, "--to", "week"]);
    }
}

/// Changes values without moving anything: pages stay pages.
fn in_place(chance: &mut Chance, bytes: &mut [u8]) {
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len());
        bytes[at] = match bytes[at] {
            digit @ b'0'..=b'9' => b'0' + (digit - b'0' + 1 + chance.below(9) as u8) % 10,
            letter @ b'a'..=b'z' => b'a' + (letter - b'a' + 1 + chance.below(25) as u8) % 26,
            other => other ^ (1 << chance.below(8)),
        };
    }
}
