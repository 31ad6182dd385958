//! What was seen of a release while its runs were disturbed, and what must never change from then on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pointillist::ledger::{EntryId, Ledger, State, Which};

use crate::world::World;

/// Charges, looks and published files, from one look at a world to the next.
#[derive(Default)]
pub(crate) struct Seen {
    spent: u64,
    looks: BTreeMap<EntryId, Vec<i64>>,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Seen {
    /// Checks that no charge is lost, no look and no file is another one than before, and no file is cut.
    pub(crate) fn check(&mut self, world: &World) {
        if !world.path("daily.ledger").exists() {
            assert!(self.spent == 0 && self.published(world).is_empty());
            return;
        }
        // Of a copy, so that it is the next run that finds what a crash left of the ledger.
        let copy = tempfile::tempdir().unwrap();
        for name in ["daily.ledger", "daily.ledger.key", "daily.ledger-journal", "daily.ledger-wal"]
        {
            let from = world.path(name);
            if from.exists() {
                std::fs::copy(from, copy.path().join(name)).unwrap();
            }
        }
        let ledger = Ledger::open_existing(&copy.path().join("daily.ledger")).unwrap();
        ledger.verify().unwrap();
        let spent = spent(&ledger);
        assert!(spent >= self.spent, "a charge was lost");
        self.spent = spent;
        for entry in ledger.entries(Which::All).unwrap() {
            if let Some(look) = ledger.look(entry.id).unwrap() {
                let known = self.looks.entry(entry.id).or_insert_with(|| look.clone());
                assert!(*known == look, "the look was drawn again");
            }
        }
        for (path, bytes) in self.published(world) {
            let known = self.files.entry(path.clone()).or_insert_with(|| bytes.clone());
            assert!(*known == bytes, "{} was drawn again", path.display());
        }
    }

    /// Checks that a world in which the last run was left alone has each day once.
    pub(crate) fn finish(mut self, world: &World, days: usize) {
        self.check(world);
        assert_eq!(world.published().len(), 3 * days, "{:?}", world.published().keys());
        let ledger = Ledger::open_existing(&world.path("daily.ledger")).unwrap();
        let entries = ledger.entries(Which::All).unwrap();
        assert_eq!(entries.len(), days, "one charge for each day");
        assert!(entries.iter().all(|entry| entry.state == State::Published), "{entries:?}");
        let charges: u64 = entries.iter().map(|entry| entry.charge.nano()).sum();
        assert_eq!(charges, spent(&ledger));
    }

    /// What readers of the output find, each file whole.
    fn published(&self, world: &World) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut published = world.published();
        published.retain(|path, _| !is_temporary(path));
        for (path, bytes) in &published {
            if path.extension().is_some_and(|ending| ending == "parquet") {
                let bytes = bytes::Bytes::copy_from_slice(bytes);
                let reader = parquet::file::reader::SerializedFileReader::new(bytes);
                assert!(reader.is_ok(), "{} is not whole", path.display());
            } else {
                // A manifest is the last file of its day.
                let manifest: serde_json::Value = serde_json::from_slice(bytes).unwrap();
                let files = manifest["files"].as_array().unwrap();
                let listed = files.iter().map(|file| file["path"].as_str().unwrap());
                let out = world.path("published");
                listed.for_each(|name| assert!(published.contains_key(&out.join(name)), "{name}"));
            }
        }
        published
    }
}

fn is_temporary(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str().to_string_lossy().starts_with("_tmp"))
}

fn spent(ledger: &Ledger) -> u64 {
    ledger.balances().unwrap().iter().map(|(_, balance)| balance.spent.nano()).sum()
}
