//! What `check` found, before it is written as text or as JSON.

use std::path::Path;

use crate::ingest::{AbsentColumn, LogReader};
use crate::survey::{Finding, Survey};

/// What was found.
pub(super) struct Checked<'r> {
    pub(super) reader: &'r LogReader<'r>,
    pub(super) survey: Survey,
    /// Files whose rows contradict their statistics.
    pub(super) wrong: Vec<String>,
    /// Columns of JSON that no line shows.
    pub(super) absent: Vec<AbsentColumn>,
    pub(super) findings: Vec<Finding>,
    /// The name of the zone of days and hours.
    pub(super) zone: String,
    /// The file that has the rejects, if they were asked for.
    pub(super) written: Option<&'r Path>,
}
