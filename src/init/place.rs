//! Where logs are, as a release file names them.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::ingest::{files_below, unrotated};
use crate::release_file::place::Place;
use crate::{Error, Result};

/// The place of logs that a person named, as seen from the folder of the release file.
///
/// # Errors
/// Input, for a path that is not there, or a folder without files or with files of several kinds;
/// usage, for a release file among the logs; I/O.
pub fn place_of(logs: &Path, folder: &Path) -> Result<Place> {
    let shown = logs.display();
    let is_pattern = logs.to_string_lossy().contains(['*', '?', '[']) && !logs.exists();
    if !is_pattern && !logs.exists() {
        return Err(Error::input(format!("{shown} is not there"))
            .help("name a file, a folder or a pattern in quotes, such as 'logs/**/*.csv'"));
    }
    let inside = if logs.is_dir() { format!("**/*{}", ending_of(logs)?) } else { String::new() };
    let path = relative(logs, folder);
    let glob = if inside.is_empty() {
        path.display().to_string()
    } else if path == Path::new("") {
        inside
    } else {
        format!("{}/{inside}", path.display())
    };
    let place = Place { folder: folder.to_path_buf(), glob };
    let published = folder.join("published");
    if logs.is_dir() && place.reaches(folder) || place.reaches(&published) {
        return Err(Error::usage("the release file would lie among the logs, and its results too")
            .help("name another place with --out, such as a folder beside the logs"));
    }
    Ok(place)
}

/// A name for the release: that of the folder or file of the logs.
pub fn default_name(logs: &Path) -> String {
    const MOST: usize = 40;
    let is_plain = |part: &&str| !part.contains(['*', '?', '[', '=']);
    let parts = logs.components().rev().filter_map(|part| match part {
        Component::Normal(part) => part.to_str(),
        _ => None,
    });
    let part = parts.clone().find(is_plain).unwrap_or("lookups");
    let stem = part.split('.').next().unwrap_or_default().to_lowercase();
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    let name: String = stem.chars().map(letter).take(MOST).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "lookups".to_owned() } else { name.to_owned() }
}

/// The ending that all log files below a folder share, with its point, and a star where some are packed or rotated;
/// nothing where they have none.
fn ending_of(folder: &Path) -> Result<String> {
    let files = files_below(folder)?;
    let names = files.iter().filter_map(|path| path.file_name()?.to_str());
    let (mut endings, whole): (BTreeSet<&str>, BTreeSet<&str>) = names.map(ending).unzip();
    match (endings.pop_first(), endings.is_empty()) {
        (Some(""), true) if whole.len() > 1 => Ok(String::new()),
        (Some(only), true) if whole.len() > 1 => Ok(format!("{only}*")),
        (Some(only), true) => Ok(whole.first().copied().unwrap_or(only).to_owned()),
        (None, _) => Err(Error::input(format!("{} holds no file", folder.display()))
            .help("name the folder, the file or the pattern of the logs")),
        (Some(first), false) => {
            let all: Vec<&str> = std::iter::once(first).chain(endings).collect();
            let all = all.join(", ");
            Err(Error::input(format!("{} holds files of several kinds: {all}", folder.display()))
                .help("name those of one log by a pattern in quotes, such as 'logs/**/*.csv'"))
        }
    }
}

/// The ending of a name, and the name from there on: `.csv` and `.csv.1.gz` of `a.csv.1.gz`.
fn ending(name: &str) -> (&str, &str) {
    let packed = [".gz", ".zst"].into_iter().find(|packed| name.ends_with(packed)).unwrap_or("");
    let stem = unrotated(&name[..name.len() - packed.len()]);
    let point = stem.rfind('.').unwrap_or(stem.len());
    (&stem[point..], &name[point..])
}

/// A path as seen from a folder, where it lies below it; otherwise from the root.
fn relative(path: &Path, folder: &Path) -> PathBuf {
    let absolute = |path: &Path| {
        let path = if path == Path::new("") { Path::new(".") } else { path };
        path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.into())
    };
    let (path, folder) = (absolute(path), absolute(folder));
    path.strip_prefix(&folder).map_or(path.clone(), Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_named_after_its_logs() {
        for (logs, name) in [
            ("logs", "logs"),
            ("/var/log/Lookup Service/**/*.csv", "lookup-service"),
            ("logs/day=2026-01-01/part-0.csv.gz", "part-0"),
            ("**/*", "lookups"),
            ("dns.log", "dns"),
        ] {
            assert_eq!(default_name(Path::new(logs)), name, "{logs}");
        }
    }

    #[test]
    fn an_ending_is_apart_from_what_packs_and_rotates_a_file() {
        for (name, known, whole) in [
            ("a.csv", ".csv", ".csv"),
            ("a.csv.gz", ".csv", ".csv.gz"),
            ("a.csv.2.gz", ".csv", ".csv.2.gz"),
            ("a.log-20260105", ".log", ".log-20260105"),
            ("a.log.2026-01-05", ".log", ".log.2026-01-05"),
            ("a", "", ""),
            ("a.1", "", ".1"),
            ("a.gz", "", ".gz"),
            ("a.mp3", ".mp3", ".mp3"),
            ("2026-01-05", "", ""),
        ] {
            assert_eq!(ending(name), (known, whole), "{name}");
        }
    }
}
