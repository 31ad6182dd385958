//! The commands that documents show, run as a reader would, and what the tutorial says they print.

use std::path::Path;
use std::process::Command;

use age::secrecy::ExposeSecret;

use crate::clock;
use crate::world::{Ran, World};

/// 2026-01-12T00:00:00Z in microseconds: the simulated week has just ended.
const END_OF_WEEK: i64 = 1_768_176_000_000_000;
const DAY: i64 = 86_400_000_000;

/// A piece of a document between fences: the word behind the first fence, and the text.
pub(crate) type Block = (String, String);

#[test]
fn what_the_documents_show_can_be_run_and_prints_what_they_say() {
    let world = World::empty();
    follow_tutorial(&world);
    for (document, with) in [
        ("docs/reading-results.md", "pointillist rollup"),
        ("docs/reading-results.md", "pointillist report"),
        ("docs/reading-results.md", "pointillist manifest"),
        ("docs/operating.md", "pointillist run"),
        ("docs/operating.md", "--metrics"),
        ("docs/retention.md", "pointillist retain"),
    ] {
        succeed(&world, document, &the_block(document, with), END_OF_WEEK);
    }
    follow(&world, "docs/reading-results.md", "pointillist compare");
    keep_and_hand_over(&world);
}

#[test]
fn the_commands_for_own_logs_take_them_as_they_are() {
    let world = World::empty();
    let logs = ["simulate", "--out", "logs", "--start", "2026-01-05", "--format", "csv"];
    let ran =
        world.run(&[&logs[..], &["--lookups-per-day", "20000", "--requesters", "4000"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let document = "README.md";
    succeed(&world, document, &the_block(document, "pointillist init"), END_OF_WEEK);
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

/// Runs every command of the tutorial in its order, with its release file.
fn follow_tutorial(world: &World) {
    let document = "docs/tutorial.md";
    let blocks = blocks(document);
    let mut compared = 0;
    for (place, (kind, text)) in blocks.iter().enumerate() {
        match kind.as_str() {
            "toml" => world.write("daily.toml", text.as_bytes()),
            "sh" => {
                let printed = succeed(world, document, text, END_OF_WEEK);
                let Some((kind, shown)) = blocks.get(place + 1) else { continue };
                if kind.starts_with("text") {
                    let missing = difference(shown, &printed, kind == "text");
                    assert_eq!(missing, None, "{text} printed\n{printed}");
                    compared += 1;
                }
            }
            _ => {}
        }
    }
    assert!(compared >= 10, "only {compared} outputs were compared");
}

/// Runs a block of commands of a document, and compares what it prints with the block below it.
fn follow(world: &World, document: &str, with: &str) {
    let blocks = blocks(document);
    let place = blocks.iter().position(|(kind, text)| kind == "sh" && text.contains(with)).unwrap();
    let printed = succeed(world, document, &blocks[place].1, END_OF_WEEK);
    let (kind, shown) = &blocks[place + 1];
    assert!(kind.starts_with("text"), "{document}: {with}");
    let missing = difference(shown, &printed, kind == "text");
    assert_eq!(missing, None, "{with} printed\n{printed}");
}

/// An order on a number of the logs, from its entry to the package.
fn keep_and_hand_over(world: &World) {
    let document = "docs/retention.md";
    let custodian = age::x25519::Identity::generate();
    world.write("custodian.key", custodian.to_string().expose_secret().as_bytes());
    world.write("numbers.txt", b"+12068245251\n");
    let order =
        the_block(document, "hold add").replace("age1...", &custodian.to_public().to_string());
    succeed(world, document, &order, END_OF_WEEK);
    world.settle();
    succeed(world, document, "pointillist retain daily.toml", END_OF_WEEK + DAY);
    assert!(!world.path("logs/day=2026-01-05/part-0.csv").exists());
    let open = the_block(document, "hold open");
    succeed(world, document, &open, END_OF_WEEK + DAY);
    for file in ["rows.parquet", "rows.csv", "statement.txt", "SHA256SUMS"] {
        assert!(world.path("package").join(file).exists(), "{file}");
    }
    let rows = std::fs::read_to_string(world.path("package/rows.csv")).unwrap();
    assert!(rows.lines().count() > 1 && rows.contains("+12068245251"));
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

/// The block of commands of a document that has this text.
fn the_block(document: &str, with: &str) -> String {
    let mut blocks = blocks(document).into_iter();
    blocks.find(|(kind, text)| kind == "sh" && text.contains(with)).unwrap().1
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
