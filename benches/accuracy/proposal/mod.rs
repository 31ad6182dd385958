//! A prototype of what is to replace the tables of lookups: `docs/proposals/activity-and-shapes.md`.
//!
//! How active a requester is and what its day looks like are measured apart, both bounded by one
//! whatever it does; together they give counts back without a clip. The benchmark measures it beside
//! today's tables. `reference.py` is the same in another language, and a test of the program compares
//! both number by number.

pub(crate) mod answer;
pub(crate) mod levels;
pub(crate) mod look;
pub(crate) mod observed;
pub(crate) mod plan;
pub(crate) mod shapes;
