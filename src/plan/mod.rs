//! Questions → measured tables: where rows land, clips and noise.
//!
//! What a release may spend is divided before any log is read ([`Split`]) and frozen in the ledger with
//! the reservation. The first table is the look; what is measured then is a pure function of the
//! release file, the split, the noisy look and the prefixes that were found ([`Plan::of_day`]).

mod asked;
mod axis;
mod cells;
pub mod class_clips;
mod class_tables;
pub mod distinct;
pub mod kinds;
mod layout;
mod role;
mod shape_targets;
mod split;
mod table;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

pub use asked::{Asked, AskedAxis, AskedTable};
pub use axis::Axis;
pub use cells::{CellPart, Cells, condition_met};
pub use class_tables::{AxisSize, ClassTable, TableAxes, TableShare, class_tables, kept};
pub use kinds::Contribution;
pub use layout::{Digit, Layout};
pub use role::Role;
pub use shape_targets::ShapeTargets;
pub use split::Split;
pub use table::MeasuredTable;
pub use tables::ClassNumbers;

use kinds::PrefixPlaces;
use tables::Tables;

use crate::Result;
use crate::release_file::ReleaseFile;
use crate::release_file::measure::Measure;
use crate::release_file::unit::Unit;

/// For each question with private prefixes those that are known or were found.
pub type FoundPrefixes = BTreeMap<String, BTreeSet<u64>>;

/// What is measured, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// All keys as digits of one number.
    pub layout: Layout,
    /// The measured tables.
    pub tables: Vec<MeasuredTable>,
    /// Where atoms land in each table.
    pub cells: Vec<Cells>,
    /// The axes and tables of shapes that the questions ask for.
    pub asked: Asked,
    /// The cell of each prefix, by the question that asks for prefixes.
    pub prefix_places: BTreeMap<String, PrefixPlaces>,
    /// Whose rows are bounded.
    pub unit: Unit,
    /// The limit on what is asked about one target in tables of shapes; a plan with such tables
    /// needs one if persons are the unit.
    pub shape_targets: Option<ShapeTargets>,
}

impl Plan {
    /// The plan of the look: one table.
    ///
    /// # Errors
    /// Usage, for keys that cannot be laid out.
    pub fn of_look(release_file: &ReleaseFile, split: &Split) -> Result<Self> {
        let tables = vec![Tables { release_file, split }.look()];
        Self::with_tables(
            release_file,
            Asked::new(&release_file.questions)?,
            tables,
            &FoundPrefixes::new(),
        )
    }

    /// The plan of all other tables, on a day with these numbers of requesters in each class and these
    /// prefixes.
    ///
    /// # Privacy
    /// A pure function of what is public.
    ///
    /// # Errors
    /// Usage, for keys that cannot be laid out.
    pub fn of_day(
        release_file: &ReleaseFile,
        split: &Split,
        numbers: &ClassNumbers,
        found: &FoundPrefixes,
    ) -> Result<Self> {
        let mut asked = Asked::new(&release_file.questions)?;
        for (question, prefixes) in found {
            asked.set_prefixes(question, prefixes.len() as u64 + 1);
        }
        let tables = Tables { release_file, split }.of_day(&asked, numbers)?;
        Self::with_tables(release_file, asked, tables, found)
    }

    /// The rounds that find private prefixes, in the order in which they are drawn.
    pub fn prefix_rounds(release_file: &ReleaseFile, split: &Split) -> Vec<MeasuredTable> {
        Tables { release_file, split }.prefix_rounds()
    }

    /// The plan of these tables.
    ///
    /// # Errors
    /// Usage, for keys that cannot be laid out; internal, for tables of another release.
    fn with_tables(
        release_file: &ReleaseFile,
        asked: Asked,
        tables: Vec<MeasuredTable>,
        found: &FoundPrefixes,
    ) -> Result<Self> {
        // Rows are read once, so they keep their targets if any question will need them.
        let mut measures = release_file.questions.iter().map(|question| &question.measure);
        let has_targets =
            release_file.ledger.unit == Unit::PersonDay || measures.any(Measure::reads_targets);
        let layout = Layout::new(&release_file.questions)?.with_targets(has_targets);
        let cells = tables
            .iter()
            .map(|table| table.cells(&layout, &release_file.questions))
            .collect::<Result<_>>()?;
        let places = |prefixes: &BTreeSet<u64>| prefixes.iter().copied().zip(0..).collect();
        let prefix_places =
            found.iter().map(|(question, found)| (question.clone(), places(found))).collect();
        let unit = release_file.ledger.unit;
        Ok(Self { layout, tables, cells, asked, prefix_places, unit, shape_targets: None })
    }

    /// The plan of these tables, for tests.
    #[cfg(test)]
    pub(crate) fn for_test(release_file: &ReleaseFile, tables: Vec<MeasuredTable>) -> Self {
        let asked = Asked::new(&release_file.questions).unwrap();
        Self::with_tables(release_file, asked, tables, &FoundPrefixes::new()).unwrap()
    }

    /// The number of cells of each table.
    pub fn sizes(&self) -> Vec<u32> {
        let size = |(table, cells): (&MeasuredTable, &Cells)| match self.places(table) {
            // Behind the prefixes that were found are all others.
            Some(places) => u32::try_from(places.len()).map_or(u32::MAX, |places| places + 1),
            None => cells.count(),
        };
        self.tables.iter().zip(&self.cells).map(size).collect()
    }

    /// In which cell of a table each found prefix counts; `None` if it does not go by prefixes.
    pub fn places(&self, table: &MeasuredTable) -> Option<&PrefixPlaces> {
        table.axes.iter().find_map(|axis| match axis {
            Axis::Prefix(question) => self.prefix_places.get(question),
            _ => None,
        })
    }
}
