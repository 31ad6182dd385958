//! The steps of a release's life, their order, and what a crash inside one leaves.

use rusqlite::TransactionBehavior;

use super::super::store::Step;
use super::super::trouble::Outcome;
use super::super::{Balance, State, Which};
use super::*;

#[test]
fn one_row_per_outcome_of_reserve_in_the_order_in_which_they_are_checked() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    let held = ledger.reserve(&asking("held", 1..=1, 60)).unwrap();
    ledger
        .reserve(&Reservation { key_delta: AttoDelta::new(990), ..asking("keys", 2..=2, 1) })
        .unwrap();
    // Each row mends what the one before was refused for, so that each check must come in its turn.
    let mut asked = Reservation {
        release: String::new(),
        release_id: held.release_id.clone(),
        blocks: Vec::new(),
        key_delta: AttoDelta::new(11),
        ..asking("new", 1..=2, 0)
    };
    type Mend = fn(&mut Reservation);
    let rows: [(Mend, Option<Kind>, &str); 10] = [
        (|_| {}, Some(Kind::Internal), "no name"),
        (|asked| asked.release = "new".to_owned(), Some(Kind::Internal), "no day"),
        (
            |asked| asked.blocks = vec![day(2), day(1), day(2)],
            Some(Kind::Internal),
            "names a day twice",
        ),
        (|asked| asked.blocks = vec![day(2), day(1)], Some(Kind::Internal), "costs nothing"),
        (
            |asked| {
                asked.charge = NanoRho::new(41);
                asked.look_charge = Some(NanoRho::new(42));
            },
            Some(Kind::Internal),
            "or more than all of it",
        ),
        (|asked| asked.look_charge = Some(NanoRho::new(0)), Some(Kind::Internal), "costs nothing"),
        (
            |asked| asked.look_charge = Some(NanoRho::new(40)),
            Some(Kind::Internal),
            "has the same release id",
        ),
        (
            |asked| asked.release_id = "id of new".to_owned(),
            Some(Kind::Refused),
            "the day 2026-03-01 has 0.000000040 rho left of 0.000000100, and this release asks \
             for 0.000000041; one more day is short",
        ),
        (
            |asked| asked.charge = NanoRho::new(40),
            Some(Kind::Refused),
            "the day 2026-03-02 has 1e-17 key delta left of 1e-15, and this release asks for \
             11e-18",
        ),
        (|asked| asked.key_delta = AttoDelta::new(10), None, ""),
    ];
    for (number, (mend, kind, words)) in rows.into_iter().enumerate() {
        mend(&mut asked);
        let before = (spent(&ledger, 1), spent(&ledger, 2), entries(&ledger));
        match ledger.reserve(&asked) {
            Ok(entry) => {
                assert_eq!(kind, None, "row {number}");
                assert_eq!(entry.blocks, [day(1), day(2)], "oldest first");
                assert_eq!((spent(&ledger, 1), spent(&ledger, 2)), (100, 41));
            }
            Err(error) => {
                assert_eq!(Some(error.kind()), kind, "row {number}: {error}");
                assert!(error.to_string().contains(words), "row {number}: {error}");
                let after = (spent(&ledger, 1), spent(&ledger, 2), entries(&ledger));
                assert_eq!(before, after, "row {number}: a refusal writes nothing");
            }
        }
    }
    ledger.verify().unwrap();
}

#[test]
fn one_row_per_state_and_verb() {
    // What a verb does to an entry of each state: `=` the same entry again, `+` a new one, a state
    // that it moves to, or the kind of the refusal.
    let table = [
        "state      reserve  draw      look      commit     publish    void     empty",
        "reserved   =        drawn     internal  internal   internal   void     internal",
        "drawn      =        internal  drawn     committed  internal   refused  internal",
        "looked     =        internal  internal  committed  internal   refused  empty",
        "committed  =        internal  internal  internal   published  refused  internal",
        "published  =        internal  internal  internal   internal   refused  internal",
        "void       +        internal  internal  internal   internal   refused  internal",
        "empty      +        internal  internal  internal   internal   refused  internal",
    ];
    let verbs: Vec<&str> = table[0].split_whitespace().skip(1).collect();
    for row in &table[1..] {
        let cells: Vec<&str> = row.split_whitespace().collect();
        let state = cells[0];
        for (verb, cell) in verbs.iter().zip(&cells[1..]) {
            let bench = Bench::new();
            let mut ledger = bench.open();
            let asked = asking_with_look("daily", 1, 30, 3);
            let id = ledger.reserve(&asked).unwrap().id;
            match State::parse(state) {
                Some(state) => bring_to(&mut ledger, id, state),
                None => {
                    bring_to(&mut ledger, id, State::Drawn);
                    ledger.note_look(id, &[1]).unwrap();
                }
            }
            let events = ledger.verify().unwrap().events;
            let outcome = match *verb {
                "reserve" => ledger
                    .reserve(&asked)
                    .map(|entry| if entry.id == id { "=".to_owned() } else { "+".to_owned() }),
                "draw" => ledger.mark_drawn(id).map(|_| entry(&ledger, id).state.to_string()),
                "commit" => {
                    ledger.commit(id, &files()).map(|()| entry(&ledger, id).state.to_string())
                }
                "publish" => {
                    ledger.mark_published(id).map(|()| entry(&ledger, id).state.to_string())
                }
                "void" => ledger.void(id).map(|()| entry(&ledger, id).state.to_string()),
                "look" => ledger.note_look(id, &[2]).map(|()| entry(&ledger, id).state.to_string()),
                "empty" => ledger.mark_empty(id).map(|()| entry(&ledger, id).state.to_string()),
                other => panic!("no verb {other}"),
            };
            let outcome = outcome.unwrap_or_else(|error| error.kind().word().to_owned());
            assert_eq!(outcome, *cell, "{verb} when {state}");
            let added = ledger.verify().unwrap().events - events;
            let expected = u64::from(!matches!(*cell, "=" | "internal" | "refused"));
            assert_eq!(added, expected, "events of {verb} when {state}");
        }
    }
}

#[test]
fn a_resumed_entry_keeps_its_frozen_plan_and_charges_nothing_more() {
    let bench = Bench::new();
    let first = bench.open().reserve(&asking("daily", 1..=2, 60)).unwrap();
    let mut ledger = bench.open();
    // The block has no room for a second charge; a newer program would plan otherwise.
    let newer = Reservation {
        charge: NanoRho::new(90),
        plan: "{\"newer\":true}".to_owned(),
        code_version: "0.2.0".to_owned(),
        ..asking("daily", 1..=2, 60)
    };
    assert_eq!(ledger.reserve(&newer).unwrap(), first);
    assert_eq!((spent(&ledger, 1), spent(&ledger, 2), spent(&ledger, 3)), (60, 60, 0));
    assert_eq!(first.plan, "{\"charge\":60}");
    assert_eq!(first.reserved_at, clock().now());
}

#[test]
fn a_draw_that_died_is_drawn_again_by_the_next_run_and_charged_once() {
    let bench = Bench::new();
    let asked = asking("daily", 1..=1, 70);
    for attempt in 1..=3 {
        let mut ledger = bench.open();
        let entry = ledger.reserve(&asked).unwrap();
        assert_eq!(entry.id, EntryId(1));
        assert_eq!(entry.attempts, attempt - 1);
        let _permit = ledger.mark_drawn(entry.id).unwrap();
        assert_eq!(self::entry(&ledger, entry.id).attempts, attempt);
        assert_eq!(kind_of(ledger.mark_drawn(entry.id)), Some(Kind::Internal), "the same run");
        assert_eq!(kind_of(ledger.void(entry.id)), Some(Kind::Refused));
        assert_eq!(spent(&ledger, 1), 70);
        ledger.verify().unwrap();
    }
    let mut ledger = bench.open();
    ledger.commit(EntryId(1), &files()).unwrap();
    assert_eq!(spent(&ledger, 1), 70);
    let notes: Vec<String> = bench
        .by_hand()
        .prepare("SELECT payload FROM journal WHERE event = 'drawn' ORDER BY sequence")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(notes, ["{}", "{\"attempt\":2}", "{\"attempt\":3}"]);
    ledger.verify().unwrap();
}

/// Reserves once more after a draw that died, as programs did before they drew again.
fn reserve_as_an_older_program(ledger: &mut Ledger, asked: &Reservation) -> EntryId {
    ledger.step(|step| step.reserve_again(asked, &asked.blocks)).unwrap().id
}

#[test]
fn of_several_draws_of_an_older_program_only_the_last_goes_on() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    let asked = asking("daily", 1..=1, 30);
    let lost = ledger.reserve(&asked).unwrap().id;
    ledger.mark_drawn(lost).unwrap();
    let next = reserve_as_an_older_program(&mut ledger, &asked);
    drop(ledger);
    for state in [State::Reserved, State::Drawn, State::Committed] {
        let mut ledger = bench.open();
        match state {
            State::Drawn => drop(ledger.mark_drawn(next).unwrap()),
            State::Committed => ledger.commit(next, &files()).unwrap(),
            _ => {}
        }
        assert_eq!(kind_of(ledger.mark_drawn(lost)), Some(Kind::Internal), "next is {state}");
        assert_eq!(kind_of(ledger.commit(lost, &files())), Some(Kind::Internal), "{state}");
        assert_eq!(ledger.reserve(&asked).unwrap().id, next);
        assert_eq!(entry(&ledger, lost).state, State::Drawn);
        assert_eq!(spent(&ledger, 1), 60, "the charge does not come back");
        ledger.verify().unwrap();
    }
}

#[test]
fn a_draw_that_died_goes_on_when_the_reservation_after_it_is_given_up() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    let asked = asking("daily", 1..=1, 30);
    let lost = ledger.reserve(&asked).unwrap().id;
    ledger.mark_drawn(lost).unwrap();
    let next = reserve_as_an_older_program(&mut ledger, &asked);
    ledger.void(next).unwrap();
    drop(ledger);
    let mut ledger = bench.open();
    assert_eq!(ledger.reserve(&asked).unwrap().id, lost);
    ledger.mark_drawn(lost).unwrap();
    ledger.commit(lost, &files()).unwrap();
    assert_eq!(spent(&ledger, 1), 30);
    ledger.verify().unwrap();
}

#[test]
fn only_a_reservation_can_be_made_void_and_its_charge_is_free_again() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    let held = ledger.reserve(&asking("weekly", 1..=3, 70)).unwrap();
    let refusal = ledger.reserve(&asking("daily", 2..=2, 40)).unwrap_err();
    assert!(refusal.hint().unwrap().contains("(entry 1) with `pointillist ledger void ID"));
    ledger.void(held.id).unwrap();
    assert_eq!((spent(&ledger, 1), spent(&ledger, 3)), (0, 0));
    assert!(ledger.find("weekly", day(1)).unwrap().is_empty());
    assert_eq!(ledger.entries(Which::Release("weekly")).unwrap().len(), 1);
    ledger.reserve(&asking("daily", 2..=2, 100)).unwrap();
    assert_eq!(kind_of(ledger.void(EntryId(9))), Some(Kind::Usage));
    ledger.verify().unwrap();
}

#[test]
fn stored_bytes_come_back_sorted_and_only_after_a_commit() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    let id = ledger.reserve(&asking("daily", 1..=1, 1)).unwrap().id;
    assert_eq!(kind_of(ledger.stored(id)), Some(Kind::Io));
    ledger.mark_drawn(id).unwrap();
    let twice = [files(), files()].concat();
    let outside = [StoredFile { path: "../other".to_owned(), bytes: Vec::new() }];
    for bad in [&twice[..], &outside[..], &[]] {
        assert_eq!(kind_of(ledger.commit(id, bad)), Some(Kind::Internal));
        assert_eq!(entry(&ledger, id).state, State::Drawn, "a refused commit changes nothing");
    }
    ledger.commit(id, &files()).unwrap();
    let mut expected = files();
    expected.reverse();
    assert_eq!(ledger.stored(id).unwrap(), expected);
}

#[test]
fn charges_that_sqlite_cannot_count_are_refused() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    assert_eq!(kind_of(ledger.reserve(&asking("a", 1..=1, u64::MAX))), Some(Kind::Refused));
    let huge = Reservation { key_delta: AttoDelta::new(u64::MAX), ..asking("a", 1..=1, 1) };
    assert_eq!(kind_of(ledger.reserve(&huge)), Some(Kind::Refused));
    assert!(ledger.balances().unwrap().is_empty());
}

#[test]
fn a_full_disk_leaves_the_entry_where_it_was() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    let id = ledger.reserve(&asking("daily", 1..=1, 10)).unwrap().id;
    ledger.mark_drawn(id).unwrap();
    let pages: i64 =
        ledger.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    let limit = format!("PRAGMA max_page_count = {pages}");
    ledger.connection.query_row(&limit, [], |_| Ok(())).unwrap();
    let large = [StoredFile { path: "large".to_owned(), bytes: vec![7; 1 << 20] }];
    let error = ledger.commit(id, &large).unwrap_err();
    assert_eq!((error.kind(), error.to_string().contains("full")), (Kind::Io, true), "{error}");
    assert_eq!(entry(&ledger, id).state, State::Drawn);
    assert!(ledger.disk_failed(), "a range stops here");
    ledger.verify().unwrap();
    drop(ledger);
    let mut ledger = bench.open();
    ledger.mark_drawn(id).unwrap();
    ledger.commit(id, &large).unwrap();
    assert!(!ledger.disk_failed());
}

#[test]
fn a_reader_that_stands_still_holds_up_nothing() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    publish(&mut ledger, &asking("before", 1..=1, 1));
    // Two that have begun to read and are suspended, one of them a database tool.
    let reader = Ledger::open_existing(&bench.path()).unwrap();
    let verified = reader.verify().unwrap();
    reader.connection.execute_batch("BEGIN; SELECT * FROM journal").unwrap();
    let tool = bench.by_hand();
    tool.execute_batch("BEGIN; SELECT * FROM journal").unwrap();
    assert_eq!(spent(&reader, 1), 1);

    publish(&mut ledger, &asking("daily", 2..=2, 10));
    let void = ledger.reserve(&asking("weekly", 1..=3, 20)).unwrap().id;
    ledger.void(void).unwrap();
    assert_eq!((spent(&reader, 2), spent(&ledger, 2)), (0, 10), "each reads what was there");
    reader.connection.execute_batch("COMMIT").unwrap();
    assert_eq!(spent(&reader, 2), 10);
    assert!(reader.verify().unwrap().events > verified.events);
    // What they could not see is in the log still, and no next run waits for them either.
    tool.execute_batch("COMMIT; BEGIN; SELECT * FROM journal").unwrap();
    drop(ledger);
    let mut next = bench.open();
    publish(&mut next, &asking("daily", 3..=3, 10));
    next.verify().unwrap();
}

#[test]
fn a_crash_inside_any_step_leaves_the_state_before_it() {
    type Verb = fn(&Step<'_>) -> Outcome<()>;
    let verbs: [(&str, Verb); 8] = [
        ("reserve", |step| step.reserve(&asking("other", 1..=3, 10)).map(drop)),
        ("draw", |step| step.mark_drawn(EntryId(1))),
        ("look", |step| step.note_look(EntryId(1), &[3, -4])),
        ("draw again", |step| step.mark_drawn(EntryId(1))),
        ("commit", |step| step.commit(EntryId(1), &files())),
        ("publish", |step| step.mark_published(EntryId(1))),
        ("empty", |step| step.mark_empty(EntryId(2))),
        ("void", |step| step.void(EntryId(3))),
    ];
    let bench = Bench::new();
    let mut ledger = bench.open();
    let look_charge = Some(NanoRho::new(3));
    ledger.reserve(&Reservation { look_charge, ..asking("daily", 1..=2, 30) }).unwrap();
    let empty = ledger.reserve(&asking_with_look("empty", 2, 20, 2)).unwrap().id;
    ledger.mark_drawn(empty).unwrap();
    ledger.note_look(empty, &[0]).unwrap();
    for (name, verb) in verbs {
        let before = ledger.verify().unwrap();
        let balances = balances(&ledger);
        let Ledger { connection, terms, chain, .. } = &mut ledger;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        let step = Step { transaction, chain, terms, cap: None, at: clock().now() };
        verb(&step).unwrap();
        // Written into the log before the commit, so that the copy is of a step that is half done.
        step.transaction.cache_flush().unwrap();
        let crashed = bench.copy_as_after_a_crash();
        let only_read = bench.copy_as_after_a_crash();
        let log = std::fs::metadata(crashed.beside("-wal")).unwrap().len();
        assert!(log > 0, "{name}: nothing was flushed");
        step.finish().unwrap();

        let reader = Ledger::open_existing(&only_read.path()).unwrap();
        assert_eq!(reader.verify().unwrap(), before, "{name}: a reader undoes it as well");
        let healed = crashed.open();
        assert_eq!(healed.verify().unwrap(), before, "{name}");
        assert_eq!(self::balances(&healed), balances, "{name}");
        drop(healed);
        assert!(!exists(&crashed.beside("-wal")), "{name}");
        assert_eq!(ledger.verify().unwrap().events, before.events + 1, "{name}");
        drop(ledger);
        ledger = bench.open();
    }
}

#[test]
fn the_stored_blocks_of_a_release_are_those_with_bytes() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    for (number, state) in (1..).zip(State::ALL) {
        let id = ledger.reserve(&asking_with_look("daily", number, 10, 1)).unwrap().id;
        bring_to(&mut ledger, id, state);
    }
    publish(&mut ledger, &asking("weekly", 1..=7, 10));
    assert_eq!(ledger.stored_blocks("daily").unwrap(), [day(3), day(4)]);
    assert_eq!(ledger.stored_blocks("weekly").unwrap().len(), 7);
    assert_eq!(ledger.stored_blocks("monthly").unwrap(), []);
}

/// `POINTILLIST_ENTRIES` sets how many entries (default 2,000); with a million it takes minutes,
/// and the times that it prints are what is asked for.
#[test]
fn a_ledger_of_many_entries() {
    use std::io::Write as _;
    use std::time::Instant;

    // On a disk: here the time of a durable step is what is asked.
    let bench = Bench { folder: tempfile::tempdir().unwrap() };
    let open = || Ledger::open(&bench.path(), &terms(1_000), Duration::ZERO, clock()).unwrap();
    let mut ledger = open();
    let made = Instant::now();
    let Ledger { connection, terms, chain, .. } = &mut ledger;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let step = Step { transaction, chain, terms, cap: None, at: clock().now() };
    let first: Day = "2000-01-01".parse().unwrap();
    let days: Vec<Day> = std::iter::successors(Some(first), |day| day.next()).take(2_000).collect();
    let entries = std::env::var("POINTILLIST_ENTRIES").map_or(2_000, |text| text.parse().unwrap());
    for number in 0..entries {
        let asked = Reservation {
            release_id: format!("{number:064x}"),
            blocks: vec![days[number % days.len()]],
            plan: "x".repeat(300),
            ..asking("daily", 1..=1, 1)
        };
        let id = step.reserve(&asked).unwrap().id;
        step.mark_drawn(id).unwrap();
        step.commit(id, &[StoredFile { path: "a".to_owned(), bytes: vec![1; 100] }]).unwrap();
        step.mark_published(id).unwrap();
    }
    step.finish().unwrap();
    drop(ledger);
    let mut said = std::io::stderr();
    writeln!(said, "made in {:?}", made.elapsed()).unwrap();
    for round in 0..5 {
        let start = Instant::now();
        let mut ledger = open();
        let opened = start.elapsed();
        let asked = asking(&format!("round {round}"), 1..=7, 10);
        let id = ledger.reserve(&asked).unwrap().id;
        let reserved = start.elapsed();
        ledger.mark_drawn(id).unwrap();
        ledger.commit(id, &files()).unwrap();
        let committed = start.elapsed();
        ledger.mark_published(id).unwrap();
        let all = start.elapsed();
        writeln!(said, "{opened:?} open, {reserved:?} reserved, {committed:?} committed, {all:?}")
            .unwrap();
    }
    let ledger = open();
    let start = Instant::now();
    let balances = ledger.balances().unwrap();
    writeln!(said, "{:?} for the balances of {} blocks", start.elapsed(), balances.len()).unwrap();
    let spent: u64 = balances.iter().map(|(_, balance)| balance.spent.nano()).sum();
    assert_eq!(spent, entries as u64 + 5 * 7 * 10);
    let start = Instant::now();
    let newest = ledger.entries(Which::Newest(50)).unwrap();
    writeln!(said, "{:?} for the newest {} entries", start.elapsed(), newest.len()).unwrap();
    assert_eq!(newest.last().map(|entry| entry.id), Some(EntryId(entries as u64 + 5)));
    let start = Instant::now();
    let stored = ledger.stored_blocks("daily").unwrap();
    writeln!(said, "{:?} for the {} blocks of a release", start.elapsed(), stored.len()).unwrap();
    assert_eq!(stored, days[..stored.len()]);
    assert_eq!(stored.len(), days.len().min(entries));
    let start = Instant::now();
    let found = ledger.find("daily", days[0]).unwrap().len();
    writeln!(said, "{:?} to find {found} entries of a block", start.elapsed()).unwrap();
    let start = Instant::now();
    assert_eq!(ledger.verify().unwrap().entries, entries as u64 + 5);
    writeln!(said, "{:?} to verify", start.elapsed()).unwrap();
}

fn bring_to(ledger: &mut Ledger, id: EntryId, state: State) {
    match state {
        State::Reserved => {}
        State::Void => ledger.void(id).unwrap(),
        State::Empty => {
            bring_to(ledger, id, State::Drawn);
            ledger.note_look(id, &[-1, 0]).unwrap();
            ledger.mark_empty(id).unwrap();
        }
        State::Drawn => drop(ledger.mark_drawn(id).unwrap()),
        State::Committed => {
            bring_to(ledger, id, State::Drawn);
            ledger.commit(id, &files()).unwrap();
        }
        State::Published => {
            bring_to(ledger, id, State::Committed);
            ledger.mark_published(id).unwrap();
        }
    }
}

fn entries(ledger: &Ledger) -> usize {
    ledger.entries(Which::All).unwrap().len()
}

fn balances(ledger: &Ledger) -> Vec<(Day, Balance)> {
    ledger.balances().unwrap()
}
