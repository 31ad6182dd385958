//! The rules of the house: layers, lengths, and a README that knows its folders.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Modules that any stage may use.
const EVERYWHERE: [&str; 5] = ["error", "footer", "spec", "ledger", "plan"];

/// What else each module may import. A stage takes the type on its left, and bounding also the
/// identifiers in it; the engine runs reading, keeping, bounding and adding together. Custody acts on
/// log files beside all stages, and `cli` alone may import it. `pipeline` may import everything else.
const MORE: [(&str, &[&str]); 15] = [
    ("error", &[]),
    ("footer", &[]),
    ("phone", &[]),
    ("spec", &["phone"]),
    ("ledger", &[]),
    ("plan", &[]),
    ("ingest", &["phone"]),
    ("retain", &["ingest"]),
    ("custody", &["ingest", "retain"]),
    ("bound", &["ingest", "retain"]),
    ("aggregate", &["bound"]),
    ("engine", &["ingest", "retain", "bound", "aggregate"]),
    ("release", &["aggregate"]),
    ("publish", &["release"]),
    ("simulate", &[]),
];

/// Crates that one module alone may name.
const ALONE: [(&str, &str); 4] = [
    ("opendp", "release"),
    ("polars", "ingest"),
    ("rusqlite", "ledger"),
    ("rlibphonenumber", "phone"),
];

fn sources() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let inside = path.strip_prefix(&root).unwrap();
                let module = inside.components().next().unwrap().as_os_str().to_str().unwrap();
                let module = module.trim_end_matches(".rs").to_owned();
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((module, path, text));
            }
        }
    }
    assert!(files.len() > 50);
    files
}

/// The part of a file before its tests. A file holds tests alone exactly when it is called `tests.rs`
/// or lies in a folder `tests`.
fn before_tests<'a>(path: &Path, text: &'a str) -> &'a str {
    let in_tests = path.components().any(|part| part.as_os_str() == "tests");
    if in_tests || path.ends_with("tests.rs") {
        return "";
    }
    text.split("\n#[cfg(test)]\nmod tests {").next().unwrap()
}

/// The modules that a text takes from the crate; what its comments link to is no import.
fn imported(text: &str) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let text = text.lines().filter(is_code).collect::<Vec<_>>().join("\n");
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap().split(',').collect(),
            None => vec![rest],
        };
        for name in names {
            let name: String = name
                .trim()
                .chars()
                .take_while(|letter| letter.is_ascii_lowercase() || *letter == '_')
                .collect();
            if !name.is_empty() {
                modules.insert(name);
            }
        }
    }
    modules
}

#[test]
fn a_stage_imports_only_its_left_neighbour_and_what_all_may_use() {
    for (module, path, text) in sources() {
        let Some((_, more)) = MORE.iter().find(|(name, _)| *name == module) else {
            assert!(
                ["cli", "pipeline", "lib", "main"].contains(&module.as_str()),
                "{module} has no layer"
            );
            assert!(
                module == "cli" || !imported(&text).contains("custody"),
                "{} imports custody",
                path.display()
            );
            continue;
        };
        for name in imported(before_tests(&path, &text)) {
            let lower = ["error", "footer", "phone", "spec", "ledger"].contains(&module.as_str());
            let allowed = name == module
                || more.contains(&name.as_str())
                || if lower {
                    name == "error" || name == "spec" && module == "ledger"
                } else {
                    EVERYWHERE.contains(&name.as_str())
                };
            assert!(allowed, "{} imports {name}", path.display());
        }
    }
}

#[test]
fn the_layering_test_sees_every_form_of_import() {
    let text = "//! [`crate::plan`]\nuse crate::{Error, Result, engine};\nuse crate::spec::keys::Key;\ncrate::ledger::x();";
    let seen: Vec<String> = imported(text).into_iter().collect();
    assert_eq!(seen, ["engine", "ledger", "spec"]);
}

#[test]
fn each_heavy_crate_has_one_door() {
    for (module, path, text) in sources() {
        for (name, owner) in ALONE {
            let named =
                text.contains(&format!("use {name}::")) || text.contains(&format!(" {name}::"));
            assert!(!named || module == owner, "{} names {name}", path.display());
        }
    }
}

#[test]
fn files_stay_short_and_the_clock_is_read_in_one_place() {
    for (_, path, text) in sources() {
        let lines = before_tests(&path, &text).lines().count();
        assert!(lines <= 500, "{} has {lines} lines before its tests", path.display());
        let reads_clock = text.contains("SystemTime::now") || text.contains("Timestamp::now");
        assert!(
            !reads_clock || path.ends_with("spec/window.rs"),
            "{} reads the clock",
            path.display()
        );
        for mark in ["FIXME", "XXX", "TODO"] {
            assert!(!text.contains(mark), "{} holds {mark}", path.display());
        }
    }
}

#[test]
fn the_readme_maps_every_folder_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    for entry in std::fs::read_dir(root.join("src")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let row = format!("| `src/{}` |", path.file_name().unwrap().to_str().unwrap());
            assert!(readme.contains(&row), "the code map lacks {row}");
        }
    }
    for row in readme.lines().filter_map(|line| line.strip_prefix("| `")) {
        let named = row.split('`').next().unwrap();
        if named.contains('/') {
            assert!(root.join(named).exists(), "the code map names {named}");
        }
    }
}

#[test]
fn every_shipped_release_file_is_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["data", "tests/cases", "src/cli/demo"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                pointillist::spec::Release::read(&path).unwrap();
            }
        }
    }
}
