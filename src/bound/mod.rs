//! Rows that are kept → one bounded vector for each requester and measured table.
//!
//! Rows are reduced to (requester, atom) and spread over partitions by a hash of the requester, so
//! that all rows of a requester meet in one partition whatever their order, file or thread. There
//! they are grouped, counted into the cells of each table and scaled into the ball of its clip. Where
//! persons are the unit, what is left is spread again by target and scaled once more. Deliberately
//! not here: noise, and the sum over requesters.

mod amounts;
mod ball;
mod hasher;
mod limit;
mod partitioner;
mod person;
mod prefixes;
mod requester;
mod row_sums;
mod rows;
mod scramble;
mod sort;
mod sorted;
mod spill;
mod tables;

pub use amounts::{AmountPartitioner, PartitionedAmounts, TargetAmount};
pub use hasher::PartitionHasher;
pub use limit::{LOSS_BITS, SQUARE_BITS, loss_limit};
pub use partitioner::RowPartitioner;
pub use person::{PersonBounder, Together};
pub use prefixes::PrefixBounder;
pub use requester::RequesterBounder;
pub use rows::PARTITIONS;
pub use sorted::PartitionedRows;
pub use spill::Memory;
pub use tables::{ShapeTable, TableBounds};
