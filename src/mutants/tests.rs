//! Every broken version is run, and an audit or a named test must notice it.
//!
//! The test program runs itself once for each: with the variable that chooses the broken version, and
//! with the one test that must fail then. What notices what is written into `docs/audit.md`.

mod list;

use std::fmt::Write;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use self::list::Killer::{self, Audit, Named, Stops};
use self::list::{MUTANTS, PERSONS};

/// A broken version that takes longer goes round in circles: none needs more than a few seconds.
const LONGEST: Duration = Duration::from_secs(180);

#[test]
fn each_is_noticed_and_documented() {
    let next = Mutex::new(MUTANTS.iter());
    let unnoticed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((name, _, killers)) = next.lock().unwrap().next() else { break };
                    for killer in *killers {
                        if let Err(printed) = run(name, killer) {
                            unnoticed.lock().unwrap().push(format!("{name}: {printed}"));
                        }
                    }
                }
            });
        }
    });
    let unnoticed = unnoticed.into_inner().unwrap();
    assert!(unnoticed.is_empty(), "not noticed:\n{}", unnoticed.join("\n"));
    compare_with_document();
}

#[test]
fn every_place_that_can_be_broken_is_in_the_list() {
    let mut places = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut places);
    places.sort_unstable();
    places.dedup();
    let mut listed: Vec<String> = MUTANTS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    listed.sort_unstable();
    assert_eq!(places, listed);
    assert!(listed.len() >= 30);
}

/// The names that sources ask for.
fn collect(folder: &Path, places: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, places);
        } else if !path.ends_with("src/mutants.rs")
            && path.extension().is_some_and(|end| end == "rs")
        {
            let text = std::fs::read_to_string(&path).unwrap();
            let asked = text.split(concat!("mutant!", "(\"")).skip(1);
            places.extend(asked.map(|rest| rest.split('"').next().unwrap().to_owned()));
        }
    }
}

/// Runs what must notice a broken version; what it printed if it did not.
fn run(name: &str, killer: &Killer) -> Result<(), String> {
    let (test, sign) = match killer {
        Audit(release, test) => (*release, format!("(\"{test}\",")),
        Stops(release) => (*release, "called `Result::unwrap()`".to_owned()),
        Named(test) => (*test, "test result: FAILED".to_owned()),
    };
    // A file and not a pipe, which is full after 64 KiB: a property that fails prints all of its input.
    let mut output = tempfile::tempfile().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    if let Audit(_, noticing) = killer {
        // Only the checks of the audit that this test belongs to.
        command.env("POINTILLIST_NOTICING", noticing);
    }
    let mut child = command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env("POINTILLIST_MUTANT", name)
        // That it fails is enough: the smallest input is not looked for, and none is kept for later tests.
        .env("PROPTEST_MAX_SHRINK_ITERS", "0")
        .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1")
        .stdout(output.try_clone().unwrap())
        .stderr(output.try_clone().unwrap())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > LONGEST {
            child.kill().unwrap();
            return Err(format!("{test} does not end"));
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let mut printed = Vec::new();
    output.rewind().unwrap();
    output.read_to_end(&mut printed).unwrap();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    let is_one = printed.contains("running 1 test");
    if is_one && !status.success() && printed.contains(&sign) { Ok(()) } else { Err(printed) }
}

/// The list as a table of the document.
fn table() -> String {
    let mut text = String::from(
        "| broken version | what is wrong | noticed by the audit | noticed by the test |\n|---|---|---|---|\n",
    );
    for (name, broken, killers) in MUTANTS {
        let (mut audit, mut named) = (Vec::new(), Vec::new());
        for killer in *killers {
            match killer {
                Audit(release, test) if *release == PERSONS => {
                    audit.push(format!("{test} (`person-day`)"));
                }
                Audit(_, test) => audit.push((*test).to_owned()),
                Stops(_) => audit.push("the audit stops with an error".to_owned()),
                Named(test) => named.push(format!("`{}`", test.rsplit("::").next().unwrap())),
            }
        }
        let (audit, named) = (audit.join(", "), named.join(", "));
        writeln!(text, "| `{name}` | {broken} | {audit} | {named} |").unwrap();
    }
    text
}

/// Compares the table with the one of the document, or writes it with `POINTILLIST_ACCEPT=1`.
fn compare_with_document() {
    const BEGIN: &str = "<!-- The table is written by src/mutants/tests.rs. -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let end = rest.find("\n\n").map_or(rest.len(), |end| end + 1);
    if std::env::var_os("POINTILLIST_ACCEPT").is_some() {
        std::fs::write(path, format!("{before}{BEGIN}{}{}", table(), &rest[end..])).unwrap();
    } else {
        assert_eq!(
            &rest[..end],
            table(),
            "the table of docs/audit.md is another: POINTILLIST_ACCEPT=1 writes it"
        );
    }
}
