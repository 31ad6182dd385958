//! Questions → measured tables: where rows land, fixed before any log is read.

mod layout;

pub use layout::{Cells, Layout};
