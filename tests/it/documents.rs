//! The documents name files, tests and sections that exist.

use std::path::{Path, PathBuf};

use crate::packaging::{SECTIONS, schema};

/// The documents of the repository that speak of its code.
fn documents() -> Vec<String> {
    let mut documents = vec!["CONTRIBUTING.md".to_owned(), "README.md".to_owned()];
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            documents.push(format!("docs/{name}"));
        }
    }
    assert!(documents.len() > 14);
    documents
}

/// The folders whose paths are looked up.
const FOLDERS: [&str; 6] = ["src/", "tests/", "benches/", "data/", "docs/", "notebooks/"];

#[test]
fn every_path_in_a_document_exists() {
    for document in documents() {
        for path in quoted(&read(&document)).filter(|text| is_path(text)) {
            assert!(root().join(path).exists(), "{document} names {path}");
        }
    }
}

#[test]
fn every_link_leads_to_a_file() {
    let mut links = 0;
    for document in documents() {
        let folder = Path::new(&document).parent().unwrap();
        for (at, opening) in read(&document).match_indices("](") {
            let link = read(&document)[at + opening.len()..].split(')').next().unwrap().to_owned();
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

/// What the program says about heavy requesters and about rare cases, documents say by the same words.
#[test]
fn documents_quote_the_sentences_of_the_program() {
    let code = read("src/words.rs").replace("\\\n     ", "");
    for (name, quoted_in) in [
        ("ONE_HEAVY", ["README.md", "docs/tutorial.md", "docs/reading-results.md"].as_slice()),
        ("RARELY", ["README.md", "docs/privacy.md"].as_slice()),
    ] {
        let (_, rest) = code.split_once(&format!("pub const {name}: &str = \"")).unwrap();
        let sentence = rest.split('"').next().unwrap().trim_end_matches(['.', ' ']);
        for document in quoted_in {
            let text = read(document).split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(sentence), "{document} lacks: {sentence}");
        }
    }
}

/// A field is the first cell of a row, in the section of its table. What is not offered any more has no type.
#[test]
fn the_reference_of_the_release_file_has_the_fields_of_its_schema() {
    let reference = read("docs/release-file.md");
    let schema = schema();
    let mut named = 0;
    for (section, place) in SECTIONS {
        let heading = match section {
            [] => "Top level".to_owned(),
            ["question"] => "`[[question]]`".to_owned(),
            [first, rest @ ..] => {
                format!("`[{first}]{}`", rest.iter().map(|it| format!(" {it}")).collect::<String>())
            }
        };
        let section = reference.split("\n## ").find_map(|it| it.strip_prefix(&heading)).unwrap();
        let table = schema.pointer(place).unwrap();
        let fields = table["properties"].as_object().unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
        let rows: Vec<(&str, &str)> =
            rows.filter(|(_, rest)| rest.matches(" |").count() == 3).collect();
        for (field, rest) in &rows {
            let kind = rest.split('|').next().unwrap().trim();
            assert_eq!(kind.is_empty(), !fields.contains_key(*field), "{heading} {field}");
        }
        for (field, facts) in fields {
            let Some((_, row)) = rows.iter().find(|(name, _)| name == field) else {
                panic!("the section {heading} has no row for `{field}`")
            };
            let kind = row.split('|').next().unwrap();
            let is_required = table["required"]
                .as_array()
                .is_some_and(|them| them.contains(&field.as_str().into()));
            assert!(
                !is_required || kind.contains("required") || kind.contains("or more"),
                "{heading} {field}: {kind}"
            );
            for word in facts["enum"].as_array().into_iter().flatten() {
                assert!(kind.contains(&word.to_string()), "{heading} {field} lacks {word}");
            }
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
    let documents: String = documents().iter().map(|document| read(document)).collect();
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
