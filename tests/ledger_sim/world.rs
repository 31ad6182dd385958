//! The real ledger in a folder of its own, driven beside the model.

use std::collections::BTreeMap;
use std::time::Duration;

use pointillist::Kind;
use pointillist::ledger::{Entry, EntryId, Ledger, State, Which};

use crate::ground::{DAYS, Random, asking, copy, days, files, folder, open};
use crate::model::{Mistake, Model, ModelEntry};

/// What can be done to a ledger, and to the file that it is in.
#[derive(Debug, Clone, Copy)]
enum Op {
    Reserve {
        release: usize,
        charge: u64,
        key_delta: u64,
    },
    Advance {
        entry: usize,
        next: State,
    },
    /// The look is noted, other numbers each time.
    Look {
        entry: usize,
    },
    /// Closed and opened again.
    Reopen,
    /// The process ends; what is on the disk is all there is.
    Crash,
    /// A copy is taken between two steps.
    KeepCopy,
    /// The copy takes the place of the ledger, as if the run had ended there.
    GoBack,
}

/// A difference between ledger and model.
type Difference = String;

pub(crate) struct World {
    folder: tempfile::TempDir,
    ledger: Option<Ledger>,
    model: Model,
    kept: Option<(tempfile::TempDir, Model)>,
    /// What each entry was reserved with: it never changes.
    frozen: BTreeMap<u64, Entry>,
}

impl World {
    /// Runs the operations of a seed and returns their outcomes, or the first difference between ledger
    /// and model.
    pub(crate) fn run(seed: u64, mistake: Mistake) -> Result<Vec<String>, Difference> {
        let mut random = Random(seed);
        let mut world = Self {
            folder: folder(),
            ledger: None,
            model: Model { entries: Vec::new(), mistake },
            kept: None,
            frozen: BTreeMap::new(),
        };
        world.ledger = Some(open(world.folder.path(), Duration::ZERO).unwrap());
        let mut outcomes = Vec::new();
        for number in 0..random.below(60) {
            let op = Op::random(&mut random, world.model.entries.len());
            let outcome = world
                .apply(number, op)
                .and_then(|outcome| world.compare().map(|()| outcome))
                .map_err(|difference| format!("operation {number}, {op:?}: {difference}"))?;
            outcomes.push(outcome);
        }
        world.compare_all()?;
        Ok(outcomes)
    }

    fn apply(&mut self, number: u64, op: Op) -> Result<String, Difference> {
        match op {
            Op::Reserve { release, charge, key_delta } => self.reserve(release, charge, key_delta),
            Op::Advance { entry, next } => self.advance(entry, next),
            Op::Look { entry } => self.look(entry, number),
            Op::Reopen => {
                self.ledger = None;
                self.open_again();
                Ok("reopen".to_owned())
            }
            Op::Crash => {
                // The copy is taken while the ledger is open, and only the copy lives on.
                let rest = copy(self.folder.path());
                self.ledger = None;
                self.folder = rest;
                self.open_again();
                Ok("crash".to_owned())
            }
            Op::KeepCopy => {
                self.kept = Some((copy(self.folder.path()), self.model.clone()));
                Ok("keep a copy".to_owned())
            }
            Op::GoBack => {
                let Some((folder, model)) = self.kept.take() else {
                    return Ok("no copy to go back to".to_owned());
                };
                self.ledger = None;
                (self.folder, self.model) = (folder, model);
                let entries = self.model.entries.len() as u64;
                self.frozen.retain(|id, _| *id <= entries);
                self.open_again();
                Ok("go back to the copy".to_owned())
            }
        }
    }

    fn open_again(&mut self) {
        self.ledger = Some(open(self.folder.path(), Duration::ZERO).unwrap());
        self.model.begin_run();
    }

    fn reserve(
        &mut self,
        release: usize,
        charge: u64,
        key_delta: u64,
    ) -> Result<String, Difference> {
        let asked = asking(release, charge, key_delta);
        let was_empty =
            |entry: &ModelEntry| entry.release == release && entry.state == State::Empty;
        let was_empty = self.model.entries.iter().any(was_empty);
        let expected = self.model.reserve(release, days(release), charge, key_delta);
        match (self.ledger.as_mut().unwrap().reserve(&asked), expected) {
            (Ok(entry), Ok((number, new))) if entry.id.0 == number as u64 => {
                let first = self.frozen.entry(entry.id.0).or_insert_with(|| entry.clone());
                let (state, attempts) = (first.state, first.attempts);
                let unchanged = Entry { state, attempts, ..entry.clone() };
                if *first != unchanged {
                    return Err(format!("entry {number} is not as it was reserved"));
                }
                Ok(match (new, entry.state) {
                    (true, _) if was_empty => "reserve: new after empty",
                    (true, _) => "reserve: new",
                    (false, State::Reserved) => "reserve: resumed",
                    (false, State::Drawn) => "reserve: drawn before",
                    (false, _) => "reserve: done",
                }
                .to_owned())
            }
            (Err(error), Err(kind)) if error.kind() == kind => {
                Ok(format!("reserve: {}", kind.word()))
            }
            (real, expected) => Err(format!("{real:?}, and the model {expected:?}")),
        }
    }

    fn look(&mut self, number: usize, operation: u64) -> Result<String, Difference> {
        let numbers = [operation.cast_signed(), -1];
        let expected = self.model.look(number, &numbers);
        let real = self.ledger.as_mut().unwrap().note_look(EntryId(number as u64), &numbers);
        match (real.map_err(|error| error.kind()), expected) {
            (Ok(()), Ok(())) => Ok("look: done".to_owned()),
            (Err(real), Err(kind)) if real == kind => Ok(format!("look: {}", kind.word())),
            (real, expected) => Err(format!("{real:?}, and the model {expected:?}")),
        }
    }

    fn advance(&mut self, number: usize, next: State) -> Result<String, Difference> {
        let expected = self.model.advance(number, next);
        let again = number
            .checked_sub(1)
            .and_then(|index| self.model.entries.get(index))
            .is_some_and(|entry| entry.attempts > 1);
        let ledger = self.ledger.as_mut().unwrap();
        let id = EntryId(number as u64);
        let (verb, real) = match next {
            State::Drawn if again => ("draw again", ledger.mark_drawn(id).map(|_| ())),
            State::Drawn => ("draw", ledger.mark_drawn(id).map(|_| ())),
            State::Committed => ("commit", ledger.commit(id, &files(number))),
            State::Published => ("publish", ledger.mark_published(id)),
            State::Void => ("void", ledger.void(id)),
            State::Empty => ("empty", ledger.mark_empty(id)),
            State::Reserved => unreachable!("no verb makes an entry reserved again"),
        };
        match (real.map_err(|error| error.kind()), expected) {
            (Ok(()), Ok(())) => Ok(format!("{verb}: done")),
            (Err(real), Err(kind)) if real == kind => Ok(format!("{verb}: {}", kind.word())),
            (real, expected) => Err(format!("{real:?}, and the model {expected:?}")),
        }
    }

    /// The balance of every block.
    fn compare(&self) -> Result<(), Difference> {
        for number in 0..DAYS {
            let real = crate::ground::spent(self.ledger.as_ref().unwrap(), number);
            let expected = self.model.spent(number);
            if real != expected {
                return Err(format!(
                    "day {number} has spent {real:?}, and in the model {expected:?}"
                ));
            }
        }
        Ok(())
    }

    /// Every entry, every stored byte, and the journal.
    fn compare_all(&self) -> Result<(), Difference> {
        let ledger = self.ledger.as_ref().unwrap();
        ledger.verify().map_err(|error| error.to_string())?;
        let entries = ledger.entries(Which::All).unwrap();
        let real: Vec<(u64, State, u64)> = entries
            .iter()
            .map(|entry| (entry.charge.nano(), entry.state, entry.attempts))
            .collect();
        let expected: Vec<(u64, State, u64)> = self
            .model
            .entries
            .iter()
            .map(|entry| (entry.charge, entry.state, entry.attempts))
            .collect();
        if real != expected {
            return Err(format!("the entries are {real:?}, and in the model {expected:?}"));
        }
        for (index, entry) in entries.iter().enumerate() {
            if ledger.look(entry.id).unwrap() != self.model.entries[index].look {
                return Err(format!("the look of entry {} differs", entry.id));
            }
            let has_files = matches!(entry.state, State::Committed | State::Published);
            let stored = ledger.stored(entry.id).map_err(|error| error.kind());
            let expected = if has_files { Ok(files(index + 1)) } else { Err(Kind::Io) };
            if stored != expected {
                return Err(format!("the stored files of entry {} differ", entry.id));
            }
        }
        Ok(())
    }
}

impl Op {
    fn random(random: &mut Random, entries: usize) -> Self {
        // Mostly the last entry, so that entries reach their end; sometimes an entry that does not exist.
        let entry = match random.below(8) {
            0 => random.below(entries as u64 + 2),
            _ => entries as u64,
        };
        let entry = usize::try_from(entry).unwrap();
        match random.below(21) {
            0..=4 => Self::Reserve {
                release: usize::try_from(random.below(8)).unwrap(),
                charge: [1, 20, 33, 50, 100, 101, u64::MAX]
                    [random.weighted(&[9, 9, 9, 5, 2, 1, 0])],
                key_delta: [0, 10, 25, 51][random.weighted(&[9, 3, 3, 1])],
            },
            5..=7 => Self::Advance { entry, next: State::Drawn },
            8..=9 => Self::Advance { entry, next: State::Committed },
            10 => Self::Advance { entry, next: State::Published },
            11 => Self::Advance { entry, next: State::Void },
            12..=14 => Self::Look { entry },
            15..=16 => Self::Advance { entry, next: State::Empty },
            17 => Self::Reopen,
            18 => Self::Crash,
            19 => Self::KeepCopy,
            _ => Self::GoBack,
        }
    }
}
