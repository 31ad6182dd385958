//! Two runs of one release at the same time: one draws, the other waits or is refused as busy.

use std::io::Read as _;
use std::path::Path;
use std::sync::Barrier;
use std::time::Duration;

use pointillist::Kind;
use pointillist::ledger::State;

use crate::crash::{again, folder_of_this_process};
use crate::ground;

/// One run of one release, from opening to publishing.
#[derive(Debug, PartialEq, Eq)]
enum Run {
    Drew,
    FoundItDone,
    Busy,
}

fn run(folder: &Path, wait: Duration) -> Run {
    let mut ledger = match ground::open(folder, wait) {
        Ok(ledger) => ledger,
        Err(error) => {
            assert_eq!(error.kind(), Kind::Busy, "{error}");
            assert!(error.hint().unwrap().contains("--wait"));
            return Run::Busy;
        }
    };
    let entry = ledger.reserve(&ground::asking(2, 60, 1)).unwrap();
    if entry.state != State::Reserved {
        return Run::FoundItDone;
    }
    ledger.mark_drawn(entry.id).unwrap();
    ledger.commit(entry.id, &ground::files(1)).unwrap();
    ledger.mark_published(entry.id).unwrap();
    Run::Drew
}

fn threads(count: usize, wait: Duration) -> Vec<Run> {
    let folder = ground::folder();
    let start = Barrier::new(count);
    let runs: Vec<Run> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..count)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    run(folder.path(), wait)
                })
            })
            .collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let ledger = ground::open(folder.path(), Duration::ZERO).unwrap();
    assert_eq!(ledger.verify().unwrap().entries, 1);
    assert_eq!(ground::spent(&ledger, 2).0, 60);
    runs
}

fn count(runs: &[Run], wanted: &Run) -> usize {
    runs.iter().filter(|run| *run == wanted).count()
}

#[test]
fn of_many_that_wait_one_draws_and_the_others_find_it_done() {
    // The ledger is not there yet, so that making it is part of the race.
    let runs = threads(6, Duration::from_secs(60));
    assert_eq!((count(&runs, &Run::Drew), count(&runs, &Run::FoundItDone)), (1, 5), "{runs:?}");
}

#[test]
fn of_many_that_do_not_wait_one_draws_and_none_draws_again() {
    for _ in 0..20 {
        let runs = threads(4, Duration::ZERO);
        assert_eq!(count(&runs, &Run::Drew), 1, "{runs:?}");
    }
}

/// One run in a process of its own. Does nothing in an ordinary run of the tests.
#[test]
fn worker() {
    if let Some(folder) = folder_of_this_process() {
        use std::io::Write as _;
        let said = format!("came to {:?}\n", run(&folder, Duration::from_secs(60)));
        std::io::stdout().write_all(said.as_bytes()).unwrap();
    }
}

#[test]
fn of_two_processes_one_draws() {
    for _ in 0..6 {
        let folder = ground::folder();
        let started: Vec<_> = (0..3).map(|_| again("race::worker", folder.path())).collect();
        let mut said = String::new();
        for mut child in started {
            child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
            assert!(child.wait().unwrap().success());
        }
        assert_eq!(said.matches("came to Drew").count(), 1, "{said}");
        assert_eq!(said.matches("came to FoundItDone").count(), 2, "{said}");
        ground::open(folder.path(), Duration::ZERO).unwrap().verify().unwrap();
    }
}
