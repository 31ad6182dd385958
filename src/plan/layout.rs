//! Where a row's key values land: one atom per combination, and from atoms to each table's cells.
//!
//! The keys of all questions together are digits of one mixed-radix number, the *atom*. A row is
//! reduced to its atom once; every table's cell follows from it by division. All of it is fixed by
//! the release file.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray};

use crate::spec::keys::Key;
use crate::spec::question::{Measure, Question};
use crate::{Error, Result};

/// The keys of a release as digits of one number.
#[derive(Debug, Clone)]
pub struct Layout {
    keys: Vec<Key>,
    strides: Vec<u64>,
}

/// From atoms to the cells of one measured table.
#[derive(Debug, Clone)]
pub struct Cells {
    digits: Vec<Digit>,
    /// For a share: the digits of its condition, and whether each combination meets it.
    condition: Option<(Vec<Digit>, Vec<bool>)>,
    count: u32,
}

#[derive(Debug, Clone, Copy)]
struct Digit {
    atom_stride: u64,
    size: u64,
    cell_stride: u64,
}

impl Layout {
    /// Lays out every key that any question names or any condition reads, each once.
    ///
    /// # Errors
    /// Usage, when the keys together have too many combinations for one number.
    pub fn new(questions: &[Question]) -> Result<Self> {
        let mut keys: Vec<Key> = Vec::new();
        for question in questions {
            let read = match &question.measure {
                Measure::Share { keys, .. } => keys.as_slice(),
                Measure::Count | Measure::DistinctRequesters => &[],
            };
            for key in question.by.iter().chain(read) {
                if !keys.iter().any(|known| known.name() == key.name()) {
                    keys.push(key.clone());
                }
            }
        }
        let mut strides = Vec::with_capacity(keys.len());
        let mut atoms = 1_u64;
        for key in &keys {
            strides.push(atoms);
            atoms = atoms.checked_mul(key.values().len() as u64).ok_or_else(|| {
                Error::usage("the keys of all questions together have too many combinations")
                    .help("split the questions over two release files with one ledger")
            })?;
        }
        Ok(Self { keys, strides })
    }

    /// The keys, in the order of their digits.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The atom's step for one position in the list of each key, in the same order.
    #[must_use]
    pub fn strides(&self) -> &[u64] {
        &self.strides
    }

    /// The cells of a question's table; the last key of `by` changes fastest, and a share splits
    /// each cell into the lookups that do not meet its condition and those that do.
    ///
    /// # Errors
    /// Internal, when a condition cannot be worked out on its keys.
    pub fn cells(&self, question: &Question) -> Result<Cells> {
        let (digits, mut count) = self.digits(&question.by)?;
        let condition = match &question.measure {
            Measure::Share { condition, keys } => {
                let (digits, combinations) = self.digits(keys)?;
                count *= 2;
                let column = |name: &str| -> Option<ArrayRef> {
                    let place = keys.iter().position(|key| key.name() == name)?;
                    let (key, digit) = (keys.get(place)?, digits.get(place)?);
                    let values = (0..combinations).map(|combination| {
                        let position = combination / digit.cell_stride % digit.size;
                        usize::try_from(position).ok().and_then(|at| key.values().get(at))
                    });
                    Some(Arc::new(values.collect::<StringArray>()))
                };
                let rows = usize::try_from(combinations).map_err(|_| too_many())?;
                let met = condition.evaluate(rows, &column)?;
                // A null condition is not met: the lookup counts in the whole and not in the part.
                Some((
                    digits,
                    (0..met.len()).map(|row| met.is_valid(row) && met.value(row)).collect(),
                ))
            }
            Measure::Count | Measure::DistinctRequesters => None,
        };
        Ok(Cells { digits, condition, count: u32::try_from(count).map_err(|_| too_many())? })
    }

    fn digits(&self, keys: &[Key]) -> Result<(Vec<Digit>, u64)> {
        let mut digits = Vec::with_capacity(keys.len());
        let mut count = 1_u64;
        for key in keys.iter().rev() {
            let place = self.keys.iter().position(|known| known.name() == key.name());
            let atom_stride = place
                .and_then(|place| self.strides.get(place))
                .ok_or_else(|| Error::internal("a key is missing from the layout"))?;
            let size = key.values().len() as u64;
            digits.push(Digit { atom_stride: *atom_stride, size, cell_stride: count });
            count = count.checked_mul(size).ok_or_else(too_many)?;
        }
        digits.reverse();
        Ok((digits, count))
    }
}

impl Cells {
    /// How many cells the table has.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The cell that an atom belongs to, below [`Self::count`] for every atom of the layout.
    #[must_use]
    pub fn cell(&self, atom: u64) -> u32 {
        let place = |digits: &[Digit]| -> u64 {
            digits
                .iter()
                .map(|digit| atom / digit.atom_stride % digit.size * digit.cell_stride)
                .sum()
        };
        let base = place(&self.digits);
        let cell = match &self.condition {
            None => base,
            Some((digits, met)) => {
                let combination = usize::try_from(place(digits)).unwrap_or(usize::MAX);
                2 * base + u64::from(met.get(combination).copied().unwrap_or(false))
            }
        };
        u32::try_from(cell).unwrap_or(u32::MAX)
    }
}

fn too_many() -> Error {
    Error::internal("a table has more cells than the release file may ask for")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::spec::Release;

    fn release() -> Release {
        let text = r#"
name = "r"
[logs]
path = "x"
[keys]
app = ["a", "b"]
[ledger]
path = "r.ledger"
epsilon = 1.0
delta = 1e-6
[[question]]
name = "volume"
count = "lookups"
by = ["hour", "app"]
[[question]]
name = "sms"
share = "route = 'sms' AND app <> 'b'"
by = ["app"]
[[question]]
name = "people"
distinct = "requester"
"#;
        Release::parse(text, "r.toml", Path::new(".")).unwrap()
    }

    #[test]
    fn every_atom_lands_in_the_cell_of_its_key_values() {
        let release = release();
        let layout = Layout::new(&release.questions).unwrap();
        let names: Vec<&str> = layout.keys().iter().map(Key::name).collect();
        assert_eq!(names, ["hour", "app", "route"]);
        let cells: Vec<Cells> =
            release.questions.iter().map(|question| layout.cells(question).unwrap()).collect();
        assert_eq!(cells.iter().map(Cells::count).collect::<Vec<_>>(), [72, 6, 1]);
        // Apps are a, b, other; routes are messenger, sms, unknown.
        for hour in 0..24_u64 {
            for app in 0..3_u64 {
                for route in 0..3_u64 {
                    let position = [hour, app, route];
                    let atom =
                        position.iter().zip(layout.strides()).map(|(at, stride)| at * stride).sum();
                    let met = route == 1 && app != 1;
                    assert_eq!(u64::from(cells[0].cell(atom)), hour * 3 + app);
                    assert_eq!(u64::from(cells[1].cell(atom)), app * 2 + u64::from(met));
                    assert_eq!(cells[2].cell(atom), 0);
                }
            }
        }
    }
}
