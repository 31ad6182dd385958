//! The documents name files, tests and sections that exist.

use std::path::{Path, PathBuf};

/// The documents of the repository that speak of its code.
const DOCUMENTS: [&str; 14] = [
    "docs/accuracy.md",
    "docs/logs.md",
    "docs/operating.md",
    "docs/performance.md",
    "docs/reading-results.md",
    "docs/release-file.md",
    "docs/retention.md",
    "docs/tutorial.md",
    "docs/architecture.md",
    "docs/mechanisms.md",
    "docs/attack-model.md",
    "docs/glossary.md",
    "CONTRIBUTING.md",
    "README.md",
];

/// The folders whose paths are looked up.
const FOLDERS: [&str; 6] = ["src/", "tests/", "benches/", "data/", "docs/", "notebooks/"];

#[test]
fn every_path_in_a_document_exists() {
    for document in DOCUMENTS {
        for path in quoted(&read(document)).filter(|text| is_path(text)) {
            assert!(root().join(path).exists(), "{document} names {path}");
        }
    }
}

#[test]
fn every_link_leads_to_a_file() {
    let mut links = 0;
    for document in DOCUMENTS {
        let folder = Path::new(document).parent().unwrap();
        for (at, opening) in read(document).match_indices("](") {
            let link = read(document)[at + opening.len()..].split(')').next().unwrap().to_owned();
            if link.contains("://") || link.starts_with('#') {
                continue;
            }
            let path = link.split('#').next().unwrap();
            assert!(root().join(folder).join(path).exists(), "{document} links to {link}");
            links += 1;
        }
    }
    assert!(links > 20, "only {links} links were found");
}

#[test]
fn the_readme_is_short() {
    assert!(read("README.md").split_whitespace().count() <= 900);
}

/// A field is the first cell of a row, in the section of its table.
#[test]
fn every_field_of_a_release_file_is_in_its_reference() {
    let reference = read("docs/release-file.md");
    let sections: Vec<&str> = reference.split("\n## ").collect();
    let code = read("src/release_file/raw.rs");
    let (mut heading, mut renamed, mut named) = (String::new(), None, 0);
    for line in code.lines().map(str::trim).take_while(|line| !line.starts_with("pub(crate) fn")) {
        if line == "/// The whole file." {
            "Top level".clone_into(&mut heading);
        } else if let Some(table) = line.strip_prefix("/// `[") {
            heading = format!("`[{table}");
        } else if let Some(other) = line.strip_prefix("#[serde(rename = \"") {
            renamed = other.split('"').next();
        } else if let Some((field, _)) =
            line.strip_prefix("pub(crate) ").and_then(|rest| rest.split_once(": "))
        {
            let field = renamed.take().unwrap_or(field);
            let section = sections.iter().find(|section| section.starts_with(&heading));
            let has = section.is_some_and(|it| it.contains(&format!("\n| `{field}` |")));
            assert!(has, "the section {heading} has no row for `{field}`");
            named += 1;
        }
    }
    assert!(named > 50, "only {named} fields were found");
}

#[test]
fn every_test_that_holds_a_mechanism_exists() {
    let code = code();
    let mechanisms = read("docs/mechanisms.md");
    let paragraphs = mechanisms.split("\n\n").filter(|text| text.starts_with("Held by:"));
    let audit = read("docs/audit.md");
    let (_, faults) = audit.split_once("## Faults that").unwrap();
    let kinds = faults.split("\n## ").next().unwrap().lines();
    let held = kinds.filter_map(|line| line.strip_suffix(" |")?.rsplit_once(" | "));
    let mut named = 0;
    for test in paragraphs.chain(held.map(|(_, by)| by)).flat_map(quoted) {
        assert!(code.contains(&format!("fn {test}(")), "no test is called {test}");
        named += 1;
    }
    assert!(named > 120, "only {named} tests are named");
}

#[test]
fn every_section_that_the_code_cites_exists() {
    let mechanisms = read("docs/mechanisms.md");
    let headings = mechanisms.lines().filter_map(|line| line.strip_prefix("## "));
    let sections: Vec<(&str, &str)> =
        headings.filter_map(|heading| heading.split_once(' ')).collect();
    assert!(sections.len() > 10);
    let code = code().replace("\n//!", "").replace("\n///", "").replace("\n//", "");
    let documents: String = DOCUMENTS.iter().map(|document| read(document)).collect();
    let all = [code, documents.replace('\n', " ")].concat().replace('`', "");
    let mut cited = 0;
    for (at, cite) in all.match_indices("docs/mechanisms.md, ") {
        let rest = &all[at + cite.len()..];
        let is_there = match rest.strip_prefix("section ") {
            Some(rest) => {
                let number = rest.split(|letter: char| !letter.is_ascii_digit()).next().unwrap();
                sections.iter().any(|(known, _)| *known == number)
            }
            None => cited_names(rest).all(|name| sections.iter().any(|(_, known)| *known == name)),
        };
        let cite: String = rest.chars().take(60).collect();
        assert!(is_there, "a section is cited and is not there: {cite}");
        cited += 1;
    }
    assert!(cited > 15, "only {cited} citations were found");
}

/// The names at the beginning of a text like `"One" and "another"`.
fn cited_names(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let (name, after) = rest?.strip_prefix('"')?.split_once('"')?;
        rest = after.strip_prefix(" and ").or(after.strip_prefix(", "));
        Some(name)
    })
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// The texts between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Whether a quoted text is the path of a file or a folder, and not a pattern or an example.
fn is_path(text: &str) -> bool {
    FOLDERS.iter().any(|folder| text.starts_with(folder))
        && !text.contains(['…', '*', ' ', '<'])
        && !text.contains("NAME")
}

/// All Rust sources and tests in one text.
fn code() -> String {
    let mut text = String::new();
    let mut folders = vec![root().join("src"), root().join("tests"), root().join("benches")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if is_rust(&path) && !path.ends_with("it/documents.rs") {
                text.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    text
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "rs")
}
