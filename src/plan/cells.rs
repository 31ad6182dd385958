//! Maps atoms to the cells of one measured table.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, StringArray};

use super::axis::{Axis, axis_name, block};
use super::layout::{Digit, Layout};
use crate::release_file::decimal::Decimal;
use crate::release_file::keys::{Key, KeySource};
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::number::{Grid, Steps};
use crate::release_file::question::Question;
use crate::{Error, Result};

/// The most combinations of a finer table that are mapped to those of a coarser one: a larger map
/// would not fit the cache.
const MOST_MAPPED: u32 = 1 << 16;

/// Maps atoms to the cells of one measured table.
#[derive(Debug, Clone)]
pub struct Cells {
    keys: Vec<KeyPlace>,
    conditions: Vec<ConditionPlace>,
    number: Option<(Digit, Arc<[i64]>)>,
    combinations: u32,
    count: u32,
    /// Whether a larger atom never has a smaller cell.
    ascend: bool,
}

/// What one axis of a table adds to the cell of an atom.
#[derive(Debug, Clone)]
pub enum CellPart<'a> {
    /// The digit of a key, and what one step of it adds.
    Key(Digit, u64),
    /// Digits with their strides, whether each of their combinations meets the condition, and what
    /// is added if it does.
    Condition(&'a [(Digit, u64)], &'a [bool], u64),
}

/// A number that rows add to a table.
pub struct RowNumber<'a> {
    /// Its key.
    pub key: &'a str,
    /// What each of its levels adds, in lattice steps.
    pub steps: fn(&Grid, u16) -> i64,
}

/// The axis of a key: how many values it has, and how far apart they are in the table.
#[derive(Debug, Clone, Copy)]
struct KeyPlace {
    digit: Digit,
    size: u64,
    stride: u64,
}

/// The axis of a condition over the digits of its keys, with one flag per combination: whether it is
/// met.
#[derive(Debug, Clone)]
struct ConditionPlace {
    digits: Vec<(Digit, u64)>,
    met: Arc<[bool]>,
    stride: u64,
}

impl Cells {
    /// The cells of a table with these axes, of which the last changes fastest, and this many cells for
    /// each combination of their values; rows add `number`, or a lookup each.
    ///
    /// # Errors
    /// Internal, when the axes are not of these questions.
    pub(super) fn new(
        axes: &[Axis],
        cells_per_combination: u64,
        number: Option<RowNumber<'_>>,
        layout: &Layout,
        questions: &[Question],
    ) -> Result<Self> {
        let (mut keys, mut conditions) = (Vec::new(), Vec::new());
        let mut stride = 1_u64;
        for axis in axes.iter().rev() {
            let size = match axis {
                Axis::Key(name) => {
                    let (digit, size) = (layout.digit(name)?, layout.key(name)?.size());
                    keys.push(KeyPlace { digit, size, stride });
                    size
                }
                Axis::Blocks(name) => {
                    let key = layout.key(name)?;
                    let block = block(key).ok_or_else(|| Error::internal("a key has no blocks"))?;
                    let (digit, size) = (layout.digit(name)?.in_blocks(block), key.size());
                    keys.push(KeyPlace { digit, size: size.div_ceil(block), stride });
                    size.div_ceil(block)
                }
                Axis::Condition(question) => {
                    let (digits, met) = condition(question, layout, questions)?;
                    conditions.push(ConditionPlace { digits, met, stride });
                    2
                }
                Axis::HasNumber(key) => {
                    let (digits, met) = has_number(key, layout)?;
                    conditions.push(ConditionPlace { digits, met, stride });
                    2
                }
                Axis::Prefix(_) => return Err(Error::internal("prefixes are no digits of atoms")),
            };
            stride = stride.checked_mul(size).ok_or_else(too_many)?;
        }
        let number = number.map(|number| levels(layout, &number)).transpose()?;
        let ascend = conditions.is_empty() && are_first(&keys, layout);
        let count = stride.checked_mul(cells_per_combination).ok_or_else(too_many)?;
        Ok(Self {
            keys,
            conditions,
            number,
            combinations: u32::try_from(stride).map_err(|_| too_many())?,
            count: u32::try_from(count).map_err(|_| too_many())?,
            ascend,
        })
    }

    /// How many cells the table has; zero if they are not known before prefixes are found.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// How many combinations its axes have.
    pub const fn combinations(&self) -> u32 {
        self.combinations
    }

    /// Whether the cells of ascending atoms ascend, so that equal ones are next to each other.
    pub const fn ascend(&self) -> bool {
        self.ascend
    }

    /// What the axes add to the cell of an atom, for statements that are written elsewhere.
    pub fn parts(&self) -> impl Iterator<Item = CellPart<'_>> {
        let keys = self.keys.iter().map(|axis| CellPart::Key(axis.digit, axis.stride));
        let conditions = self.conditions.iter();
        keys.chain(conditions.map(|axis| CellPart::Condition(&axis.digits, &axis.met, axis.stride)))
    }

    /// The bits of an atom that decide its cell.
    pub fn bits(&self) -> u64 {
        let of = |digit: &Digit| digit.mask << digit.shift;
        let keys = self.keys.iter().map(|axis| of(&axis.digit));
        let conditions = self.conditions.iter().flat_map(|axis| &axis.digits);
        keys.chain(conditions.map(|(digit, _)| of(digit))).fold(0, |all, bits| all | bits)
    }

    /// The digit of the number that rows add, and what each of its values adds in lattice steps.
    pub fn number(&self) -> Option<(Digit, &[i64])> {
        self.number.as_ref().map(|(digit, steps)| (*digit, &steps[..]))
    }

    /// The combination that an atom belongs to.
    #[inline]
    pub fn cell(&self, atom: u64) -> u32 {
        let key = |axis: &KeyPlace| axis.digit.of(atom) * axis.stride;
        // Most tables have few axes: without a loop their cells take a third of the time.
        let keys = match &self.keys[..] {
            [] => 0,
            [one] => key(one),
            [one, two] => key(one) + key(two),
            [one, two, three] => key(one) + key(two) + key(three),
            keys => keys.iter().map(key).sum(),
        };
        if self.conditions.is_empty() {
            return keys as u32;
        }
        let met = |axis: &ConditionPlace| {
            let at: u64 = axis.digits.iter().map(|(digit, stride)| digit.of(atom) * stride).sum();
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            u64::from(axis.met.get(at).copied().unwrap_or(false)) * axis.stride
        };
        // Every digit lies within its key, and combinations fit 32 bits.
        let cell = keys + self.conditions.iter().map(met).sum::<u64>();
        u32::try_from(cell).unwrap_or(u32::MAX)
    }

    /// Calls `take` with the combination that each item's atom belongs to. The axes are looked at once for all
    /// items, which takes two thirds of the instructions that [`Self::cell`] takes for one after another.
    #[inline(always)]
    pub(super) fn each<T>(
        &self,
        items: &[T],
        atom: impl Fn(&T) -> u64,
        mut take: impl FnMut(u32, &T),
    ) {
        let key = |axis: KeyPlace, item: &T| axis.digit.of(atom(item)) * axis.stride;
        match (&self.keys[..], self.conditions.is_empty()) {
            (&[one], true) => {
                for item in items {
                    take(key(one, item) as u32, item);
                }
            }
            (&[one, two], true) => {
                for item in items {
                    take((key(one, item) + key(two, item)) as u32, item);
                }
            }
            (&[one, two, three], true) => {
                for item in items {
                    take((key(one, item) + key(two, item) + key(three, item)) as u32, item);
                }
            }
            _ => {
                for item in items {
                    take(self.cell(atom(item)), item);
                }
            }
        }
    }

    /// For each combination here, that of a coarser table; `None` if the coarser table has an axis
    /// that this one lacks, or if there are too many combinations.
    pub fn onto(&self, coarser: &Self) -> Option<Vec<u32>> {
        if self.combinations > MOST_MAPPED {
            return None;
        }
        // For each axis of the coarser table: stride and size here, and the stride there.
        let mut axes = Vec::new();
        for axis in &coarser.keys {
            let own = self.keys.iter().find(|own| own.digit == axis.digit)?;
            axes.push((own.stride, own.size, axis.stride));
        }
        for axis in &coarser.conditions {
            let is_same = |own: &&ConditionPlace| own.digits == axis.digits && own.met == axis.met;
            axes.push((self.conditions.iter().find(is_same)?.stride, 2, axis.stride));
        }
        let there = |cell: u32| {
            let cell = u64::from(cell);
            let places = axes.iter().map(|(stride, size, there)| cell / stride % size * there);
            u32::try_from(places.sum::<u64>()).ok()
        };
        (0..self.combinations).map(there).collect()
    }

    /// The combination that an atom belongs to, with what a row of it adds in lattice steps; `None`
    /// if it has no number.
    pub fn cell_and_steps(&self, atom: u64) -> Option<(u32, i64)> {
        let steps = match &self.number {
            None => LATTICE_ONE.cast_signed(),
            Some((digit, steps)) => *steps.get(usize::try_from(digit.of(atom)).ok()?)?,
        };
        Some((self.cell(atom), steps))
    }
}

/// Whether axes, the last one first, are the first keys of the layout in their order.
fn are_first(keys: &[KeyPlace], layout: &Layout) -> bool {
    let mut above = layout.bits();
    keys.iter().rev().all(|axis| {
        let next = axis.digit.shift + axis.digit.mask.count_ones();
        next == std::mem::replace(&mut above, axis.digit.shift)
    })
}

/// The digit of a number, and what each level adds.
fn levels(layout: &Layout, number: &RowNumber<'_>) -> Result<(Digit, Arc<[i64]>)> {
    match layout.key(number.key)?.source() {
        KeySource::Number(grid) if grid.steps() == Steps::Levels => {
            let steps = (0..grid.none()).map(|level| (number.steps)(grid, level)).collect();
            Ok((layout.digit(number.key)?, steps))
        }
        _ => Err(Error::internal("a sum is of a key that is no number")),
    }
}

/// The digits that a condition reads, each with its stride among all combinations, and whether each
/// combination meets it.
type MetBy = (Vec<(Digit, u64)>, Arc<[bool]>);

/// Whether rows have a number, as a condition on its digit.
fn has_number(key: &str, layout: &Layout) -> Result<MetBy> {
    let grid = layout.key(key)?.grid();
    let grid = grid.ok_or_else(|| Error::internal("a number is of a key that is none"))?;
    let has: Vec<bool> = (0..grid.size()).map(|level| level != grid.none()).collect();
    Ok((vec![(layout.digit(key)?, 1)], has.into()))
}

/// Evaluates the condition of a share for every combination of the keys that it reads.
fn condition(question: &str, layout: &Layout, questions: &[Question]) -> Result<MetBy> {
    let found = questions.iter().find(|known| known.name == question);
    let Some((condition, keys)) = found.and_then(|found| found.measure.condition()) else {
        return Err(Error::internal("a measured table names a condition that no question has"));
    };
    let met = condition_met(condition, keys)?;
    let mut digits = Vec::new();
    let mut stride = 1_u64;
    for key in keys.iter().rev() {
        digits.push((layout.digit(axis_name(key))?, stride));
        stride = stride.checked_mul(key.size()).ok_or_else(too_many)?;
    }
    Ok((digits, met.into()))
}

/// Whether each combination of keys meets a condition; the last key changes fastest.
///
/// A condition that is null is not met: the lookup counts in the whole and not in the part.
///
/// # Errors
/// Internal, when the condition cannot be worked out on its keys.
pub fn condition_met(
    condition: &crate::release_file::expression::Condition,
    keys: &[Key],
) -> Result<Vec<bool>> {
    let rows: u64 = keys.iter().map(Key::size).product();
    let rows = usize::try_from(rows).map_err(|_| too_many())?;
    let column = |name: &str| -> Option<ArrayRef> {
        let place = keys.iter().position(|key| key.name() == name)?;
        let key = keys.get(place)?;
        let stride: usize = keys.iter().skip(place + 1).map(|key| key.values().len()).product();
        let values = (0..rows).map(|row| key.values().get(row / stride % key.values().len()));
        Some(Arc::new(values.collect::<StringArray>()))
    };
    let met = condition.evaluate(rows, Decimal::Point, &column)?;
    Ok((0..met.len()).map(|row| met.is_valid(row) && met.value(row)).collect())
}

fn too_many() -> Error {
    Error::internal("a table has more cells than the release file may ask for")
}
