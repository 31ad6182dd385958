//! Looks and the days that they show to be empty.

use super::super::{FoundRound, State, Which};
use super::*;
use crate::ledger::Cap;
use crate::release_file::privacy_loss::Epsilon;

/// A release of which nothing but the look is drawn.
fn looked(ledger: &mut Ledger, asked: &Reservation, numbers: &[i64]) -> EntryId {
    let id = ledger.reserve(asked).unwrap().id;
    ledger.mark_drawn(id).unwrap();
    ledger.note_look(id, numbers).unwrap();
    id
}

#[test]
fn a_run_that_dies_after_its_look_leaves_it_to_the_next() {
    let bench = Bench::new();
    let asked = asking_with_look("daily", 1, 70, 10);
    let numbers = [i64::MIN, -1, 0, 4_096, i64::MAX];
    let id = looked(&mut bench.open(), &asked, &numbers);
    for attempt in 2..=3 {
        let mut ledger = bench.open();
        assert_eq!(ledger.reserve(&asked).unwrap().id, id);
        ledger.mark_drawn(id).unwrap();
        assert_eq!(entry(&ledger, id).attempts, attempt);
        assert_eq!(ledger.look(id).unwrap().unwrap(), numbers);
        assert_eq!(kind_of(ledger.note_look(id, &[7])), Some(Kind::Internal), "a second look");
        assert_eq!(ledger.look(id).unwrap().unwrap(), numbers);
        ledger.verify().unwrap();
    }
    let mut ledger = bench.open();
    ledger.commit(id, &files()).unwrap();
    assert_eq!(ledger.look(id).unwrap().unwrap(), numbers);
    assert_eq!((spent(&ledger, 1), entry(&ledger, id).spent().nano()), (70, 70));
    ledger.verify().unwrap();
    let reader = Ledger::open_existing(&bench.path()).unwrap();
    assert_eq!(reader.look(id).unwrap().unwrap(), numbers);
    assert!(reader.custody().unwrap().retentions.is_empty(), "a look is no deletion");
}

#[test]
fn a_look_needs_an_entry_that_was_reserved_with_one_and_numbers() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    let without = ledger.reserve(&asking("plain", 1..=1, 10)).unwrap().id;
    let with = ledger.reserve(&asking_with_look("daily", 1, 10, 10)).unwrap().id;
    for (id, numbers, kind, words) in [
        (EntryId(9), &[1][..], Kind::Usage, "no entry 9"),
        (with, &[1], Kind::Internal, "is reserved and gets no look"),
        (without, &[1], Kind::Internal, "was reserved without a look"),
        (with, &[], Kind::Internal, "has no numbers"),
    ] {
        let error = ledger.note_look(id, numbers).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(ledger.look(id).unwrap(), None);
        if words.contains("is reserved") {
            ledger.mark_drawn(without).unwrap();
            ledger.mark_drawn(with).unwrap();
        }
    }
    for id in [without, with] {
        let error = ledger.mark_empty(id).unwrap_err();
        assert!(error.to_string().contains("has no look and cannot be empty"), "{error}");
    }
    assert_eq!(kind_of(ledger.mark_empty(EntryId(9))), Some(Kind::Usage));
    ledger.verify().unwrap();
}

#[test]
fn a_day_that_looks_empty_keeps_the_charge_of_its_look_alone() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    let asked = Reservation {
        key_delta: AttoDelta::new(600),
        look_charge: Some(NanoRho::new(15)),
        ..asking("daily", 1..=2, 70)
    };
    let id = looked(&mut ledger, &asked, &[3, -1]);
    ledger.mark_empty(id).unwrap();
    let empty = entry(&ledger, id);
    assert_eq!((empty.state, empty.charge.nano()), (State::Empty, 70));
    assert_eq!((empty.spent().nano(), empty.look_charge), (15, Some(NanoRho::new(15))));
    for number in 1..=2 {
        let balance = balance(&ledger, number).unwrap();
        assert_eq!((balance.spent.nano(), balance.left.nano()), (15, 85));
        assert_eq!(balance.key_delta_spent.atto(), 0);
    }
    ledger.verify().unwrap();
    drop(ledger);

    // The logs came: the same release reserves again, beside what the first look cost.
    let mut ledger = bench.open();
    let next = ledger.reserve(&asked).unwrap();
    assert_eq!((next.id, next.state), (EntryId(2), State::Reserved));
    assert_eq!(spent(&ledger, 1), 85);
    assert_eq!(ledger.look(next.id).unwrap(), None);
    ledger.mark_drawn(next.id).unwrap();
    ledger.note_look(next.id, &[900]).unwrap();
    ledger.commit(next.id, &files()).unwrap();
    assert_eq!(ledger.look(id).unwrap().unwrap(), [3, -1]);
    let found = ledger.find("daily", day(1)).unwrap();
    let states: Vec<State> = found.iter().map(|entry| entry.state).collect();
    assert_eq!(states, [State::Empty, State::Committed]);
    // What the look cost does not come back.
    assert!(ledger.reserve(&asking("other", 1..=1, 16)).is_err());
    ledger.reserve(&asking("other", 1..=1, 15)).unwrap();
    ledger.verify().unwrap();
}

#[test]
fn every_look_at_an_empty_day_is_charged_until_none_fits() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    let asked = asking_with_look("daily", 1, 70, 15);
    for looks in 1..=3 {
        let id = looked(&mut ledger, &asked, &[0]);
        ledger.mark_empty(id).unwrap();
        assert_eq!(spent(&ledger, 1), 15 * looks);
    }
    assert_eq!(kind_of(ledger.reserve(&asked)), Some(Kind::Refused));
    assert_eq!(ledger.entries(Which::All).unwrap().len(), 3);
    ledger.verify().unwrap();
}

#[test]
fn what_an_empty_day_gives_back_is_free_in_its_30_days_too() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    let epsilon = Epsilon::new(4.0, "epsilon").unwrap();
    ledger.agree_on_cap(Some(Cap { epsilon, budget: NanoRho::new(100) })).unwrap();
    let id = looked(&mut ledger, &asking_with_look("daily", 1, 90, 10), &[0]);
    assert!(ledger.reserve(&asking("other", 20..=20, 90)).is_err());
    ledger.mark_empty(id).unwrap();
    assert!(ledger.reserve(&asking("other", 20..=20, 91)).is_err());
    ledger.reserve(&asking("other", 20..=20, 90)).unwrap();
    ledger.verify().unwrap();
}

#[test]
fn of_several_draws_of_an_older_program_only_the_last_looks_and_may_be_empty() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    let asked = asking_with_look("daily", 1, 30, 3);
    let first = looked(&mut ledger, &asked, &[1]);
    let next = ledger.step(|step| step.reserve_again(&asked, &asked.blocks)).unwrap().id;
    assert_eq!(kind_of(ledger.mark_empty(first)), Some(Kind::Internal));
    ledger.mark_drawn(next).unwrap();
    ledger.note_look(next, &[2]).unwrap();
    ledger.mark_empty(next).unwrap();
    assert_eq!(spent(&ledger, 1), 33, "the one that died goes on");
    assert_eq!(ledger.reserve(&asked).unwrap().id, first);
    ledger.verify().unwrap();
}

#[test]
fn what_rounds_found_stays_found_in_their_order() {
    let bench = Bench::new();
    let asked = asking_with_look("daily", 1, 70, 10);
    let round = |question: &str, found: &[u64]| FoundRound {
        question: question.to_owned(),
        found: found.iter().copied().collect(),
    };
    let rounds = [round("hot", &[1_212, u64::MAX, 7]), round("hot", &[]), round("cold", &[7])];
    let mut ledger = bench.open();
    let id = ledger.reserve(&asked).unwrap().id;
    assert_eq!(kind_of(ledger.note_found(EntryId(9), &rounds[0])), Some(Kind::Usage));
    assert_eq!(kind_of(ledger.note_found(id, &rounds[0])), Some(Kind::Internal), "reserved");
    ledger.mark_drawn(id).unwrap();
    assert_eq!(kind_of(ledger.note_found(id, &rounds[0])), Some(Kind::Internal), "no look");
    ledger.note_look(id, &[1]).unwrap();
    assert_eq!(ledger.found(id).unwrap(), []);
    ledger.note_found(id, &rounds[0]).unwrap();
    drop(ledger);
    // The next run goes on with it.
    let mut ledger = bench.open();
    ledger.mark_drawn(id).unwrap();
    assert_eq!(ledger.found(id).unwrap(), rounds[..1]);
    for round in &rounds[1..] {
        ledger.note_found(id, round).unwrap();
    }
    ledger.commit(id, &files()).unwrap();
    assert_eq!(kind_of(ledger.note_found(id, &rounds[0])), Some(Kind::Internal), "committed");
    assert_eq!(ledger.found(id).unwrap(), rounds);
    ledger.verify().unwrap();
}
