//! The kernel: tallies of whole logs against figures, other formats and a plain form of itself.

mod cases;
mod formats;
mod properties;
mod reference;
mod totals;
