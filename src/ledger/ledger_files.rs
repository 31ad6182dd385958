//! Where a ledger's files lie.
//!
//! In: the path as typed. Out: the ledger, its key, its lock and the name it has while it is made.
//! Invariant: a link to a ledger and the ledger itself give the same places, so that two names
//! cannot hold two locks. The ledger file is never opened here: closing a second handle of it
//! would drop the locks that SQLite holds for this process.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::files::sync_folder;
use crate::release_file::place::without_links;
use crate::{Error, Result};

/// The name of the file of marks in a folder; names that begin with a dot are neither logs nor tables.
pub(super) const MARK: &str = ".pointillist-ledger";

/// The files of one ledger.
#[derive(Debug, Clone)]
pub(super) struct LedgerFiles {
    /// As typed, for messages.
    pub(super) shown: String,
    /// The database.
    pub(super) ledger: PathBuf,
    /// The file of its key: 32 secret bytes.
    pub(super) key: PathBuf,
    /// Locked by the one run that may write.
    pub(super) lock: PathBuf,
    /// The database while it is being made.
    pub(super) unfinished: PathBuf,
    /// The file that takes up room on the disk while a day is drawn.
    pub(super) room: PathBuf,
}

/// What stands where a ledger is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A file that holds something.
    Ledger,
    /// Nothing at all.
    Nothing,
}

impl LedgerFiles {
    /// Resolves links and the folder, so that one ledger has one place.
    pub(super) fn new(path: &Path) -> Result<Self> {
        let shown = path.display().to_string();
        let Some(name) = path.file_name() else {
            return Err(Error::usage(format!("the ledger path `{shown}` names no file"))
                .help("name a file, for example daily.ledger"));
        };
        let ledger = if path.exists() {
            fs::canonicalize(path).map_err(|error| unreadable(&shown, error))?
        } else if path.is_symlink() {
            return Err(Error::io(format!("the ledger {shown} is a link to a file that is gone"))
                .help("mount or restore what it points to, or remove the link"));
        } else {
            let folder = match path.parent() {
                Some(folder) if folder != Path::new("") => folder,
                _ => Path::new("."),
            };
            let no_folder = |error: io::Error| {
                Error::io(format!("the folder of the ledger {shown} cannot be read"))
                    .help("make the folder first, or correct the path of the ledger")
                    .because(error)
            };
            let folder = fs::canonicalize(folder).map_err(no_folder)?;
            if !folder.is_dir() {
                return Err(no_folder(io::ErrorKind::NotADirectory.into()));
            }
            folder.join(name)
        };
        Ok(Self {
            shown,
            key: beside(&ledger, ".key"),
            lock: beside(&ledger, ".lock"),
            unfinished: beside(&ledger, ".new"),
            room: beside(&ledger, ".room"),
            ledger,
        })
    }

    /// Whether the ledger is there; a folder or an empty file in its place is an error.
    pub(super) fn find(&self) -> Result<Found> {
        match fs::metadata(&self.ledger) {
            Ok(facts) if facts.is_dir() => {
                Err(Error::io(format!("the ledger {} is a folder", self.shown)).help(
                    "let `[ledger] path` name a file, for example daily.ledger inside that folder",
                ))
            }
            Ok(facts) if facts.len() == 0 => Err(Error::io(format!(
                "the ledger {} is empty: it was cut short",
                self.shown
            ))
            .help(
                "restore it from a backup; it is never made again over an empty file, since \
                     that would forget what was charged",
            )),
            Ok(_) => Ok(Found::Ledger),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
            Err(error) => Err(unreadable(&self.shown, error)),
        }
    }

    /// Refuses to write a ledger whose file has a second name (a hard link), since each name would
    /// have a lock and a write-ahead log of its own.
    pub(super) fn require_one_name(&self) -> Result<()> {
        match fs::metadata(&self.ledger) {
            Ok(facts) if facts.nlink() > 1 => Err(Error::refused(format!(
                "the ledger {} has another name (a hard link)",
                self.shown
            ))
            .help("remove the other name: through two names two runs could draw one day twice")),
            _ => Ok(()),
        }
    }

    /// The folder that holds all of them.
    pub(super) fn folder(&self) -> &Path {
        self.ledger.parent().unwrap_or_else(|| Path::new("."))
    }

    /// Makes the names in the folder durable.
    pub(super) fn sync_folder(&self) -> Result<()> {
        sync_folder(self.folder()).map_err(|error| {
            Error::io(format!("the folder of the ledger {} cannot be synced", self.shown))
                .help("check the disk and the rights of the folder")
                .because(error)
        })
    }

    /// The error of a file that cannot be made in the ledger's folder.
    pub(super) fn cannot_make(&self, what: &str, error: io::Error) -> Error {
        Error::io(format!("the {what} of the ledger {} cannot be written", self.shown))
            .help("give this user the right to write in the ledger's folder, and check its disk")
            .because(error)
    }
}

/// Whether a path is that of a ledger or of a file that belongs to one: its key, its lock, its archives, the
/// write-ahead log, a mark.
pub fn is_file_of_ledger(ledger: &Path, path: &Path) -> bool {
    const ENDINGS: [&str; 9] =
        ["", ".key", ".lock", ".new", ".room", ".holds", "-wal", "-shm", "-journal"];
    let (ledger, path) = (without_links(ledger), without_links(path));
    let is_mark = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(MARK));
    is_mark || ENDINGS.iter().any(|ending| path.starts_with(beside(&ledger, ending)))
}

/// The path with an ending added to its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn unreadable(shown: &str, error: io::Error) -> Error {
    Error::io(format!("the ledger {shown} cannot be read"))
        .help("check the path and the rights of this user")
        .because(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn one_row_per_thing_that_can_stand_in_the_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("folder")).unwrap();
        fs::write(path("empty"), b"").unwrap();
        fs::write(path("something"), b"x").unwrap();
        let rows: [(&str, std::result::Result<Found, Kind>); 4] = [
            ("folder", Err(Kind::Io)),
            ("empty", Err(Kind::Io)),
            ("something", Ok(Found::Ledger)),
            ("nothing", Ok(Found::Nothing)),
        ];
        for (name, expected) in rows {
            let found = LedgerFiles::new(&path(name)).unwrap().find();
            assert_eq!(found.map_err(|error| error.kind()), expected, "{name}");
        }
        assert_eq!(LedgerFiles::new(Path::new("/")).unwrap_err().kind(), Kind::Usage);
        assert_eq!(LedgerFiles::new(&path("absent/x.ledger")).unwrap_err().kind(), Kind::Io);
        assert_eq!(LedgerFiles::new(&path("something/x.ledger")).unwrap_err().kind(), Kind::Io);
    }

    #[cfg(unix)]
    #[test]
    fn two_names_of_one_ledger_have_one_lock() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real.ledger");
        fs::write(&real, b"x").unwrap();
        let link = folder.path().join("link.ledger");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert_eq!(LedgerFiles::new(&link).unwrap().lock, LedgerFiles::new(&real).unwrap().lock);
        fs::remove_file(&real).unwrap();
        assert!(
            LedgerFiles::new(&link)
                .unwrap_err()
                .to_string()
                .contains("link to a file that is gone")
        );
    }
}
