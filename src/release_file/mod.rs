//! The release file: what was typed, then what it means.

pub mod columns;
pub mod day;
pub mod day_names;
pub mod decimal;
pub mod dialect;
pub mod engine;
pub mod expression;
mod fields;
pub mod file;
pub mod keys;
pub mod lattice;
pub mod logs;
mod marks;
pub mod measure;
pub mod nearest;
pub mod number;
mod parse;
pub mod pattern;
pub mod place;
pub mod prefix;
pub mod privacy_loss;
pub mod question;
mod raw;
pub mod region;
pub mod regions;
pub mod schema;
pub mod time_format;
mod typed;
pub mod unit;
pub(crate) mod value_text;

pub use file::ReleaseFile;
