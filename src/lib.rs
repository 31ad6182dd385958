//! Operational answers from lookup logs, without exposing any individual contact.
//!
//! ```text
//! logs ──> ingest ──> retain ──> bound + aggregate ──> release ──> publish ──> Parquet, manifest
//! files    Lookups    Retained   ExactTally            NoisyTable             (public from here on)
//!                                (secret)                 │
//!           release file ── plan ── ledger (reserved → drawn → committed → published)
//! ```
//!
//! Each stage takes the type on its left and returns the type on its right. Only `release` turns an
//! exact tally into noisy tables, and `publish` accepts nothing else. Deletion and legal holds, which
//! act on the log files themselves, are in `custody`, outside of this flow. `docs/architecture.md`
//! describes the way of a row and of a charge.

#[macro_use]
mod mutants;

pub mod error;
mod files;
pub mod footer;
pub mod plan;
pub mod release_file;
pub mod words;

pub mod aggregate;
pub mod bound;
pub mod cluster;
pub mod custody;
pub mod engine;
pub mod ingest;
pub mod init;
pub mod ledger;
pub mod phone;
pub mod publish;
pub mod release;
pub mod report;
pub mod retain;
pub mod simulate;
pub mod survey;

pub mod pipeline;

pub mod audit;

pub mod cli;

pub use error::{Error, Kind, Result};
