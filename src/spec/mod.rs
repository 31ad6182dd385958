//! The release file: what was typed, then what it means.

pub mod privacy_loss;
pub mod window;
