//! Which files below a folder a glob matches: one rule for runs, checks, deletion and holds.
//!
//! Each file is found once, by its own name. Links are never followed: one to a file or folder that is
//! found anyway, or to nothing below the folder, is passed over, and any other is refused, because its
//! rows would be missing. Files and folders whose names begin with a dot or an underscore are the side
//! files of other programs, or not complete; a folder such as `_day=2026-01-01` holds rows.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};

use crate::release_file::place::{Place, without_links};
use crate::{Error, Result};

/// A file or folder that the glob matches and that is not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PassedOver {
    /// Where it is.
    pub path: PathBuf,
    /// Why it is not read.
    pub why: &'static str,
}

/// What lies below the folder of a glob.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Files that match, in the order of their paths.
    pub(super) files: Vec<PathBuf>,
    /// What matches and is passed over, in the order of paths.
    pub(super) passed_over: Vec<PassedOver>,
}

/// Finds every file that a glob matches.
///
/// # Errors
/// Usage, for text that is no glob; input, for a link that leads elsewhere, a folder that matches where
/// files are asked for, or a name that is not UTF-8; I/O, for a folder that cannot be listed.
pub(super) fn walk(place: &Place) -> Result<Walked> {
    let mut search = Search {
        base: place.base(),
        glob: Glob::new(&place.inside())?,
        walked: Walked::default(),
        folders: vec![PathBuf::new()],
        seen: BTreeSet::from([PathBuf::new()]),
        links: Vec::new(),
    };
    while let Some(folder) = search.folders.pop() {
        search.list(&folder)?;
    }
    search.resolve_links()?;
    search.walked.files.sort();
    search.walked.passed_over.sort();
    Ok(search.walked)
}

/// Whether a glob matches a path, and the file's name is that of a log.
pub(super) fn matches(place: &Place, path: &Path) -> bool {
    let inside = path.strip_prefix(place.base()).unwrap_or(path);
    is_log(path) && Glob::new(&place.inside()).is_ok_and(|glob| glob.matches(inside))
}

/// Whether a file that is yet to be written would be found by a glob.
pub fn finds(place: &Place, file: &Path) -> bool {
    let (file, base) = (without_links(file), without_links(&place.base()));
    let glob = Glob::new(&place.inside());
    file.strip_prefix(base).is_ok_and(|inside| glob.is_ok_and(|glob| glob.matches(inside)))
}

/// Whether a file's name is that of a log, not that of a side file of another program.
pub(super) fn is_log(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        !name.as_encoded_bytes().starts_with(b".") && !name.as_encoded_bytes().starts_with(b"_")
    })
}

/// A glob below its folder.
struct Glob {
    whole: Pattern,
    /// One for each folder and the file; `None` for `**`.
    parts: Vec<Option<Pattern>>,
}

impl Glob {
    fn new(text: &str) -> Result<Self> {
        let pattern = |text: &str| {
            Pattern::new(text).map_err(|error| {
                Error::usage(format!("`[logs] path` is not a glob: {}", error.msg))
                    .help("use * within a folder name and ** for folders of any depth")
            })
        };
        let part = |part| if part == "**" { Ok(None) } else { pattern(part).map(Some) };
        let parts = text.split('/').map(part).collect::<Result<_>>()?;
        Ok(Self { whole: pattern(text)?, parts })
    }

    fn matches(&self, inside: &Path) -> bool {
        let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
        self.whole.matches_with(&inside.to_string_lossy(), options)
    }

    /// Whether a file in this folder, or deeper, can match.
    fn reaches(&self, folder: &Path) -> bool {
        let mut parts = self.parts.iter();
        for component in folder.components() {
            match parts.next() {
                Some(None) => return true,
                Some(Some(part)) if part.matches(&component.as_os_str().to_string_lossy()) => {}
                _ => return false,
            }
        }
        parts.next().is_some()
    }

    /// Whether the glob itself writes the first letter of this folder's name.
    fn spells(&self, folder: &Path) -> bool {
        let depth = folder.components().count();
        let part = depth.checked_sub(1).and_then(|place| self.parts.get(place)?.as_ref());
        part.is_some_and(|part| part.as_str().starts_with(['.', '_']))
    }
}

struct Search {
    base: PathBuf,
    glob: Glob,
    walked: Walked,
    /// Folders that are still to be listed; this and the fields below hold paths relative to the
    /// base.
    folders: Vec<PathBuf>,
    /// Every folder that is listed and every file that matches.
    seen: BTreeSet<PathBuf>,
    links: Vec<PathBuf>,
}

impl Search {
    fn list(&mut self, folder: &Path) -> Result<()> {
        let path = self.base.join(folder);
        let shown = if path == Path::new("") { Path::new(".") } else { &path };
        let unlisted = |error: std::io::Error| {
            Error::io(format!("the folder {} cannot be listed", shown.display()))
                .help("check its permissions: its content is unknown")
                .because(error)
        };
        let entries = match fs::read_dir(shown) {
            // A glob may name a folder that is not there yet.
            Err(error)
                if error.kind() == std::io::ErrorKind::NotFound && folder == Path::new("") =>
            {
                return Ok(());
            }
            entries => entries.map_err(unlisted)?,
        };
        for entry in entries {
            self.take(&entry.map_err(unlisted)?, folder)?;
        }
        Ok(())
    }

    fn take(&mut self, entry: &DirEntry, folder: &Path) -> Result<()> {
        let inside = folder.join(entry.file_name());
        let path = self.base.join(&inside);
        let (is_match, reaches) = (self.glob.matches(&inside), self.glob.reaches(&inside));
        let kind = entry.file_type().map_err(|error| {
            Error::io(format!("{} cannot be looked at", path.display()))
                .help("check the permissions of its folder")
                .because(error)
        })?;
        if !is_match && (kind.is_file() || !reaches) {
            return Ok(());
        }
        if entry.file_name().to_str().is_none() {
            return Err(Error::input(format!("the name {} is not UTF-8", path.display()))
                .help("rename it, or narrow `[logs] path`"));
        }
        if self.is_hidden(&inside, kind.is_dir()) {
            self.pass_over(path, "its name begins with a dot or an underscore");
        } else if kind.is_symlink() {
            self.links.push(inside);
        } else if kind.is_dir() && reaches {
            self.seen.insert(inside.clone());
            self.folders.push(inside);
        } else if kind.is_dir() {
            return Err(Error::input(format!(
                "{} is a folder, and `[logs] path` reads no files in it",
                path.display()
            ))
            .help("end the path with /**/* to read folders too, or narrow it to files"));
        } else if kind.is_file() {
            self.seen.insert(inside);
            self.walked.files.push(path);
        } else {
            self.pass_over(path, "it is no regular file");
        }
        Ok(())
    }

    fn is_hidden(&self, inside: &Path, is_folder: bool) -> bool {
        if is_log(inside) {
            return false;
        }
        let name = inside.file_name().unwrap_or_default().to_string_lossy();
        // A folder such as `_day=2026-01-01` holds rows, whatever the column is called.
        let is_partition = name.starts_with('_') && name.contains('=');
        !(is_folder && (is_partition || self.glob.spells(inside)))
    }

    fn pass_over(&mut self, path: PathBuf, why: &'static str) {
        self.walked.passed_over.push(PassedOver { path, why });
    }

    /// Passes over links to what was found, and refuses others.
    fn resolve_links(&mut self) -> Result<()> {
        for link in std::mem::take(&mut self.links) {
            let path = self.base.join(&link);
            let why = match fs::canonicalize(&path) {
                Ok(target) if self.is_seen(&target) => "it is a link to what is read anyway",
                Err(_) if self.leads_inside(&link) => "it is a link to nothing",
                Ok(_) | Err(_) => {
                    return Err(Error::input(format!("{} is a link", path.display())).help(
                        "rows behind a link are not read: name what it leads to in `[logs] path`, or \
                         remove the link",
                    ));
                }
            };
            self.pass_over(path, why);
        }
        Ok(())
    }

    fn is_seen(&self, target: &Path) -> bool {
        let base = if self.base == Path::new("") { Path::new(".") } else { &self.base };
        let inside = fs::canonicalize(base)
            .ok()
            .and_then(|base| target.strip_prefix(base).ok().map(Path::to_path_buf));
        inside.is_some_and(|inside| self.seen.contains(&inside))
    }

    /// Whether a link to nothing leads to a place below the base.
    fn leads_inside(&self, link: &Path) -> bool {
        let Ok(target) = fs::read_link(self.base.join(link)) else { return false };
        let mut depth = link.components().count() - 1;
        for component in target.components() {
            match component {
                Component::Normal(_) => depth += 1,
                Component::CurDir => {}
                Component::ParentDir if depth > 0 => depth -= 1,
                _ => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
