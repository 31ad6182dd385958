//! Folders as they are found in the field.

#![cfg(unix)]

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use super::*;
use crate::Kind;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[&str]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for file in files {
            let path = folder.0.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    fn link(&self, target: impl AsRef<Path>, name: &str) {
        symlink(target, self.0.path().join(name)).unwrap();
    }

    fn walk(&self, glob: &str) -> Result<Walked> {
        walk(&Place { folder: self.0.path().to_path_buf(), glob: glob.to_owned() })
    }

    /// The names of the files that are read, and of what is passed over.
    fn names(&self, glob: &str) -> (Vec<String>, Vec<String>) {
        let walked = self.walk(glob).unwrap();
        let name = |path: &Path| path.strip_prefix(self.0.path()).unwrap().display().to_string();
        (
            walked.files.iter().map(|path| name(path)).collect(),
            walked.passed_over.iter().map(|passed| name(&passed.path)).collect(),
        )
    }

    fn refusal(&self, glob: &str) -> (Kind, String) {
        let error = self.walk(glob).unwrap_err();
        (error.kind(), error.to_string())
    }
}

#[test]
fn a_glob_reaches_every_folder_in_which_it_finds_a_file() {
    let files = [
        "logs/x.csv",
        "logs/sub/x.csv",
        "logs/sub/sub/x.csv",
        "logs/sub/sub/sub/x.csv",
        "logs/xs/xs/x.csv",
        "logs/*/x.csv",
        "x.csv",
    ];
    let folder = Folder::new(&files);
    let starts = ["", "logs/", "./logs/", "logs/sub/", "logs/sub/../", "nowhere/", "*/", "**/"];
    let parts = ["", "*", "**", "**/", "?*", "x*", "*/", "sub", "[s-x]*", "x.csv", "*.csv", "./**"];
    let ends = ["", "/", "/*", "/**", "/**/", "/**/*", "/**/x.csv", "/x*", "/./**"];
    let mut deep = 0;
    for start in starts {
        for part in parts {
            for end in ends {
                let glob = format!("{start}{part}{end}");
                let place = Place { folder: folder.0.path().to_path_buf(), glob };
                // Text that is no glob finds nothing, and some of these are none.
                let Ok(found) = walk(&place) else { continue };
                let base = place.base();
                for file in found.files {
                    let holds = file.parent().unwrap();
                    let shown = format!("{} finds {}", place.glob, file.display());
                    assert!(place.reaches(holds), "{shown}");
                    let below = file.strip_prefix(&base).unwrap().components().count() > 1;
                    assert!(place.is_deep() || !below, "{shown}");
                    deep += usize::from(below);
                }
            }
        }
    }
    assert!(deep > 500, "{deep}");
    for (glob, is_deep) in [
        ("logs", true),
        ("logs/**", true),
        ("logs/sub/*", false),
        ("logs/*.csv", false),
        ("logs/x.csv", false),
        ("nowhere/**", true),
        ("**", true),
        ("*", false),
    ] {
        let place = Place { folder: folder.0.path().to_path_buf(), glob: glob.to_owned() };
        assert_eq!(place.is_deep(), is_deep, "{glob}");
    }
}

#[test]
fn every_kind_of_glob_finds_what_it_says() {
    let folder =
        Folder::new(&["logs/a.csv", "logs/b.csv", "logs/d/a.csv", "logs/d/e/a.csv", "x.csv"]);
    for (glob, found) in [
        ("logs", &["logs/a.csv", "logs/b.csv", "logs/d/a.csv", "logs/d/e/a.csv"][..]),
        ("logs/", &["logs/a.csv", "logs/b.csv", "logs/d/a.csv", "logs/d/e/a.csv"]),
        ("logs/**/*", &["logs/a.csv", "logs/b.csv", "logs/d/a.csv", "logs/d/e/a.csv"]),
        ("logs/**/a.csv", &["logs/a.csv", "logs/d/a.csv", "logs/d/e/a.csv"]),
        ("logs/*.csv", &["logs/a.csv", "logs/b.csv"]),
        ("./logs/[b-z].csv", &["logs/b.csv"]),
        ("logs/a.csv", &["logs/a.csv"]),
        ("logs/*/a.csv", &["logs/d/a.csv"]),
        ("*/?/*/*", &["logs/d/e/a.csv"]),
        ("**/e/*", &["logs/d/e/a.csv"]),
        ("*.csv", &["x.csv"]),
        ("nowhere/*.csv", &[]),
        ("logs/c.csv", &[]),
    ] {
        let (files, passed) = folder.names(glob);
        let files: Vec<&str> = files.iter().map(|file| file.trim_start_matches("./")).collect();
        assert_eq!((files.as_slice(), passed.len()), (found, 0), "{glob}");
    }
    assert_eq!(folder.refusal("logs/a**").0, Kind::Usage);
}

#[test]
fn side_files_and_what_is_not_committed_are_passed_over_by_name() {
    let folder = Folder::new(&[
        "logs/a.csv",
        "logs/.a.csv.crc",
        "logs/_SUCCESS",
        "logs/_temporary/0/a.csv",
        "logs/.staging/a.csv",
        "logs/_day=2026-01-01/a.csv",
        "logs/d/_b.csv",
    ]);
    let (files, passed) = folder.names("logs/**/*");
    assert_eq!(files, ["logs/_day=2026-01-01/a.csv", "logs/a.csv"]);
    assert_eq!(
        passed,
        ["logs/.a.csv.crc", "logs/.staging", "logs/_SUCCESS", "logs/_temporary", "logs/d/_b.csv"]
    );
    // A glob that names such a folder means it.
    assert_eq!(folder.names("logs/*/_temporary").0, Vec::<String>::new());
    assert_eq!(folder.names("logs/_temporary/*/*").0, ["logs/_temporary/0/a.csv"]);
    assert_eq!(folder.names("*/_tempo*/*/*").0, ["logs/_temporary/0/a.csv"]);
}

#[test]
fn each_row_is_found_once_or_the_link_is_refused() {
    let folder = Folder::new(&["logs/a.csv", "logs/d/b.csv", "elsewhere/c.csv"]);
    folder.link("a.csv", "logs/latest.csv");
    folder.link("d", "logs/current");
    folder.link(".", "logs/loop");
    folder.link("gone.csv", "logs/dangling.csv");
    folder.link(folder.0.path().join("logs/d/b.csv"), "logs/d/again.csv");
    let (files, passed) = folder.names("logs/**/*");
    assert_eq!(files, ["logs/a.csv", "logs/d/b.csv"]);
    let links =
        ["logs/current", "logs/d/again.csv", "logs/dangling.csv", "logs/latest.csv", "logs/loop"];
    assert_eq!(passed, links);
    for (target, name) in [
        ("../elsewhere", "logs/out"),
        ("../elsewhere/c.csv", "logs/out.csv"),
        ("../../gone.csv", "logs/gone.csv"),
        ("/nowhere", "logs/root"),
    ] {
        folder.link(target, name);
        let (kind, words) = folder.refusal("logs/**/*");
        assert_eq!(kind, Kind::Input, "{name}");
        assert!(words.contains(name) && words.contains("is a link"), "{words}");
        fs::remove_file(folder.0.path().join(name)).unwrap();
    }
    // A link that cannot match is no concern, and one to a file that the glob does not find is.
    assert_eq!(folder.names("logs/a*.csv").0, ["logs/a.csv"]);
    assert!(folder.refusal("logs/l*.csv").1.contains("latest.csv is a link"));
}

#[test]
fn folders_names_and_rights_that_would_hide_rows_are_refused_by_name() {
    let folder = Folder::new(&["logs/a.csv", "logs/b.csv/part-0.csv"]);
    let (kind, words) = folder.refusal("logs/*.csv");
    assert_eq!(kind, Kind::Input);
    assert!(words.contains("logs/b.csv is a folder"), "{words}");
    assert_eq!(folder.names("logs/**/*.csv").0, ["logs/a.csv", "logs/b.csv/part-0.csv"]);
    let odd = std::ffi::OsStr::from_bytes(b"\xff.csv");
    fs::write(folder.0.path().join("logs").join(odd), "x").unwrap();
    let (kind, words) = folder.refusal("logs/**/*");
    assert_eq!(kind, Kind::Input);
    assert!(words.contains("is not UTF-8"), "{words}");
    assert_eq!(folder.names("logs/a*").0, ["logs/a.csv"]);
}
