//! The secret of a ledger: 32 bytes in a file beside it.
//!
//! In: the system's random source, once. Out: keyed digests, each in a domain of its own.
//! Invariant: the bytes leave this file only as digests; the type can be neither printed nor
//! serialised nor copied. Digests of log files, of their paths and of numbers under a legal hold
//! are keyed because a plain digest lets anyone test a guess at the content. The hashes of the
//! journal are keyed so that nobody without the key can write a journal. A lost key is never
//! replaced silently: until it is restored nothing is released, held, deleted or verified. Each
//! ledger has its own key and keeps it: after a change, its older digests could not be compared any
//! more.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;

use super::ledger_files::LedgerFiles;
use crate::files::{OWNER, make_new};
use crate::{Error, Result};

/// The key under which digests are made.
///
/// # Privacy
/// It has no `Debug`, so that no log line can hold it:
/// ```compile_fail,E0277
/// fn show(key: &pointillist::ledger::LedgerKey) -> String {
///     format!("{key:?}")
/// }
/// ```
pub struct LedgerKey {
    bytes: [u8; 32],
}

/// A digest under way, for input that does not fit in memory.
pub struct KeyedDigest {
    hasher: blake3::Hasher,
}

impl LedgerKey {
    /// The digest of `parts` in a domain, as 64 hexadecimal digits.
    ///
    /// Each part goes in with its length, so that two different lists of parts are never mistaken
    /// for each other.
    ///
    /// # Privacy
    /// Without the key a guess at the parts cannot be tested. Equal parts give equal digests.
    pub fn digest(&self, domain: &str, parts: &[&[u8]]) -> String {
        let mut digest = self.begin(domain);
        for part in parts {
            digest.part(part);
        }
        digest.finish()
    }

    /// Starts a digest in a domain.
    pub fn begin(&self, domain: &str) -> KeyedDigest {
        KeyedDigest { hasher: self.hasher(domain) }
    }

    /// The hasher that each digest of a domain starts from.
    pub(super) fn hasher(&self, domain: &str) -> blake3::Hasher {
        let of_domain = blake3::keyed_hash(&self.bytes, domain.as_bytes());
        blake3::Hasher::new_keyed(of_domain.as_bytes())
    }

    /// What a ledger keeps to know its own key again, and to show that all of its journal is keyed.
    pub(super) fn check(&self) -> String {
        self.digest("pointillist ledger key check, keyed journal", &[])
    }

    /// The check that earlier versions stored, for a journal that begins without the key.
    pub(super) fn earlier_check(&self) -> String {
        self.digest("pointillist ledger key check", &[])
    }

    #[cfg(test)]
    pub(super) const fn for_test(bytes: [u8; 32]) -> Self {
        Self { bytes }
    }

    /// Makes the key of a new ledger; its folder is synced by the caller.
    pub(super) fn make(place: &LedgerFiles) -> Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| {
            Error::io("the system gave no random bytes for the key of the ledger")
                .help("check that the system's random source is available")
                .because(error)
        })?;
        make_new(&place.key, OWNER)
            .and_then(|mut file| {
                file.write_all(&bytes)?;
                file.sync_all()
            })
            .map_err(|error| place.cannot_make("key", error))?;
        Ok(Self { bytes })
    }

    /// Reads the key of an existing ledger.
    pub(super) fn read(place: &LedgerFiles) -> Result<Self> {
        let bytes = fs::read(&place.key).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => lost(place),
            _ => Error::io(format!("the key of the ledger {} cannot be read", place.shown))
                .help("give this user the right to read the .key file beside the ledger")
                .because(error),
        })?;
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| {
            Error::io(format!("the key of the ledger {} is damaged", place.shown))
                .help("restore the .key file beside the ledger from a backup: it has 32 bytes")
        })?;
        Ok(Self { bytes })
    }
}

/// Whether others than its owner may read the key of a ledger.
pub(super) fn is_exposed(place: &LedgerFiles) -> bool {
    fs::metadata(&place.key).is_ok_and(|facts| facts.mode() & 0o077 != 0)
}

impl KeyedDigest {
    /// Adds one part, with its length.
    pub fn part(&mut self, bytes: &[u8]) {
        self.hasher.update(&(bytes.len() as u64).to_le_bytes());
        self.hasher.update(bytes);
    }

    /// The digest as 64 hexadecimal digits.
    pub fn finish(self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }
}

/// The error of a key that is gone.
fn lost(place: &LedgerFiles) -> Error {
    Error::io(format!("the key of the ledger {} is gone", place.shown)).help(
        "restore the .key file beside the ledger from a backup; without it nothing shows whether \
         the journal or the logs were changed, so no new key is made; a ledger that has charged \
         nothing yet can be deleted instead, and the next run makes both again",
    )
}

/// The error of a key that belongs to another ledger.
pub(super) fn foreign(place: &LedgerFiles) -> Error {
    Error::io(format!("the key beside the ledger {} belongs to another ledger", place.shown))
        .help("restore the .key file that was made with this ledger")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Kind;

    fn place(folder: &tempfile::TempDir) -> LedgerFiles {
        LedgerFiles::new(&folder.path().join("daily.ledger")).unwrap()
    }

    #[test]
    fn digests_differ_by_key_domain_and_split() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let key = LedgerKey::make(&place(&one)).ok().unwrap();
        let stranger = LedgerKey::make(&place(&other)).ok().unwrap();
        let all: BTreeSet<String> = [
            key.digest("logs", &[b"ab", b"c"]),
            key.digest("logs", &[b"a", b"bc"]),
            key.digest("logs", &[b"abc"]),
            key.digest("logs", &[b"abc", b""]),
            key.digest("holds", &[b"abc"]),
            key.digest("", &[b"abc"]),
            stranger.digest("logs", &[b"abc"]),
        ]
        .into();
        assert_eq!(all.len(), 7);
        let again = LedgerKey::read(&place(&one)).ok().unwrap();
        assert!(all.contains(&again.digest("logs", &[b"ab", b"c"])));
    }

    #[test]
    fn one_row_per_state_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(&folder);
        let gone = LedgerKey::read(&place).err().unwrap();
        assert_eq!((gone.kind(), gone.hint().unwrap().contains("backup")), (Kind::Io, true));
        for length in [0, 31, 33] {
            fs::write(&place.key, vec![7; length]).unwrap();
            let damaged = LedgerKey::read(&place).err().unwrap();
            assert!(damaged.to_string().contains("damaged"), "{length}");
        }
        assert_eq!(LedgerKey::make(&place).err().unwrap().kind(), Kind::Io, "never overwritten");
        fs::write(&place.key, [7; 32]).unwrap();
        assert!(LedgerKey::read(&place).is_ok());
    }
}
