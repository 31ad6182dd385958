//! Every command that README and `docs/` show is run as a reader would, and what they say it prints is compared.
//!
//! The word behind a fence says what becomes of a block. `sh` is run; a `text` right below it is what it
//! prints, a `text noise` the same but for numbers, since noise is never the same twice. `toml FILE` is
//! saved. `sh not-run` is what cannot be run here, and the number of those is fixed below. Blocks of `python`
//! are run by `notebooks/run.py`. `POINTILLIST_ACCEPT=1` writes what is printed where all of it is shown; read
//! the difference, and what the text around it says of the figures, before you commit it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use age::secrecy::ExposeSecret;

use crate::clock;
use crate::world::{Ran, World};

/// 2026-01-12T00:00:00Z in microseconds: the simulated week has just ended.
const END_OF_WEEK: i64 = 1_768_176_000_000_000;
const DAY: i64 = 86_400_000_000;

/// Documents with commands in the order in which one folder follows them; the README has one of its own.
const FOLLOWED: [&str; 8] = [
    "docs/tutorial.md",
    "docs/release-file.md",
    "docs/choosing.md",
    "docs/reading-results.md",
    "docs/privacy.md",
    "docs/operating.md",
    "docs/audit.md",
    "docs/retention.md",
];

/// How many blocks of each document cannot be run here, and why.
const NOT_RUN: [(&str, usize, &str); 4] = [
    ("README.md", 1, "compiles the program"),
    ("docs/audit.md", 3, "fails by chance in one of 100 audits, or compiles the program"),
    ("docs/cluster.md", 1, "compiles the program"),
    ("docs/operating.md", 1, "installs units, which needs a running systemd"),
];

/// A piece of a document between fences: the words behind the first fence, and the text.
pub(crate) type Block = (String, String);

#[test]
fn what_the_documents_show_can_be_run_and_prints_what_they_say() {
    let world = World::empty();
    let compared: usize = FOLLOWED.iter().map(|document| follow(&world, document)).sum();
    assert!(compared >= 15, "only {compared} outputs were compared");
    for file in ["rows.parquet", "rows.csv", "statement.txt", "SHA256SUMS"] {
        assert!(world.path("package").join(file).exists(), "{file}");
    }
    let rows = std::fs::read_to_string(world.path("package/rows.csv")).unwrap();
    assert!(rows.lines().count() > 1 && rows.contains("+12068245251"));
}

#[test]
fn what_the_readme_shows_is_so_and_takes_own_logs_as_they_are() {
    let world = World::empty();
    let logs = ["simulate", "--out", "logs", "--start", "2026-01-05", "--format", "csv"];
    let ran =
        world.run(&[&logs[..], &["--lookups-per-day", "20000", "--requesters", "4000"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(follow(&world, "README.md"), 1);
}

#[test]
fn every_block_of_a_document_has_a_use_and_few_cannot_be_run() {
    let mut not_run = BTreeMap::new();
    let mut documents = vec!["README.md".to_owned()];
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            documents.push(format!("docs/{name}"));
        }
    }
    for document in &documents {
        let document = document.as_str();
        for (kind, text) in blocks(document) {
            match kind.as_str() {
                "sh" => assert!(
                    document == "README.md" || FOLLOWED.contains(&document),
                    "nobody runs {document}: {text}"
                ),
                "sh not-run" => *not_run.entry(document.to_owned()).or_insert(0) += 1,
                "text" | "text noise" | "python" | "toml" => {}
                _ => assert!(kind.starts_with("toml "), "{document} has a block of `{kind}`"),
            }
        }
    }
    let known = NOT_RUN.iter().map(|(document, count, _)| ((*document).to_owned(), *count));
    assert_eq!(not_run, known.collect::<BTreeMap<_, _>>());
}

/// What cannot be run is at least understood: without a release file it fails for that and for nothing else.
#[test]
fn commands_that_cannot_be_run_have_arguments_that_exist() {
    let world = World::empty();
    let mut tried = 0;
    for (document, _, _) in NOT_RUN {
        let not_run = blocks(document).into_iter().filter(|(kind, _)| kind == "sh not-run");
        for line in
            not_run.flat_map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>())
        {
            let command = line.split('#').next().unwrap();
            let Some(arguments) = command.strip_prefix("pointillist ") else { continue };
            let arguments: Vec<&str> = arguments.split_whitespace().collect();
            let ran = world.run(&arguments);
            let is_for_that = ran.stderr.contains("there is no release file");
            assert_eq!((ran.code, is_for_that), (2, true), "{document}: {line}: {}", ran.stderr);
            tried += 1;
        }
    }
    assert!(tried >= 2, "only {tried} were tried");
}

#[test]
fn shown_lines_are_compared_one_by_one_but_where_some_are_left_out() {
    let printed = "one  1\ntwo  -2.5\nthree\n";
    for (shown, is_exact, agrees) in [
        ("one  1\ntwo  -2.5\nthree\n", true, true),
        ("one  1\n…\n", true, true),
        ("…\nthree\n", true, true),
        ("one  1\nthree\n", true, false),
        ("one  1\n", true, false),
        ("one  2\n…\n", true, false),
        ("one 2\ntwo 17\nthree\n", false, true),
        ("one 2\ntoo 17\nthree\n", false, false),
    ] {
        assert_eq!(difference(shown, printed, is_exact).is_none(), agrees, "{shown}");
    }
}

/// Follows a document from its first block to its last; how many outputs were compared.
fn follow(world: &World, document: &str) -> usize {
    let blocks = blocks(document);
    let (mut compared, mut clock) = (0, END_OF_WEEK);
    for (place, (kind, text)) in blocks.iter().enumerate() {
        if let Some(file) = kind.strip_prefix("toml ") {
            world.write(file, text.as_bytes());
            succeed(world, document, &format!("pointillist plan {file}"), clock);
        }
        if kind != "sh" {
            continue;
        }
        let text = prepare(world, text, &mut clock);
        let printed = succeed(world, document, &text, clock);
        match blocks.get(place + 1) {
            Some((kind, shown)) if kind.starts_with("text") => {
                let missing = difference(shown, &printed, kind == "text");
                if missing.is_some() && std::env::var_os("POINTILLIST_ACCEPT").is_some() {
                    accept(document, kind, shown, &printed);
                } else {
                    assert_eq!(missing, None, "{document}: {text} printed\n{printed}");
                }
                compared += 1;
            }
            _ => {}
        }
    }
    compared
}

/// Writes what was printed into a document in place of what it shows, where it shows all of it.
fn accept(document: &str, kind: &str, shown: &str, printed: &str) {
    assert!(!shown.contains('…'), "{document} leaves lines out: choose them by hand\n{printed}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = std::fs::read_to_string(&path).unwrap();
    let block = |inside: &str| format!("```{kind}\n{inside}```");
    std::fs::write(path, text.replacen(&block(shown), &block(printed), 1)).unwrap();
}

/// What an order needs that no document can show: a custodian with its key, a number of the logs, and a day on
/// which its rows pass retention.
fn prepare(world: &World, text: &str, clock: &mut i64) -> String {
    if text.contains("age1...") {
        let custodian = age::x25519::Identity::generate();
        world.write("custodian.key", custodian.to_string().expose_secret().as_bytes());
        world.write("numbers.txt", b"+12068245251\n");
        return text.replace("age1...", &custodian.to_public().to_string());
    }
    if text.contains("hold open") {
        world.settle();
        *clock += DAY;
        succeed(world, "retention", "pointillist retain daily.toml", *clock);
        assert!(!world.path("logs/day=2026-01-05/part-0.csv").exists());
    }
    text.to_owned()
}

/// Runs lines of a shell with the program on the path; what they print.
fn succeed(world: &World, document: &str, lines: &str, clock: i64) -> String {
    let program = world.command(&[]);
    let folder = Path::new(program.get_program()).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", lines]).current_dir(world.path("."));
    shell.env("PATH", format!("{}:{path}", folder.display()));
    let ran = Ran::of(&clock::at(shell, clock).output().unwrap());
    assert_eq!(ran.code, 0, "{document}: {lines}\n{}{}", ran.stdout, ran.stderr);
    ran.stdout
}

pub(crate) fn blocks(document: &str) -> Vec<Block> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = std::fs::read_to_string(path).unwrap();
    let fenced = text.split("```").skip(1).step_by(2);
    let parts = fenced.map(|block| block.split_once('\n').unwrap());
    parts.map(|(kind, text)| (kind.to_owned(), text.to_owned())).collect()
}

/// The first line that is shown and was not printed, or printed and not shown. A line `…` stands for any
/// number of lines. Where noise decides, all numbers are alike, and so is the space around them.
fn difference(shown: &str, printed: &str, is_exact: bool) -> Option<String> {
    let line =
        |line: &str| if is_exact { line.trim_end().to_owned() } else { without_numbers(line) };
    let mut printed = printed.trim_end().lines().map(line);
    let mut may_skip = false;
    for shown in shown.trim_end().lines() {
        if shown == "…" {
            may_skip = true;
            continue;
        }
        let wanted = line(shown);
        let is_there = match may_skip {
            true => printed.any(|line| line == wanted),
            false => printed.next().is_some_and(|line| line == wanted),
        };
        if !is_there {
            return Some(shown.to_owned());
        }
        may_skip = false;
    }
    if may_skip { None } else { printed.next() }
}

fn without_numbers(line: &str) -> String {
    let is_of_number = |letter: char| letter.is_ascii_digit() || ".,+-".contains(letter);
    let words = line.split(|letter: char| letter.is_whitespace() || is_of_number(letter));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
