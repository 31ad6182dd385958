//! What requesters lost in a window, against a model: crashes between any two steps, copies that
//! come back, files that are gone or changed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use pointillist::Kind;
use pointillist::ledger::{EntryId, Ledger, Reservation, State};
use pointillist::spec::privacy_loss::{AttoDelta, NanoRho};
use pointillist::spec::window::Day;

use crate::ground::{Random, copy, files, folder, open_of, path};

/// Digests of requesters with what they lost, in the one partition that the model has each in.
type Losses = BTreeMap<u128, u64>;

const PARTITIONS: usize = 3;

/// The first day that is reserved: windows are counted from it.
const FIRST: i64 = 40;

#[derive(Clone, Default)]
struct Model {
    /// By the number of the window: what the last draw left.
    windows: BTreeMap<i64, Losses>,
    /// Entries in their order: day and state.
    entries: Vec<(i64, State)>,
}

fn day(number: i64) -> Day {
    let start: Day = "2026-01-01".parse().unwrap();
    let date = start.date().checked_add(jiff::Span::new().days(number)).unwrap();
    Day::new(date)
}

fn window_of(number: i64) -> i64 {
    (number - FIRST).div_euclid(30)
}

fn open(folder: &std::path::Path) -> Ledger {
    open_of("requester-window", folder, Duration::ZERO).unwrap()
}

fn asking(number: usize, of: i64) -> Reservation {
    Reservation {
        release: "daily".to_owned(),
        release_id: format!("id {number}"),
        fingerprint: "fingerprint".to_owned(),
        blocks: vec![day(of)],
        charge: NanoRho::new(1),
        key_delta: AttoDelta::ZERO,
        plan: "{}".to_owned(),
        logs_digest: "digest".to_owned(),
        code_version: "0.1.0".to_owned(),
    }
}

fn reserve(ledger: &mut Ledger, number: usize, of: i64) -> EntryId {
    ledger.reserve(&asking(number, of)).unwrap().id
}

/// What the ledger says that a window's requesters have lost.
fn losses(ledger: &Ledger, of: i64) -> pointillist::Result<Losses> {
    let before = ledger.spent_before(ledger.window(day(of))?)?;
    let mut all = Losses::new();
    for partition in 0..PARTITIONS {
        for (who, lost) in before.of(partition)? {
            assert_eq!(usize::try_from(who % PARTITIONS as u128).unwrap(), partition);
            assert!(all.insert(who, lost).is_none());
        }
    }
    Ok(all)
}

/// Writes what an entry's draw would leave, and notes the draw unless the run dies before.
fn draw(ledger: &mut Ledger, id: EntryId, of: i64, after: &Losses, is_noted: bool) {
    let window = ledger.window(day(of)).unwrap();
    let writing = ledger.spent_after(window, id).unwrap();
    for partition in 0..PARTITIONS {
        let own = after.iter().filter(|(who, _)| *who % PARTITIONS as u128 == partition as u128);
        let own: Vec<(u128, u64)> = own.map(|(who, lost)| (*who, *lost)).collect();
        writing.put(partition, &own).unwrap();
    }
    if is_noted {
        let mark = writing.finish().unwrap();
        ledger.mark_drawn_after(id, &mark).unwrap();
    }
}

fn run(seed: u64) {
    let mut random = Random(seed);
    let mut place = folder();
    let mut ledger = open(place.path());
    let mut model = Model::default();
    let mut kept: Option<(tempfile::TempDir, Model)> = None;
    for step in 0..random.below(50) {
        match random.weighted(&[6, 4, 8, 4, 3, 1, 1]) {
            0 => {
                // The first reservation is what windows are counted from.
                let of = if model.entries.is_empty() { FIRST } else { random.below(100) as i64 };
                let id = reserve(&mut ledger, model.entries.len() + 1, of);
                model.entries.push((of, State::Reserved));
                assert_eq!(id.0, model.entries.len() as u64, "seed {seed}, step {step}");
            }
            kind @ (1 | 2) => {
                let reserved = |(_, state): &(i64, State)| *state == State::Reserved;
                let open: Vec<usize> =
                    (0..model.entries.len()).filter(|at| reserved(&model.entries[*at])).collect();
                if open.is_empty() {
                    continue;
                }
                let at = open[random.below(open.len() as u64) as usize];
                let (of, id) = (model.entries[at].0, EntryId(at as u64 + 1));
                let mut after = losses(&ledger, of).unwrap();
                for _ in 0..random.below(6) {
                    *after.entry(u128::from(random.below(12)) << 90 | 1).or_default() +=
                        random.below(1_000);
                }
                draw(&mut ledger, id, of, &after, kind == 2);
                if kind == 2 {
                    model.entries[at].1 = State::Drawn;
                    model.windows.insert(window_of(of), after);
                }
            }
            3 => {
                let drawn = model.entries.iter().position(|(_, state)| *state == State::Drawn);
                if let Some(at) = drawn {
                    ledger.commit(EntryId(at as u64 + 1), &files(at + 1)).unwrap();
                    model.entries[at].1 = State::Committed;
                }
            }
            4 => {
                // What is on the disk is all that is left.
                let rest = copy(place.path());
                drop(ledger);
                place = rest;
                ledger = open(place.path());
            }
            5 => kept = Some((copy(place.path()), model.clone())),
            _ => {
                if let Some((folder, before)) = kept.take() {
                    drop(ledger);
                    (place, model) = (folder, before);
                    ledger = open(place.path());
                }
            }
        }
        for of in [0, 10, 39, 40, 69, 70, 99] {
            let expected = model.windows.get(&window_of(of)).cloned().unwrap_or_default();
            if !model.entries.is_empty() {
                assert_eq!(losses(&ledger, of).unwrap(), expected, "seed {seed}, step {step}");
            }
        }
    }
    let verified = ledger.verify().map_err(|error| error.to_string());
    assert!(verified.is_ok(), "seed {seed}: {verified:?}");
}

#[test]
fn losses_are_those_of_the_last_draw_whatever_happens_in_between() {
    let seeds = std::env::var("POINTILLIST_SEEDS").ok().map_or(200, |text| text.parse().unwrap());
    (0..seeds).for_each(run);
}

/// A ledger with one draw in the window from the first day on, and the file that it left.
fn drawn() -> (tempfile::TempDir, Ledger, PathBuf) {
    let place = folder();
    let mut ledger = open(place.path());
    let id = reserve(&mut ledger, 1, FIRST);
    draw(&mut ledger, id, FIRST, &Losses::from([(1, 5), (2, 7)]), true);
    let file =
        path(place.path()).with_extension("ledger.spent").join(format!("{}.1.arrow", day(FIRST)));
    assert!(file.exists());
    (place, ledger, file)
}

#[test]
fn a_file_that_is_gone_or_changed_closes_its_window_and_no_other() {
    let (_place, ledger, file) = drawn();
    let whole = std::fs::read(&file).unwrap();
    for at in [8, whole.len() / 2, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&file, changed).unwrap();
        let error = losses(&ledger, FIRST + 3).unwrap_err();
        assert_eq!((error.kind(), error.hint().is_some()), (Kind::Io, true), "{error}");
    }
    std::fs::remove_file(&file).unwrap();
    let error = losses(&ledger, FIRST + 29).unwrap_err();
    assert!(error.to_string().contains(&day(FIRST).to_string()), "{error}");
    assert!(losses(&ledger, FIRST + 30).unwrap().is_empty());
    assert!(losses(&ledger, FIRST - 1).unwrap().is_empty());
    std::fs::write(&file, whole).unwrap();
    assert_eq!(losses(&ledger, FIRST).unwrap().len(), 2);
}

#[test]
fn a_window_is_forgotten_once_none_of_its_days_can_be_released() {
    let (_place, mut ledger, file) = drawn();
    ledger.forget_spent(30, &|_| Some(day(FIRST + 29))).unwrap();
    assert!(file.exists());
    // A release that keeps its logs for 60 days drew in it.
    let longer = |days: u32| Some(day(FIRST + if days == 60 { 0 } else { 30 }));
    let place = file.parent().unwrap().parent().unwrap().to_owned();
    drop(ledger);
    ledger = open(&place);
    let asked = Reservation { plan: "{\"retention_days\":60}".to_owned(), ..asking(2, FIRST + 1) };
    ledger.reserve(&asked).unwrap();
    ledger.forget_spent(30, &longer).unwrap();
    assert!(file.exists());
    ledger.verify().unwrap();
    ledger.forget_spent(30, &|_| Some(day(FIRST + 30))).unwrap();
    assert!(!file.exists());
    ledger.verify().unwrap();
}

#[test]
fn a_file_that_verify_misses_is_told_and_so_is_one_that_was_changed() {
    let (_place, ledger, file) = drawn();
    ledger.verify().unwrap();
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[1..]).unwrap();
    assert!(ledger.verify().unwrap_err().to_string().contains("1.arrow"));
    std::fs::remove_file(&file).unwrap();
    assert!(ledger.verify().unwrap_err().to_string().contains("is gone"));
    std::fs::write(&file, &whole).unwrap();
    ledger.verify().unwrap();
}

#[test]
fn a_ledger_that_was_restored_without_its_losses_is_refused() {
    let place = folder();
    let mut ledger = open(place.path());
    let first = reserve(&mut ledger, 1, FIRST);
    draw(&mut ledger, first, FIRST, &Losses::from([(1, 5)]), true);
    drop(ledger);
    let old = copy(place.path());
    let mut ledger = open(place.path());
    for (number, of) in [(2, FIRST + 1), (3, FIRST + 30)] {
        let id = reserve(&mut ledger, number, of);
        draw(&mut ledger, id, of, &Losses::from([(1, 9)]), true);
    }
    drop(ledger);
    // The database of before, beside the losses of now.
    std::fs::copy(path(old.path()), path(place.path())).unwrap();
    let ledger = open(place.path());
    for of in [FIRST + 2, FIRST + 31] {
        let error = losses(&ledger, of).unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        assert!(error.to_string().contains("is older than"), "{error}");
    }
    assert!(ledger.verify().is_err());
}

#[test]
fn equal_losses_have_different_digests() {
    let (place, mut ledger, first) = drawn();
    let one = std::fs::read(first).unwrap();
    let id = reserve(&mut ledger, 2, FIRST + 1);
    draw(&mut ledger, id, FIRST + 1, &Losses::from([(1, 5), (2, 7)]), true);
    let second = path(place.path()).with_extension("ledger.spent");
    let other = std::fs::read(second.join(format!("{}.2.arrow", day(FIRST)))).unwrap();
    assert!(one != other && one.len() == other.len());
}

#[test]
fn a_draw_notes_losses_where_windows_are_the_unit_and_nowhere_else() {
    let (_place, mut ledger, _) = drawn();
    let id = reserve(&mut ledger, 2, FIRST + 1);
    assert_eq!(ledger.mark_drawn(id).err().map(|error| error.kind()), Some(Kind::Internal));
    let writing = ledger.spent_after(day(FIRST), id).unwrap();
    let mark = writing.finish().unwrap();
    let other = folder();
    let mut by_day = open_of("requester-day", other.path(), Duration::ZERO).unwrap();
    let of_day = reserve(&mut by_day, 1, FIRST);
    assert!(by_day.mark_drawn_after(of_day, &mark).is_err());
    assert_eq!(by_day.entry(of_day).unwrap().unwrap().state, State::Reserved);
}
