//! The program that is built for users holds none of its broken versions.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// The names of the broken versions, from the places that can be broken.
fn names() -> BTreeSet<String> {
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let mut names = BTreeSet::new();
    for path in found.iter().filter(|path| !path.ends_with("mutants.rs")) {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        for rest in text.split("mutant!(\"").skip(1) {
            names.insert(rest.split('"').next().unwrap().to_owned());
        }
    }
    names
}

#[test]
fn the_shipped_program_has_no_broken_version() {
    let names = names();
    assert!(names.len() >= 30, "{}", names.len());
    let program = std::fs::read(env!("CARGO_BIN_EXE_pointillist")).unwrap();
    let holds = |text: &str| memchr::memmem::find(&program, text.as_bytes()).is_some();
    assert!(holds("[ledger] epsilon_30_days"), "texts of the program are found");
    assert!(!holds("POINTILLIST_MUTANT"));
    for name in names {
        assert!(name.contains('-'), "{name} could be the name of a function");
        assert!(!holds(&name), "{name}");
    }
}
