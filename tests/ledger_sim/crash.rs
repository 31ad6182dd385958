//! A process that is killed: every step that was reported stays done, and nothing else happened.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pointillist::ledger::{EntryId, Ledger, State};

use crate::ground::{self, Random};

/// Names the folder that this process, started again by a test, is to work in.
pub(crate) const FOLDER: &str = "POINTILLIST_SIM_FOLDER";

/// Starts this test binary again with only one of its tests.
pub(crate) fn again(test: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The folder of a process that was started again; `None` in an ordinary run of the tests.
pub(crate) fn folder_of_this_process() -> Option<std::path::PathBuf> {
    std::env::var_os(FOLDER).map(Into::into)
}

/// Makes one release after another and reports each durable step. Does nothing in an ordinary run of
/// the tests.
#[test]
fn worker() {
    let Some(folder) = folder_of_this_process() else { return };
    let mut ledger = ground::open(&folder, Duration::ZERO).unwrap();
    let mut said = std::io::stdout().lock();
    let mut say = |state: State, id: EntryId| {
        writeln!(said, "done {state} {id}").unwrap();
        said.flush().unwrap();
    };
    for release in 0..12 {
        let id = ledger.reserve(&ground::asking(release, 10, 1)).unwrap().id;
        say(State::Reserved, id);
        ledger.mark_drawn(id).unwrap();
        say(State::Drawn, id);
        ledger.commit(id, &ground::files(release + 1)).unwrap();
        say(State::Committed, id);
        ledger.mark_published(id).unwrap();
        say(State::Published, id);
    }
}

#[test]
fn what_was_done_before_a_kill_stays_done() {
    let mut random = Random(7);
    for round in 0..24 {
        let folder = ground::folder();
        let mut child = again("crash::worker", folder.path());
        let wanted = random.below(40);
        let mut done: Vec<(State, u64)> = Vec::new();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The process is killed during the next step, or a few steps later.
        for line in lines.map_while(Result::ok) {
            // The test harness of the child may have begun the line.
            let Some((_, step)) = line.split_once("done ") else { continue };
            let (state, id) = step.split_once(' ').unwrap();
            let state = State::ALL.into_iter().find(|other| other.word() == state).unwrap();
            done.push((state, id.parse().unwrap()));
            if done.len() as u64 == wanted {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        // The system freed the lock of the dead process.
        let ledger = ground::open(folder.path(), Duration::ZERO).unwrap();
        check(&ledger, &done, round);
    }
}

fn check(ledger: &Ledger, done: &[(State, u64)], round: u32) {
    let verification = ledger.verify().unwrap();
    // Two events made the ledger and capped it; every other is a reported step, or the one in progress.
    let steps = verification.events - 2;
    let said = done.len() as u64;
    assert!(steps == said || steps == said + 1, "round {round}: {steps} steps, {said} said");
    for (state, id) in done {
        let entry = ledger.entry(EntryId(*id)).unwrap().unwrap();
        let at_least = State::ALL.iter().position(|other| other == state).unwrap();
        let is = State::ALL.iter().position(|other| *other == entry.state).unwrap();
        assert!(is >= at_least, "round {round}: entry {id} was {state} and is {}", entry.state);
    }
}
