//! The last words of a test run: which public files the tests would have read, were they there.
//!
//! Files that other programs wrote lie in `../shared/data` and are no part of this repository. Where
//! they are missing the tests read files of the same kinds that they make themselves; this target
//! runs behind all others and says so, since what a passing test prints is not shown.

use std::io::Write;
use std::path::{Path, PathBuf};

fn main() {
    // Tools that list tests find none here.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../shared/data");
    let files = public_files(root, &folder);
    let missing = files.iter().filter(|file| !file.exists()).count();
    let words = match missing {
        0 => format!("nothing: all {} public files of ../shared/data are there", files.len()),
        _ => format!(
            "{missing} of {} public files of ../shared/data ({}); the tests read files of the same \
             kinds that they made",
            files.len(),
            if folder.exists() { "not in the folder" } else { "folder absent" }
        ),
    };
    // A closed standard output is no fault of the tests.
    let _closed = writeln!(std::io::stdout(), "\nleft out: {words}\n");
}

/// Every file outside of this repository that a test reads: those with an accepted outcome, the logs
/// of the real cases, and the list of example numbers.
fn public_files(root: &Path, folder: &Path) -> Vec<PathBuf> {
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    let outcomes = read(root.join("tests/bad_data/outcomes.txt"));
    let awkward = outcomes.lines().filter_map(|line| line.split_once(": "));
    let mut files: Vec<PathBuf> =
        awkward.map(|(name, _)| folder.join("awkward").join(name)).collect();
    let small = read(root.join("tests/bad_data/cases.txt"));
    let small = small.lines().filter_map(|line| line.split_once(": "));
    files.extend(small.map(|(name, _)| folder.join("../cases").join(name).join("r.toml")));
    let cases = root.join("tests/cases");
    for case in std::fs::read_dir(&cases).into_iter().flatten().flatten() {
        let text = read(case.path());
        let log = text.lines().find_map(|line| line.strip_prefix("path = \"")?.strip_suffix('"'));
        files.extend(log.map(|log| cases.join(log)));
    }
    files.push(folder.join("real/phone/examples.csv"));
    files
}
