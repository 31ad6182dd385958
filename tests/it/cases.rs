//! Small inputs that once gave a wrong answer in silence: what `check` says of each is in
//! `tests/bad_data/cases.txt`. They lie beside the repository; files of the same kinds are made in
//! `src/engine/tests/made_files` for every clone.

use std::path::{Path, PathBuf};

use crate::world::World;

/// Copies what lies in a folder, links and all, into a world.
fn copy(from: &Path, world: &World, inside: &str) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{inside}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            copy(&path, world, &format!("{name}/"));
        } else {
            world.write(&name, &std::fs::read(&path).unwrap());
        }
    }
}

/// The exact counts, or the error.
fn outcome(world: &World) -> String {
    let ran = world.run(&["check", "r.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    if let Some(message) = json["error"]["message"].as_str() {
        return format!("{}: {message}", ran.code);
    }
    let code = if ran.code == 0 { String::new() } else { format!("{}: ", ran.code) };
    let rejects = json["rejects"].as_object().unwrap().iter();
    let rejects = rejects.filter(|(_, count)| **count != 0);
    let rejects: String = rejects.map(|(reason, count)| format!(", {count} {reason}")).collect();
    let wrong = json["wrong_statistics"].as_array().unwrap().len();
    let wrong = if wrong > 0 { format!(", {wrong} wrong statistics") } else { String::new() };
    format!("{code}{} rows, {} lookups{rejects}{wrong}", json["rows"], json["lookups"])
}

#[test]
fn small_inputs_that_once_went_wrong_are_read_or_refused_as_was_accepted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../shared/cases");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("left out: the small inputs of ../shared/cases are not there");
        return;
    };
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.join("r.toml").exists());
    cases.sort();
    let mut seen = String::new();
    for case in cases {
        let world = World::empty();
        copy(&case, &world, "");
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        seen.push_str(&format!("{name}: {}\n", outcome(&world)));
    }
    let path = root.join("tests/bad_data/cases.txt");
    if std::env::var_os("POINTILLIST_ACCEPT").is_some() {
        std::fs::write(&path, &seen).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert_eq!(seen, expected, "run with POINTILLIST_ACCEPT=1 to accept, after looking");
}
