//! Questions → measured tables: where rows land, clips and budget, fixed before any log is read.
//!
//! In: a release and the budget of a block. Out: a [`Plan`]. Its tables are frozen in the ledger
//! with the reservation; layout and cells follow from the release file and the tables.

mod axis;
mod cells;
mod clips;
mod family;
mod history;
pub mod kinds;
mod layout;
mod lookup_marginals;
mod planner;
mod prefix_tables;
mod published_layers;
mod question_table;
mod role;
mod split;
mod table;

pub use axis::Axis;
pub use cells::{Cells, condition_met};
pub use family::{Along, AxisSet, Empty, Family, subsets};
pub use history::History;
pub use kinds::{Contribution, Layering};
pub use layout::Layout;
pub use lookup_marginals::LookupMarginals;
pub use planner::measured_tables;
pub use published_layers::PublishedLayers;
pub use role::Role;
pub use table::MeasuredTable;

use kinds::Needs;

use crate::Result;
use crate::release_file::ReleaseFile;
use crate::release_file::privacy_loss::NanoRho;
use crate::release_file::unit::Unit;

/// What is measured for a release, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// All keys as digits of one number.
    pub layout: Layout,
    /// The measured tables.
    pub tables: Vec<MeasuredTable>,
    /// Where atoms land in each table.
    pub cells: Vec<Cells>,
    /// What counts and shares are made of.
    pub lookups: LookupMarginals,
}

impl Plan {
    /// Plans a release on blocks with this budget, with what earlier blocks published about
    /// requesters.
    ///
    /// # Errors
    /// Usage, for keys that cannot be laid out; refused, when the budget is too small.
    pub fn new(
        release_file: &ReleaseFile,
        budget: NanoRho,
        history: Option<&History>,
    ) -> Result<Self> {
        Self::with_tables(release_file, measured_tables(release_file, budget, history)?)
    }

    /// The plan of a release with tables that were frozen before.
    ///
    /// # Errors
    /// Usage, for keys that cannot be laid out; internal, for tables of another release.
    pub fn with_tables(release_file: &ReleaseFile, tables: Vec<MeasuredTable>) -> Result<Self> {
        let has_targets = release_file.ledger.unit == Unit::PersonDay
            || tables.iter().any(|table| table.contribution.kind().needs() >= Needs::Targets);
        let layout = Layout::new(&release_file.questions)?.with_targets(has_targets);
        let cells = tables
            .iter()
            .map(|table| table.cells(&layout, &release_file.questions))
            .collect::<Result<_>>()?;
        let lookups = LookupMarginals::new(&release_file.questions)?;
        Ok(Self { layout, tables, cells, lookups })
    }

    /// The number of cells of each table.
    #[must_use]
    pub fn sizes(&self) -> Vec<u32> {
        self.cells.iter().map(Cells::count).collect()
    }
}

#[cfg(test)]
mod tests;
