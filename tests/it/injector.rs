//! Disturbs a command at each of its calls that change files, and checks what the next one makes of it.
//!
//! A fault is a kill before a call, after it, or in the middle of a write; an error of the disk at one
//! call; or a disk that is full from a call on. By default some calls are disturbed, spread evenly over all
//! of them. `POINTILLIST_FAULTS` sets how many for each command, or `all` of them.

use std::collections::BTreeMap;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::shims;
use crate::world::Ran;

/// What the kill of a command looks like.
pub(crate) const KILLED: i32 = -1;

/// A call of the program that changes files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) operation: String,
    pub(crate) path: String,
}

/// Runs a command with a fault, and returns what it did about the files in and below its folder.
pub(crate) fn disturb(command: Command, fault: &str) -> (Ran, Vec<Call>) {
    disturb_at(command, "", fault)
}

/// The same for the files alone whose paths in that folder begin so.
pub(crate) fn disturb_at(mut command: Command, inside: &str, fault: &str) -> (Ran, Vec<Call>) {
    let folder = command.get_current_dir().unwrap().canonicalize().unwrap();
    let log = tempfile::tempdir().unwrap();
    let log = log.path().join("calls");
    shims::load(&mut command, "faults");
    // With one thread the calls come in the same order each time.
    let paths = folder.join(inside);
    let paths = if inside.is_empty() { &folder } else { &paths };
    command.env("TEST_FAULTS_IN", paths).env("TEST_FAULTS_LOG", &log);
    command.env("TEST_FAULT", fault).env("RAYON_NUM_THREADS", "1");
    let ran = Ran::of(&command.output().unwrap());
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let inside = folder.display().to_string();
    let call = |line: &str| {
        let (operation, path) = line.split_once(' ').unwrap();
        let path = path.strip_prefix(&inside).unwrap().trim_start_matches('/');
        Call { operation: operation.to_owned(), path: path.to_owned() }
    };
    (ran, text.lines().map(call).collect())
}

/// Disturbs a command in a new world for each fault, and checks each world afterwards.
pub(crate) fn every_call<W>(
    world: impl Fn() -> W + Sync,
    command: impl Fn(&W) -> Command + Sync,
    check: impl Fn(&W, &Ran) + Sync,
) {
    let (ran, calls) = disturb(command(&world()), "none");
    assert!([0, 1].contains(&ran.code), "{}", ran.stderr);
    let faults = chosen(&calls);
    let next = AtomicUsize::new(0);
    let failures: Mutex<BTreeMap<(usize, &str), String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((call, kind)) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let world = world();
                    let (ran, made) = disturb(command(&world), &format!("{kind} {call}"));
                    let checked = catch_unwind(AssertUnwindSafe(|| check(&world, &ran)));
                    if let Err(what) = checked {
                        let what = what.downcast_ref::<String>().cloned().unwrap_or_default();
                        let at = made.get(call - 1);
                        failures.lock().unwrap().insert((*call, kind), format!("{at:?}: {what}"));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    let (tried, failed) = (faults.len(), failures.len());
    let mut said = std::io::stdout();
    writeln!(said, "{tried} faults at {} calls, {failed} failures", calls.len()).unwrap();
    assert!(failures.is_empty(), "{failed} of {tried} faults: {failures:#?}");
}

/// Which calls are disturbed, counted from one, and how.
fn chosen(calls: &[Call]) -> Vec<(usize, &'static str)> {
    let kinds = |call: &Call| -> &[&'static str] {
        match call.operation.as_str() {
            "write" => &["before", "half", "after", "eio", "full"],
            "create" | "mkdir" => &["before", "after", "eio", "full"],
            _ => &["before", "after", "eio"],
        }
    };
    let all = |place: usize| kinds(&calls[place]).iter().map(move |kind| (place + 1, *kind));
    let asked = std::env::var("POINTILLIST_FAULTS").unwrap_or_else(|_| "24".to_owned());
    if asked == "all" {
        return (0..calls.len()).flat_map(all).collect();
    }
    // Of calls that repeat each other the first and the last.
    let is_inner = |place: &usize| {
        (1..calls.len() - 1).contains(place)
            && calls[*place] == calls[place - 1]
            && calls[*place] == calls[place + 1]
    };
    let some: Vec<_> = (0..calls.len()).filter(|place| !is_inner(place)).flat_map(all).collect();
    let count: usize = asked.parse().unwrap();
    // Steps of the golden ratio spread the places evenly, whatever their number.
    let place = |step: usize| (step as f64 * 0.618_033_988_749_895).fract() * some.len() as f64;
    (0..count).map(|step| some[place(step) as usize]).collect()
}

/// The paths of everything below a folder, sorted; the names of temporary files have a random part.
pub(crate) fn listing(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            found.push(path.strip_prefix(folder).unwrap().display().to_string());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}
