//! The marks that a ledger leaves outside of itself: beside the logs and in the output.
//!
//! A mark names a ledger and the head of its journal's chain, and is raised durably with every step,
//! before the step returns and so before anything is drawn or published. It shows two things.
//! First, a ledger that does not know the head in its own mark was restored from an older backup,
//! or another copy of it went on. It would draw days again, so it is refused when it is opened and
//! at each step, which looks at the mark and raises it under one lock. So of two copies that run at
//! once, one draws. Second, another ledger may charge the same logs. What both promise adds up,
//! which neither ledger shows, so the second one is refused unless a person says that it is meant.
//! Marks of logs count in every folder above and below, by real paths. The mark in an output does
//! not say where the ledger lies, since others read it.
//!
//! A folder that cannot be written gets no mark, and the run says so. A mark that was removed is not
//! missed: this guards against mistakes, not against a person.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::ledger_files::MARK;
use super::mark::{Locked, Mark, Of, Raised, lines};
use super::verbs::Ledger;
use crate::release_file::place::{Place, without_links};
use crate::{Error, Result};

/// What to do about a second ledger over the same logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Second {
    /// Refuse it.
    Refuse,
    /// Let it add its own promise to the first one's.
    Allow,
}

/// The marks around the logs and in the output of one release.
pub struct Marks {
    place: Place,
    out: PathBuf,
    /// What this release marks, as a line without a ledger in each of its folders.
    own: Vec<(PathBuf, Mark)>,
    found: Vec<(PathBuf, Mark)>,
}

impl Marks {
    /// Reads the marks around these logs and in this output.
    ///
    /// # Errors
    /// I/O, when there is one that cannot be read.
    pub fn read(place: &Place, out: &Path) -> Result<Self> {
        let (base, path) = (real(&place.base()), place.path());
        let logs = path.is_file().then(|| {
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        });
        let deep = logs.is_none() && place.is_deep();
        let mut folders: Vec<PathBuf> = base.ancestors().map(Path::to_path_buf).collect();
        if deep {
            folders.extend(folders_below(&base));
        }
        let (ledger, path, head) = (String::new(), String::new(), None);
        let of_logs = Mark { of: Of::Logs, logs, deep, ledger, path, head };
        let of_output = Mark { of: Of::Output, logs: None, ..of_logs.clone() };
        let output = real(out);
        if !folders.contains(&output) {
            folders.push(output.clone());
        }
        let mut found = Vec::new();
        for folder in folders {
            found.extend(lines(&folder)?.into_iter().map(|mark| (folder.clone(), mark)));
        }
        let own = vec![(base, of_logs), (output, of_output)];
        Ok(Self { place: place.clone(), out: out.to_path_buf(), own, found })
    }

    /// Refuses a ledger that is yet to be made, where it is gone or another charges these logs.
    ///
    /// # Errors
    /// Refused, naming the ledger that is marked.
    pub fn allow_new(&self, ledger: &Path, second: Second) -> Result<()> {
        if second == Second::Allow || ledger.exists() {
            return Ok(());
        }
        self.require_there(ledger)?;
        self.others("").next().map_or(Ok(()), |other| Err(refused(other)))
    }

    /// Refuses a ledger that is gone: a mark names its place, and no file is there.
    ///
    /// # Errors
    /// Refused, naming the ledger.
    pub fn require_there(&self, ledger: &Path) -> Result<()> {
        let place = without_links(ledger).display().to_string();
        match self.found.iter().find(|(_, mark)| mark.path == place) {
            Some((folder, _)) if !ledger.exists() => Err(gone(&place, &folder.join(MARK))),
            _ => Ok(()),
        }
    }

    /// Refuses a ledger that does not know the head of one of its own marks, or that stands in the place
    /// of another one.
    ///
    /// # Errors
    /// Refused, naming the mark; I/O, when the ledger cannot be read.
    pub fn require_known(&self, ledger: &Ledger) -> Result<()> {
        self.require_newest(ledger)?;
        let here = ledger.place.ledger.display().to_string();
        let is_own = |mark: &Mark| mark.ledger == ledger.identity;
        // Whoever cannot read the key can still put a ledger with another key there.
        let other = self.found.iter().find(|(_, mark)| mark.path == here && !is_own(mark));
        match other {
            Some((folder, _)) if !self.found.iter().any(|(_, mark)| is_own(mark)) => {
                Err(exchanged(ledger, &folder.join(MARK)))
            }
            _ => Ok(()),
        }
    }

    fn require_newest(&self, ledger: &Ledger) -> Result<()> {
        for (folder, mark) in self.found.iter().filter(|(_, mark)| mark.ledger == ledger.identity) {
            ledger.require_head_of(&folder.join(MARK), mark)?;
        }
        Ok(())
    }

    /// Marks logs and output as charged to this ledger, which raises the marks from here on.
    ///
    /// # Errors
    /// Refused, when the ledger is behind its mark or another one charges these logs, naming it.
    pub fn claim(&self, ledger: &mut Ledger, second: Second) -> Result<()> {
        self.require_newest(ledger)?;
        let is_known = |(folder, mark): &(PathBuf, Mark)| {
            let own = self.own.first();
            mark.ledger == ledger.identity
                && own.is_some_and(|(base, own)| base == folder && own.same_place(mark))
        };
        let mut raised = Raised::default();
        for (folder, mark) in &self.own {
            let path = match mark.of {
                Of::Logs => ledger.place.ledger.display().to_string(),
                Of::Output => String::new(),
            };
            let ledger = ledger.identity.clone();
            raised.own.push((folder.clone(), Mark { path, ledger, ..mark.clone() }));
        }
        if second == Second::Allow || self.found.iter().any(is_known) {
            ledger.raise_from_here(raised)?;
            return Ok(());
        }
        // Of several ledgers that claim logs through one folder at once, the first to lock it goes
        // on.
        let locked = raised.lock();
        let check = || match Self::read(&self.place, &self.out)?.others(&ledger.identity).next() {
            Some(other) => Err(refused(other)),
            None => Ok(()),
        };
        check()?;
        ledger.raise(&mut raised, &locked)?;
        // A ledger that came through a folder above or below may have marked the logs meanwhile:
        // then neither goes on.
        if let Err(error) = check() {
            raised.withdraw(&locked);
            return Err(error);
        }
        drop(locked);
        ledger.raise_from_here(raised)
    }

    /// Refuses to delete rows that another ledger over the same logs may hold: only that one can
    /// seal them.
    ///
    /// # Errors
    /// Refused, naming the other ledger; I/O, when it cannot be read.
    pub fn require_no_holds_elsewhere(&self, ledger: &Ledger, now: Timestamp) -> Result<()> {
        for other in self.others(&ledger.identity) {
            let path = Path::new(&other.path);
            let unknown = |error: Error| {
                Error::refused(format!("another ledger over these logs may hold rows, {}", other.path))
                    .help(format!(
                        "it cannot be asked: restore it, or, if it is gone for good, remove its line from \
                         the {MARK} file beside the logs"
                    ))
                    .because(error)
            };
            let custody =
                Ledger::open_existing(path).and_then(|other| other.custody()).map_err(unknown)?;
            if custody.holds.iter().any(|hold| hold.is_active(now)) {
                return Err(Error::refused(format!(
                    "another ledger over these logs holds rows for an order, {}",
                    other.path
                ))
                .help("delete through that ledger (--ledger), which seals them first"));
            }
        }
        Ok(())
    }

    /// The marks of other ledgers over some of the same logs.
    fn others<'a>(&'a self, ledger: &'a str) -> impl Iterator<Item = &'a Mark> {
        let overlap = |folder: &Path, mark: &Mark| {
            self.own.first().is_some_and(|(base, own)| {
                if folder == base {
                    mark.logs.is_none() || own.logs.is_none() || mark.logs == own.logs
                } else if base.starts_with(folder) {
                    mark.logs.is_none() && mark.deep
                } else {
                    own.deep && folder.starts_with(base)
                }
            })
        };
        self.found
            .iter()
            .filter(move |(folder, mark)| mark.of == Of::Logs && overlap(folder, mark))
            .map(|(_, mark)| mark)
            .filter(move |mark| mark.ledger != ledger)
    }
}

impl Ledger {
    /// Warnings about the file system that the ledger lies on, and about folders whose marks cannot
    /// be written.
    pub fn warnings(&self) -> Vec<String> {
        let Some(writer) = &self.writer else { return Vec::new() };
        let unmarked = writer.marks.unwritable().iter().map(|folder| {
            format!(
                "no mark can be written in {}: a ledger restored from an older backup, or a second \
                 one, would go unnoticed there",
                folder.display()
            )
        });
        writer.doubt.iter().cloned().chain(unmarked).collect()
    }

    /// Takes on marks, which every step raises from here on.
    fn raise_from_here(&mut self, marks: Raised) -> Result<()> {
        if let Some(writer) = &mut self.writer {
            writer.marks = marks;
        }
        self.raise_marks()
    }

    /// Raises the marks that it took on.
    ///
    /// # Privacy
    /// A copy of the ledger that runs at the same time has the same marks and another chain: the one whose
    /// mark comes second is refused before it draws.
    ///
    /// # Errors
    /// Refused, when a mark has a head that is none of this ledger's; I/O, when one cannot be read.
    pub(super) fn raise_marks(&mut self) -> Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let mut marks = std::mem::take(&mut writer.marks);
        let locked = marks.lock();
        let raised = self.raise(&mut marks, &locked);
        if let Some(writer) = &mut self.writer {
            writer.marks = marks;
        }
        raised
    }

    fn raise(&self, marks: &mut Raised, locked: &Locked) -> Result<()> {
        marks.raise(&self.head()?, |file, mark| self.require_head_of(file, mark), locked)
    }

    /// Refuses a ledger whose journal neither has nor had the head of this mark.
    fn require_head_of(&self, file: &Path, mark: &Mark) -> Result<()> {
        match &mark.head {
            Some(head) if !self.read(self.journal().holds(head))? => Err(behind(self, file)),
            _ => Ok(()),
        }
    }
}

/// Every folder below one; those that cannot be listed hold no logs that can be read either.
fn folders_below(base: &Path) -> Vec<PathBuf> {
    let (mut below, mut waiting) = (Vec::new(), vec![base.to_path_buf()]);
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                waiting.push(entry.path());
                below.push(entry.path());
            }
        }
    }
    below
}

/// The path without links; of a folder that does not exist yet, the absolute path as it was named.
fn real(path: &Path) -> PathBuf {
    let path = if path == Path::new("") { Path::new(".") } else { path };
    fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or(path.to_path_buf())
}

fn refused(other: &Mark) -> Error {
    Error::refused(format!("these logs are charged to another ledger, {}", other.path)).help(
        "use that ledger: what two ledgers promise about the same logs adds up. If that is meant, \
         run once with --new-ledger",
    )
}

fn gone(ledger: &str, mark: &Path) -> Error {
    Error::refused(format!(
        "the ledger {ledger} is gone: the mark {} names it, and no file is there",
        mark.display()
    ))
    .help(
        "restore it from a backup, with its key: it alone knows which days were published. If there is none, start \
         another ledger (--new-ledger) with another output for days that come after the last published one",
    )
}

fn exchanged(ledger: &Ledger, mark: &Path) -> Error {
    Error::refused(format!(
        "the ledger {} is not the one that the mark {} names in its place",
        ledger.place.shown,
        mark.display()
    ))
    .help(
        "restore the ledger with its own key; if another one is meant to stand there, run once with \
         --new-ledger",
    )
}

fn behind(ledger: &Ledger, mark: &Path) -> Error {
    Error::refused(format!(
        "the ledger {} is behind its mark {}: it was restored from an older backup, or another copy \
         of it went on",
        ledger.place.shown,
        mark.display()
    ))
    .help(
        "it would release days again that it does not know to be released: restore its newest state. \
         If that is lost, start another ledger (--new-ledger) with another output for days that come \
         after it",
    )
}
