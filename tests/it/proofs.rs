//! The proofs in docs/mechanisms.md and the code that they are about change together.
//!
//! Each section ends with a comment that lists files, or functions of files, each with a hash of its code:
//! without comments, layout, tests and literals, but for
//! SQL. Whoever changes such code reads the section again,
//! corrects it, and writes the new hashes with `POINTILLIST_ACCEPT=1`.

use std::path::{Path, PathBuf};

use crate::house::code::{functions, production_with_sql, tokens};

const BEGIN: &str = "<!-- The code of this section, with its hashes:\n";
const END: &str = "\n-->\n";

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mechanisms.md")
}

/// The code of a file, or of all functions of one name in it: `src/file.rs` or `src/file.rs::name`.
fn code(place: &str) -> String {
    let (file, name) =
        place.split_once("::").map_or((place, None), |(file, name)| (file, Some(name)));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    assert!(path.exists(), "{place} is not there");
    let text = std::fs::read_to_string(path).unwrap();
    let code = production_with_sql(&text);
    let Some(name) = name else { return code };
    let named = functions(&code).into_iter().filter(|function| function.name == name);
    let bodies: Vec<String> = named
        .map(|function| {
            let lines = code.lines().skip(function.line - 1).take(function.lines);
            lines.collect::<Vec<_>>().join("\n")
        })
        .collect();
    assert!(!bodies.is_empty(), "{place}: there is no such function");
    bodies.join("\n")
}

fn hash(code: &str) -> String {
    blake3::hash(tokens(code).join(" ").as_bytes()).to_hex().as_str()[..12].to_owned()
}

/// A section's comment with the hashes of today, and the places whose hash is another.
fn renewed(listed: &str) -> (String, Vec<String>) {
    let (mut lines, mut changed) = (Vec::new(), Vec::new());
    for line in listed.lines() {
        let (place, before) = line.split_once(' ').unwrap_or((line, ""));
        let now = hash(&code(place));
        if now != before {
            changed.push(place.to_owned());
        }
        lines.push(format!("{place} {now}"));
    }
    (lines.join("\n"), changed)
}

#[test]
fn no_proof_is_older_than_its_code() {
    let text = std::fs::read_to_string(document()).unwrap();
    let (mut renewed_text, mut stale) = (String::new(), Vec::new());
    for (place, section) in text.split("\n## ").enumerate() {
        if place == 0 {
            renewed_text.push_str(section);
            continue;
        }
        let title = section.lines().next().unwrap();
        let (before, rest) =
            section.split_once(BEGIN).unwrap_or_else(|| panic!("{title}: no hashes"));
        let (listed, after) = rest.split_once(END).unwrap();
        // What a section calls its mechanism is among the code that it is about.
        for mechanism in before.lines().filter(|line| line.starts_with("**Mechanism** (")) {
            for file in mechanism.split('`').skip(1).step_by(2).filter(|file| file.ends_with(".rs"))
            {
                assert!(listed.contains(file), "{title}: no hash of {file}");
            }
        }
        let (lines, changed) = renewed(listed);
        stale.extend(changed.into_iter().map(|place| format!("{title}: {place}")));
        renewed_text.push_str(&format!("\n## {before}{BEGIN}{lines}{END}{after}"));
    }
    if std::env::var_os("POINTILLIST_ACCEPT").is_some() {
        std::fs::write(document(), renewed_text).unwrap();
        return;
    }
    assert!(
        stale.is_empty(),
        "code changed that these sections of docs/mechanisms.md are about; read each again, correct it, and \
         write the hashes with POINTILLIST_ACCEPT=1: {stale:#?}"
    );
}

#[test]
fn a_hash_is_of_code_and_not_of_layout_or_words() {
    let one = "/// Why.\nfn f(x: u8) -> u8 {\n    x + 1 // more\n}\n#[cfg(test)]\nmod tests {}\n";
    let same = "fn f(x: u8) -> u8 { x + 1 }";
    let of = |text: &str| hash(&production_with_sql(text));
    assert_eq!(of(one), of(same));
    assert_ne!(of(one), of(&one.replace('1', "2")));
    let [words, sql] =
        ["\"x is 1\"", "\"UPDATE t SET x = 1\""].map(|text| format!("fn f() {{ g({text}) }}"));
    assert_eq!(of(&words), of(&words.replace('1', "2")));
    assert_ne!(of(&sql), of(&sql.replace('1', "2")));
    assert_eq!(of(&sql), of(&sql.replace("t SET", "t \\\n   SET")));
    // A place is a file or functions of it.
    assert!(code("src/bound/ball.rs").len() > code("src/bound/ball.rs::scale_into_ball").len());
}
