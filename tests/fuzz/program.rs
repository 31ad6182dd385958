//! The built program, and what its errors may be.

use std::path::Path;
use std::process::{Command, Stdio};

use pointillist::{Error, Kind};

/// Numbers of the seeds, which no error may quote.
pub(crate) const SECRETS: [&str; 4] = ["4155550", "2125550", "155501", "255501"];

/// Runs the program; it must end by itself, with a code that a person can act on, and quote no row.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_pointillist"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let code = out.status.code().unwrap_or(-1);
    let words = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!([0, 1, 2, 65, 74].contains(&code), "{arguments:?} ended with {code}: {words}");
    // What has no fault of its own, such as logs without a row, is in the result.
    let is_said = words.contains("error: ") || !out.stdout.is_empty();
    assert!(code == 1 || is_said, "{arguments:?} ended with {code} in silence");
    quotes_nothing(&words);
    (code, words)
}

/// Checks an error of the library, which is one of some kinds.
pub(crate) fn check(error: &Error, kinds: &[Kind]) {
    let mut words = format!("{error} {}", error.hint().unwrap_or_default());
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        words.push_str(&format!(" caused by: {inner}"));
        cause = inner.source();
    }
    assert!(kinds.contains(&error.kind()), "{:?}: {words}", error.kind());
    assert!(!error.to_string().is_empty());
    quotes_nothing(&words);
}

fn quotes_nothing(words: &str) {
    for secret in SECRETS {
        assert!(!words.contains(secret), "a row is quoted: {words}");
    }
}

/// A folder in memory, where the system has one. It stays when an input is run again, to be looked into.
pub(crate) fn folder() -> tempfile::TempDir {
    let mut folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    if std::env::var_os("POINTILLIST_FUZZ_FROM").is_some() {
        println!("in {}", folder.path().display());
        folder.disable_cleanup(true);
    }
    folder
}
