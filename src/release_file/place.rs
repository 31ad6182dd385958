//! Where logs lie.

use std::path::{Path, PathBuf};

/// A glob, relative to a folder whose own name may hold anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder of the release file; empty for a glob from the command line.
    pub folder: PathBuf,
    /// The glob as typed: a file, a folder, or a pattern with `*`, `**` and `?`.
    pub glob: String,
}

impl Place {
    /// The place as a path, which is a real one unless the glob is a pattern.
    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.glob)
    }

    /// The folder that holds every file that can match.
    pub fn base(&self) -> PathBuf {
        let path = self.path();
        if path.is_dir() {
            return path;
        }
        let is_plain = |part: &std::path::Component<'_>| {
            !part.as_os_str().to_string_lossy().contains(['*', '?', '['])
        };
        let parts: Vec<_> = Path::new(&self.glob).components().collect();
        let plain = parts.iter().take_while(|part| is_plain(part)).count();
        // The last part names files, whether it is a pattern or not.
        let folders = parts.iter().take(plain.min(parts.len().saturating_sub(1)));
        self.folder.join(folders.collect::<PathBuf>())
    }

    /// Whether logs may lie in folders of the base folder too.
    pub fn is_deep(&self) -> bool {
        let inside = self.inside();
        let mut parts = Path::new(&inside).components();
        let first = parts.next();
        // A `**` that stands alone matches files at any depth.
        parts.next().is_some() || first.is_some_and(|part| part.as_os_str() == "**")
    }

    /// Whether a file in `folder`, which may be yet to be made, could be found as a log.
    pub fn reaches(&self, folder: &Path) -> bool {
        let (folder, base) = (without_links(folder), without_links(&self.base()));
        folder == base || (self.is_deep() && folder.starts_with(base))
    }

    /// The glob of the files below [`Self::base`].
    pub fn inside(&self) -> String {
        let path = self.path();
        if path.is_dir() {
            return "**/*".to_owned();
        }
        let base = self.base();
        let inside = path.strip_prefix(&base).unwrap_or(&path).display().to_string();
        if path.exists() { glob::Pattern::escape(&inside) } else { inside }
    }
}

/// The path without links, as far as it is there.
pub fn without_links(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut known = path.ancestors().filter_map(|part| Some((part, part.canonicalize().ok()?)));
    let rest = known.next().and_then(|(part, real)| {
        let rest = path.strip_prefix(part).ok()?;
        Some(if rest == Path::new("") { real } else { real.join(rest) })
    });
    rest.unwrap_or(path)
}
