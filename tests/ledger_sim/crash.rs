//! A process that is killed: every step that was reported stays done, and nothing else happened.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pointillist::ledger::{EntryId, Ledger, Reservation, State, Which};

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

/// A release of one day for more than half of its budget, as the shipped release file asks.
fn of_one_day(number: usize) -> Reservation {
    Reservation { blocks: vec![ground::day(number)], ..ground::asking(number, SHARE, 1) }
}

/// Whether the look of a day shows nobody.
const fn is_empty(number: usize) -> bool {
    number % 4 == 2
}

/// Finishes each day's release from wherever an earlier run left it. Does nothing in an ordinary run
/// of the tests.
#[test]
fn finisher() {
    let Some(folder) = folder_of_this_process() else { return };
    let mut ledger = ground::open(&folder, Duration::ZERO).unwrap();
    let mut said = std::io::stdout().lock();
    let mut say = |what: &str| {
        writeln!(said, "{what}done").unwrap();
        said.flush().unwrap();
    };
    for number in 0..ground::DAYS {
        let asked = of_one_day(number);
        let before = ledger.find(&asked.release, ground::day(number)).unwrap();
        if before.iter().any(|entry| entry.state == State::Empty) {
            continue;
        }
        let entry = ledger.reserve(&asked).unwrap();
        say("");
        if matches!(entry.state, State::Reserved | State::Drawn) {
            ledger.mark_drawn(entry.id).unwrap();
            say("");
            if entry.look_charge.is_some() {
                if ledger.look(entry.id).unwrap().is_none() {
                    // Of this process, as noise would be.
                    ledger.note_look(entry.id, &[std::process::id().into()]).unwrap();
                }
                let look = ledger.look(entry.id).unwrap().unwrap();
                say(&format!("look {} {}, ", entry.id, look[0]));
            }
            if is_empty(number) {
                ledger.mark_empty(entry.id).unwrap();
                say("");
                continue;
            }
            ledger.commit(entry.id, &ground::files(number + 1)).unwrap();
            say("");
        }
        if entry.state != State::Published {
            ledger.mark_published(entry.id).unwrap();
            say("");
        }
    }
}

#[test]
fn whatever_the_moments_of_kills_every_day_comes_to_its_end_for_one_charge() {
    let mut random = Random(11);
    let mut attempts = 0;
    for round in 0..12 {
        let folder = ground::folder();
        let mut kills = 0;
        let mut looks = BTreeSet::new();
        loop {
            let mut child = again("crash::finisher", folder.path());
            let wanted = 1 + random.below(8);
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let steps = lines.map_while(Result::ok).filter(|line| line.ends_with("done"));
            for (step, line) in (1..).zip(steps) {
                looks.extend(line.split_once("look ").map(|(_, look)| look.to_owned()));
                if step == wanted {
                    child.kill().unwrap();
                }
            }
            if child.wait().unwrap().success() {
                break;
            }
            kills += 1;
            assert!(kills < 200, "round {round} does not end");
        }
        let ledger = ground::open(folder.path(), Duration::ZERO).unwrap();
        ledger.verify().unwrap();
        let entries = ledger.entries(Which::All).unwrap();
        assert_eq!(entries.len(), ground::DAYS, "round {round}: one charge a day");
        for (number, entry) in entries.iter().enumerate() {
            let (state, charge) = match is_empty(number) {
                true => (State::Empty, entry.look_charge.unwrap().nano()),
                false => (State::Published, SHARE),
            };
            let spent = ground::spent(&ledger, number).0;
            assert_eq!((entry.state, spent), (state, charge), "round {round}");
        }
        // Whatever process said a look, it was the one that is stored.
        let stored = entries.iter().filter_map(|entry| {
            let look = ledger.look(entry.id).unwrap()?;
            Some(format!("{} {}, done", entry.id, look[0]))
        });
        assert_eq!(looks, stored.collect(), "round {round}");
        attempts += entries.iter().map(|entry| entry.attempts).sum::<u64>();
    }
    assert!(attempts > 12 * ground::DAYS as u64, "no kill came between a draw and its commit");
}

/// A second charge does not fit a day, and one for each day fits the cap of 30 days.
const SHARE: u64 = 60;

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
