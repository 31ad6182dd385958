//! Retained rows → one bounded vector per privacy unit and measured table.
//!
//! Rows are reduced to (unit, atom) and dealt into partitions by the unit's hash, so that all rows
//! of a requester meet in one partition whatever their order, file or thread; there they are
//! grouped, counted into each table's cells and scaled into the ball. Deliberately not here: noise,
//! and the sum over requesters.

mod ball;
mod chunks;
mod gather;
mod keys;
mod memory;
mod pairs;
mod partition;
mod person;
mod scramble;
mod sort;
mod spill;
mod vector;

pub use ball::{Entry, scale_into_ball};
pub use gather::{Gatherer, PARTITIONS, UnitKey};
pub use keys::KeyBounder;
pub use memory::Memory;
pub use pairs::{DayPairs, SortedRows};
pub use partition::{Bounder, TableBound};
pub use person::PersonBounder;
