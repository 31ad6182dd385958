//! Questions → measured tables: where rows land, clips and budget, fixed before any log is read.
//!
//! In: a release and the budget of a block. Out: a [`Plan`]. Its tables are frozen in the ledger
//! with the reservation; layout and cells follow from the release file alone.

mod layout;
mod tables;

pub use layout::{Cells, Layout};
pub use tables::{Contribution, MeasuredTable, measured_tables};

use crate::Result;
use crate::spec::Release;
use crate::spec::privacy_loss::NanoRho;

/// What is measured for a release, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// All keys as digits of one number.
    pub layout: Layout,
    /// The measured tables, one for each question in the order of the release file.
    pub tables: Vec<MeasuredTable>,
    /// Where atoms land in each table.
    pub cells: Vec<Cells>,
}

impl Plan {
    /// Plans a release on blocks with this budget.
    ///
    /// # Errors
    /// Usage, for keys that cannot be laid out; refused, when the budget is too small.
    pub fn new(release: &Release, budget: NanoRho) -> Result<Self> {
        Self::with_tables(release, measured_tables(release, budget)?)
    }

    /// The plan of a release with tables that were frozen before.
    ///
    /// # Errors
    /// Usage, for keys that cannot be laid out.
    pub fn with_tables(release: &Release, tables: Vec<MeasuredTable>) -> Result<Self> {
        let layout = Layout::new(&release.questions)?;
        let cells = release
            .questions
            .iter()
            .map(|question| layout.cells(question))
            .collect::<Result<_>>()?;
        Ok(Self { layout, tables, cells })
    }
}
