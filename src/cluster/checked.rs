//! What a cluster answered, checked before it is believed.
//!
//! It is checked that columns have their types, that each cell is there once and lies in its table,
//! and that sums are within what the requesters of the look can add up to. A failure means that the
//! cluster did not do what it was asked.

use std::collections::BTreeSet;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, Int64Array, RecordBatch};
use arrow_ipc::reader::StreamReader;
use spark_connect_proto::execute_plan_response::ArrowBatch;

use super::cells::TOTALS;
use super::statements::{Check, Statement};
use crate::aggregate::PrefixTally;
use crate::plan::Plan;
use crate::plan::kinds::{CLASSES, PREFIX_WEIGHTS, SHAPE_BITS, nodes};
use crate::release_file::prefix::Prefix;
use crate::{Error, Result};

/// The exact sums of a plan, by table and cell. Secret.
pub(super) struct Sums(pub(super) Vec<Vec<Option<i64>>>);

/// What every answer about a day has to agree with. Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Totals {
    /// How many requesters the day has, in lattice steps.
    requesters: i64,
    /// The weights of all of them, by class.
    classes: [i64; CLASSES],
}

impl Sums {
    /// No sum yet.
    pub(super) fn new(plan: &Plan) -> Self {
        Self(plan.sizes().iter().map(|cells| vec![None; *cells as usize]).collect())
    }

    /// Takes the answer to a statement; returns the numbers of requesters and of their lookups,
    /// which only a look has.
    ///
    /// # Errors
    /// Input, when it is no answer to this statement.
    pub(super) fn take(
        &mut self,
        statement: &Statement,
        answer: &[RecordBatch],
    ) -> Result<[i64; 2]> {
        let mut totals = [0; 2];
        for batch in answer {
            for [place, cell, steps] in rows(batch)? {
                let is_asked =
                    |place: usize| statement.tables.contains(&place) || place == usize::MAX;
                let table = usize::try_from(place).unwrap_or(usize::MAX);
                let cell = usize::try_from(cell).ok();
                if place == TOTALS && statement.check == Check::Look {
                    let total = cell.and_then(|cell| totals.get_mut(cell));
                    *total.filter(|total| **total == 0).ok_or_else(|| wrong("a total"))? = steps;
                    continue;
                }
                let table = self.0.get_mut(table).filter(|_| is_asked(table));
                let sum = table.and_then(|table| table.get_mut(cell?));
                let sum = sum.ok_or_else(|| wrong("a cell that its table does not have"))?;
                if steps < 0 || sum.replace(steps).is_some() {
                    return Err(wrong("a cell twice, or less than nothing in one"));
                }
            }
        }
        Ok(totals)
    }

    /// The sums of one table.
    pub(super) fn table(&self, table: usize) -> impl Iterator<Item = i64> {
        self.0.get(table).into_iter().flatten().map(|sum| sum.unwrap_or(0))
    }

    /// Checks the sums of a statement against the totals of the day.
    ///
    /// # Errors
    /// Input, when they cannot be those of its requesters.
    pub(super) fn require(
        &self,
        statement: &Statement,
        plan: &Plan,
        totals: &Totals,
    ) -> Result<()> {
        for place in &statement.tables {
            let whole: i128 = self.table(*place).map(i128::from).sum();
            let most = self.table(*place).max().unwrap_or(0);
            let is_right = match (&statement.check, plan.tables.get(*place)) {
                (Check::Look | Check::Parts, _) => whole <= i128::from(totals.requesters),
                (Check::Each, _) => most <= totals.requesters,
                (Check::All, _) => whole == i128::from(totals.requesters),
                // Answers about prefixes are read by [`prefix_weights`].
                (Check::Prefixes, _) => false,
                (Check::Classes(whole_ones), table) => {
                    let class = table.and_then(|table| totals.classes.get(table.class()?));
                    let class = i128::from(class.copied().unwrap_or(0));
                    whole == class || whole < class && !whole_ones.contains(place)
                }
            };
            if !is_right {
                return Err(wrong("sums that its requesters cannot add up to"));
            }
        }
        Ok(())
    }
}

impl Totals {
    /// The totals that a look returned, checked against each other.
    ///
    /// # Errors
    /// Input, when they disagree.
    pub(super) fn of_look(sums: &Sums, place: usize, [people, lookups]: [i64; 2]) -> Result<Self> {
        let mut classes = [0; CLASSES];
        classes.iter_mut().zip(sums.table(place)).for_each(|(class, sum)| *class = sum);
        let requesters = people
            .checked_mul(1 << SHAPE_BITS)
            .ok_or_else(|| wrong("more requesters than there can be"))?;
        let nodes = nodes().into_iter().zip(classes);
        let counted: i128 = nodes.map(|(node, sum)| i128::from(node) * i128::from(sum)).sum();
        let fits = people >= 0 && people <= lookups && counted <= i128::from(lookups) << SHAPE_BITS;
        if fits { Ok(Self { requesters, classes }) } else { Err(wrong("totals that disagree")) }
    }
}

/// The weights of prefixes that are not found yet, from the answer to a statement that asks for them.
///
/// # Errors
/// Input, when it is no answer to this statement.
pub(super) fn prefix_weights(
    answer: &[RecordBatch],
    prefix: Prefix,
    found: &BTreeSet<u64>,
    totals: &Totals,
) -> Result<PrefixTally> {
    let (mut tally, mut known, mut whole) = (PrefixTally::default(), BTreeSet::new(), 0_i128);
    for batch in answer {
        let column = |name: &str| large(batch, name);
        let (Some(prefixes), Some(steps), 2) =
            (column("prefix"), column("steps"), batch.num_columns())
        else {
            return Err(wrong("other columns than it was asked for"));
        };
        for (value, steps) in prefixes.values().iter().zip(steps.values()) {
            let value = u64::try_from(*value).unwrap_or(0);
            let digits = value.checked_ilog10().map(|digits| digits + 1);
            if digits != Some(prefix.digits) || found.contains(&value) || !known.insert(value) {
                return Err(wrong("a prefix twice, or one that it was not asked for"));
            }
            if !(1..=totals.requesters).contains(steps) {
                return Err(wrong("sums that its requesters cannot add up to"));
            }
            whole += i128::from(*steps);
            tally.add(value, *steps);
        }
    }
    // The weights of one requester add up to at most the root of how many there are.
    let most = PREFIX_WEIGHTS.iter().zip(0_i64..).map(|(weight, number)| weight * number).max();
    let most = i128::from(totals.requesters >> SHAPE_BITS) * i128::from(most.unwrap_or(0));
    if whole <= most { Ok(tally) } else { Err(wrong("sums that its requesters cannot add up to")) }
}

/// An answer as far as it has come.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) batches: Vec<RecordBatch>,
    rows: i64,
}

impl Answer {
    /// Takes the next part.
    ///
    /// # Errors
    /// Input, when rows of it are missing.
    pub(super) fn take(&mut self, part: &ArrowBatch) -> Result<()> {
        let unreadable = |_| wrong("something that is no Arrow data");
        let place = part.start_offset.unwrap_or(self.rows);
        let before = self.rows;
        for batch in StreamReader::try_new(&part.data[..], None).map_err(unreadable)? {
            let batch = batch.map_err(unreadable)?;
            self.rows = self.rows.saturating_add_unsigned(batch.num_rows() as u64);
            self.batches.push(batch);
        }
        if place == before && self.rows - before == part.row_count {
            Ok(())
        } else {
            Err(wrong("other rows than it announced"))
        }
    }
}

/// The rows of a batch of sums.
fn rows(batch: &RecordBatch) -> Result<Vec<[i64; 3]>> {
    let small = |name: &str| {
        let column = batch.column_by_name(name)?.as_primitive_opt::<Int32Type>()?;
        (column.null_count() == 0).then_some(column)
    };
    let columns = (small("place"), small("cell"), large(batch, "steps"));
    let (Some(places), Some(cells), Some(steps), 3) =
        (columns.0, columns.1, columns.2, batch.num_columns())
    else {
        return Err(wrong("other columns than it was asked for"));
    };
    let rows = places.values().iter().zip(cells.values()).zip(steps.values());
    Ok(rows.map(|((place, cell), steps)| [(*place).into(), (*cell).into(), *steps]).collect())
}

fn large<'b>(batch: &'b RecordBatch, name: &str) -> Option<&'b Int64Array> {
    let column = batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
    (column.null_count() == 0).then_some(column)
}

pub(super) fn wrong(what: &str) -> Error {
    Error::input(format!("the cluster did not answer what it was asked: it returned {what}"))
        .help("its answer was not used; the reservation is kept, and running again goes on with it")
}

#[cfg(test)]
mod tests;
