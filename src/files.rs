//! Files that are made so that they last, and so that no link leads a write elsewhere.
//!
//! In: a path. Out: a file that this program made, under that very name, or names that a power failure
//! does not undo.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// The mode of a file that its owner alone may read.
pub(crate) const OWNER: u32 = 0o600;
/// The mode of a file that everybody may read whom the user's umask lets.
pub(crate) const EVERYBODY: u32 = 0o644;

/// Makes a file in place of any other; a link there goes, and what it leads to stays.
pub(crate) fn make(path: &Path, mode: u32) -> io::Result<File> {
    remove_if_there(path)?;
    make_new(path, mode)
}

/// Makes a file, and fails if there is one, or a link.
pub(crate) fn make_new(path: &Path, mode: u32) -> io::Result<File> {
    options(mode).create_new(true).open(path)
}

/// Opens a file that processes lock, and makes it if it is not there. A link, and a file that has a
/// second name, is refused, since its content belongs to another program.
pub(crate) fn open_lock(path: &Path, mode: u32) -> io::Result<File> {
    match make_new(path, mode) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        made => return made,
    }
    let foreign = || io::Error::new(ErrorKind::InvalidInput, "it is a link");
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(foreign());
    }
    let file = options(mode).open(path)?;
    // Between the look and the opening the path may have come to name another file.
    if is_only_name(path, &file)? { Ok(file) } else { Err(foreign()) }
}

/// Removes a file that may not be there.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes a folder and those above it, each durably in the one above.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    if folder == Path::new("") || folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(Path::new(""));
    make_folder(parent)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists || !folder.is_dir() => Err(error),
        _ => sync_folder(parent),
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder == Path::new("") { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

fn options(mode: u32) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(mode);
    options
}

fn is_only_name(path: &Path, file: &File) -> io::Result<bool> {
    let (named, opened) = (fs::symlink_metadata(path)?, file.metadata()?);
    Ok((named.dev(), named.ino(), named.nlink()) == (opened.dev(), opened.ino(), 1))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn what_a_link_leads_to_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let links: [fn(&Path, &Path); 2] =
            [|from, to| symlink(from, to).unwrap(), |from, to| fs::hard_link(from, to).unwrap()];
        for link in links {
            fs::write(path("precious"), "x").unwrap();
            link(&path("precious"), &path("link"));
            assert!(open_lock(&path("link"), OWNER).is_err());
            make(&path("link"), OWNER).unwrap().write_all(b"new").unwrap();
            assert_eq!(fs::read(path("precious")).unwrap(), b"x");
            assert_eq!(fs::read(path("link")).unwrap(), b"new");
            open_lock(&path("link"), OWNER).unwrap();
            fs::remove_file(path("link")).unwrap();
        }
        symlink(path("absent"), path("dangling")).unwrap();
        assert!(open_lock(&path("dangling"), OWNER).is_err());
        assert!(!path("absent").exists());
        for mode in [OWNER, EVERYBODY] {
            let facts = make(&path("made"), mode).unwrap().metadata().unwrap();
            assert_eq!(facts.permissions().mode() & 0o777 & !mode, 0);
        }
    }

    #[test]
    fn folders_are_made_where_there_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b/c");
        make_folder(&inner).unwrap();
        make_folder(&inner).unwrap();
        assert!(inner.is_dir());
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(make_folder(&folder.path().join("file")).is_err());
        assert!(make_folder(&folder.path().join("file/a")).is_err());
    }
}
