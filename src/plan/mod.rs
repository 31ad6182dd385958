//! Questions → measured tables: where rows land, clips and budget, fixed before any log is read.
//!
//! In: a release and the budget of a block. Out: a [`Plan`]. Its tables are frozen in the ledger
//! with the reservation; layout and cells follow from the release file and the tables.

mod axis;
mod cells;
pub mod class_clips;
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
mod shape_targets;
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
pub use shape_targets::ShapeTargets;
pub use table::MeasuredTable;

use std::collections::{BTreeMap, HashMap};

use kinds::Needs;

use crate::Result;
use crate::release_file::ReleaseFile;
use crate::release_file::measure::Measure;
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
    /// Where the prefixes that were found for each question lie in tables of shapes, ascending; empty
    /// before they are found.
    pub prefix_places: BTreeMap<String, HashMap<u64, u32>>,
    /// Whose rows are bounded.
    pub unit: Unit,
    /// The limit on what is asked about one target in tables of shapes; such a plan needs one if persons
    /// are the unit.
    pub shape_targets: Option<ShapeTargets>,
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
        // A question may need them whatever is measured first.
        let mut measures = release_file.questions.iter().map(|question| &question.measure);
        let has_targets = release_file.ledger.unit == Unit::PersonDay
            || measures.any(Measure::reads_targets)
            || tables.iter().any(|table| table.contribution.kind().needs() >= Needs::Targets);
        let layout = Layout::new(&release_file.questions)?.with_targets(has_targets);
        let cells = tables
            .iter()
            .map(|table| table.cells(&layout, &release_file.questions))
            .collect::<Result<_>>()?;
        let lookups = LookupMarginals::new(&release_file.questions)?;
        let (prefix_places, shape_targets) = (BTreeMap::new(), None);
        let unit = release_file.ledger.unit;
        Ok(Self { layout, tables, cells, lookups, prefix_places, unit, shape_targets })
    }

    /// The number of cells of each table.
    #[must_use]
    pub fn sizes(&self) -> Vec<u32> {
        let size = |(table, cells): (&MeasuredTable, &Cells)| match self.places(table) {
            // Behind the prefixes that were found are all others.
            Some(places) => u32::try_from(places.len()).map_or(u32::MAX, |places| places + 1),
            None => cells.count(),
        };
        self.tables.iter().zip(&self.cells).map(size).collect()
    }

    /// In which cell of a table each found prefix counts; `None` if it does not go by prefixes, or if
    /// they are not found yet.
    #[must_use]
    pub fn places(&self, table: &MeasuredTable) -> Option<&HashMap<u64, u32>> {
        let goes_by_prefixes = table.contribution.kind().needs() == Needs::Places;
        table
            .role
            .question()
            .filter(|_| goes_by_prefixes)
            .and_then(|name| self.prefix_places.get(name))
    }
}

#[cfg(test)]
mod tests;
