//! The cap on 30 days: what it refuses, in which order days may come, and what finds it broken.

use super::*;
use crate::ledger::Cap;
use crate::release_file::privacy_loss::Epsilon;

/// A cap of `budget` billionths.
fn cap(budget: u64) -> Cap {
    Cap { epsilon: Epsilon::new(4.0, "epsilon").unwrap(), budget: NanoRho::new(budget) }
}

fn capped(bench: &Bench, budget: u64) -> Ledger {
    let mut ledger = bench.open();
    ledger.agree_on_cap(Some(cap(budget))).unwrap();
    ledger
}

/// A reservation of days counted from 1 March on, which may be of other months.
fn at(name: &str, days: &[i64], charge: u64) -> Reservation {
    use jiff::ToSpan;
    let first = day(1).date();
    let blocks = days.iter().map(|days| Day::new(first.checked_add(days.days()).unwrap()));
    Reservation { blocks: blocks.collect(), ..asking(name, 1..=1, charge) }
}

#[test]
fn any_30_days_stay_within_it_whatever_their_order() {
    let orders: [[i64; 5]; 3] = [[0, 10, 20, 29, 30], [30, 29, 20, 10, 0], [20, 0, 30, 10, 29]];
    for order in orders {
        let bench = Bench::new();
        let mut ledger = capped(&bench, 120);
        let granted: Vec<i64> = order
            .into_iter()
            .filter(|days| ledger.reserve(&at(&format!("day {days}"), &[*days], 40)).is_ok())
            .collect();
        // Three of any 30 days fit exactly; the first and the last are 31 days apart.
        let mut sorted = granted.clone();
        sorted.sort_unstable();
        for first in 0..=30 {
            let inside = sorted.iter().filter(|days| (first..first + 30).contains(*days)).count();
            assert!(inside <= 3, "{granted:?}");
        }
        assert!(granted.len() >= 3, "{granted:?}");
        ledger.verify().unwrap();
    }
}

#[test]
fn a_refusal_names_the_days_what_is_left_and_the_ways_out() {
    let bench = Bench::new();
    let mut ledger = capped(&bench, 130);
    ledger.reserve(&at("a", &[0], 60)).unwrap();
    ledger.reserve(&at("b", &[28], 50)).unwrap();
    let error = ledger.reserve(&at("c", &[29], 30)).unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert_eq!(
        error.to_string(),
        "the 30 days up to 2026-03-30 have 0.000000020 rho left of 0.000000130 (`[ledger] \
         epsilon_30_days` = 4), and this release asks for 0.000000030"
    );
    assert!(error.hint().unwrap().contains("three ways out"));
    // Nothing of it was charged, and what fits exactly is granted.
    assert_eq!(ledger.balances().unwrap().len(), 2);
    ledger.reserve(&at("c", &[29], 20)).unwrap();
    assert!(ledger.reserve(&at("d", &[29], 1)).is_err());
    // Days that are far enough away are not touched by it, and a void entry frees its part.
    ledger.reserve(&at("e", &[58], 60)).unwrap();
    let freed = ledger.find("c", day(30)).unwrap()[0].id;
    ledger.void(freed).unwrap();
    ledger.reserve(&at("d", &[29], 20)).unwrap();
    ledger.verify().unwrap();
}

#[test]
fn a_release_over_several_days_counts_each_of_them() {
    let bench = Bench::new();
    let mut ledger = capped(&bench, 100);
    assert!(ledger.reserve(&at("a", &[0, 1, 2], 34)).is_err());
    ledger.reserve(&at("a", &[0, 1, 40], 50)).unwrap();
}

#[test]
fn it_can_be_added_later_if_the_past_allows_it_and_never_changes() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    ledger.reserve(&at("a", &[0], 60)).unwrap();
    ledger.reserve(&at("b", &[29], 60)).unwrap();
    let error = ledger.agree_on_cap(Some(cap(119))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`[ledger] epsilon_30_days` is 4, which is rho 0.000000119, but the 30 days up to \
         2026-03-30 have already cost 0.000000120"
    );
    assert_eq!((error.kind(), ledger.cap()), (Kind::Refused, None));
    ledger.agree_on_cap(None).unwrap();
    ledger.agree_on_cap(Some(cap(120))).unwrap();
    drop(ledger);

    let mut ledger = bench.open();
    assert_eq!(ledger.cap(), Some(cap(120)));
    ledger.agree_on_cap(Some(cap(120))).unwrap();
    let other = Cap { epsilon: Epsilon::new(5.0, "epsilon").unwrap(), ..cap(200) };
    for (asked, word) in [(None, "absent"), (Some(other), "5")] {
        let error = ledger.agree_on_cap(asked).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
        let begins = format!("`[ledger] epsilon_30_days` is {word} in this release");
        assert!(error.to_string().starts_with(&begins), "{error}");
    }
    assert!(ledger.reserve(&at("c", &[15], 1)).is_err());
    ledger.verify().unwrap();
    let events = ledger.verify().unwrap().events;
    assert_eq!(events, 4, "made, two reservations, one cap");
}

#[test]
fn verify_finds_30_days_above_it_and_a_cap_that_was_changed() {
    let bench = Bench::new();
    let mut ledger = capped(&bench, 100);
    ledger.reserve(&at("a", &[0], 60)).unwrap();
    // A program that forgets it.
    ledger.cap = None;
    ledger.reserve(&at("b", &[29], 60)).unwrap();
    let error = ledger.verify().unwrap_err();
    assert!(error.to_string().contains("the 30 days up to 2026-03-30 have spent more"), "{error}");
    drop(ledger);

    for edit in [
        "UPDATE journal SET payload = replace(payload, '100', '900') WHERE event = 'capped'",
        "INSERT INTO journal SELECT 90, at, event, entry, payload, previous, hash FROM journal
             WHERE event = 'capped'",
    ] {
        let copy = bench.copy_as_after_a_crash();
        let connection = copy.by_hand();
        connection.execute_batch("DROP TRIGGER journal_stays").unwrap();
        assert_eq!(connection.execute(edit, []).unwrap(), 1);
        drop(connection);
        assert_eq!(kind_of(copy.try_open()), Some(Kind::Io), "{edit}");
    }
}
