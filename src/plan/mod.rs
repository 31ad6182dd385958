//! Questions → measured tables: where rows land, clips and budget, fixed before any log is read.

mod layout;
mod tables;

pub use layout::{Cells, Layout};
pub use tables::{Contribution, MeasuredTable, measured_tables};
