//! Exact counts, from tables that bound nothing: what readers are compared by.
//!
//! With clips of one the classes of a table add up to plain counts: each requester's weights give its
//! number of lookups back, times the shares of its cells.

use crate::Result;
use crate::engine::DayRows;
use crate::ingest::{LogReader, RowCounts};
use crate::plan::kinds::{CLASSES, SHAPE_BITS, Shapes, nodes};
use crate::plan::{Asked, Axis, Contribution, MeasuredTable, Plan, Role, TableAxes};
use crate::release_file::ReleaseFile;
use crate::release_file::day::DayBounds;
use crate::release_file::lattice::Clip;
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};

/// The tables of the questions about requesters, with clips that cut nothing.
pub(super) fn own_tables(release_file: &ReleaseFile) -> Vec<MeasuredTable> {
    let of = |question: &crate::release_file::question::Question| {
        let (contribution, axes) = Contribution::of_requesters(question)?;
        let role = Role::Own { question: question.name.clone() };
        let cells = question.by.iter().map(|key| key.size()).product::<u64>();
        let clip = Clip::root_of(u32::try_from(cells).unwrap());
        Some(table(question.name.clone(), role, axes, contribution, clip))
    };
    release_file.questions.iter().filter_map(of).collect()
}

fn table(
    name: String,
    role: Role,
    axes: Vec<Axis>,
    contribution: Contribution,
    clip: Clip,
) -> MeasuredTable {
    let (target_clip, charge, key_delta) = (None, NanoRho::ZERO, AttoDelta::ZERO);
    MeasuredTable { name, role, axes, contribution, clip, target_clip, charge, key_delta }
}

/// The tables that the questions of a release file need, each in whole lookups or requesters.
pub(super) struct Counted {
    pub(super) plan: Plan,
    /// The name of each table: a question about requesters, or what lookups are counted by.
    pub(super) names: Vec<String>,
}

impl Counted {
    pub(super) fn new(release_file: &ReleaseFile) -> Self {
        let asked = Asked::new(&release_file.questions).unwrap();
        let mut names: Vec<String> = Vec::new();
        let mut tables = Vec::new();
        for of in &asked.tables {
            let axes = asked.named(&TableAxes { places: of.axes.clone(), in_blocks: false });
            let words: Vec<String> = axes.iter().map(Axis::words).collect();
            let name = match words.as_slice() {
                [] => "all lookups".to_owned(),
                words => format!("lookups by {}", words.join(", ")),
            };
            if names.contains(&name) {
                continue;
            }
            for class in 0..10 {
                let shapes = Contribution::Shapes(Shapes { class });
                let name = format!("{name}, class {class}");
                tables.push(table(name, Role::Shapes, axes.clone(), shapes, Clip::whole(1)));
            }
            names.push(name);
        }
        let own = own_tables(release_file);
        names.extend(own.iter().map(|table| table.name.clone()));
        tables.extend(own);
        Self { plan: Plan::for_test(release_file, tables), names }
    }

    /// The counts of a day.
    pub(super) fn of_day(
        &self,
        release_file: &ReleaseFile,
        bounds: &DayBounds,
    ) -> Result<(Vec<Vec<i64>>, RowCounts)> {
        let keys = self.plan.layout.keys();
        let reader = LogReader::open(&release_file.logs, keys, Some(bounds))?;
        let (mut rows, counts) = DayRows::gather(&reader, bounds, &self.plan, usize::MAX)?;
        let exact = rows.tally(&self.plan, &release_file.exempt)?;
        let classes = (self.plan.tables.len() - own_count(&self.plan)) / CLASSES;
        let mut tables: Vec<Vec<i64>> = (0..classes)
            .map(|table| {
                let of_class = |class: usize| exact.table(table * CLASSES + class).unwrap();
                (0..of_class(0).len())
                    .map(|cell| whole((0..CLASSES).map(|class| of_class(class)[cell])))
                    .collect()
            })
            .collect();
        for place in classes * CLASSES..self.plan.tables.len() {
            let steps = exact.table(place).unwrap();
            tables.push(steps.iter().map(|steps| steps >> SHAPE_BITS).collect());
        }
        Ok((tables, counts))
    }
}

fn own_count(plan: &Plan) -> usize {
    plan.tables.iter().filter(|table| table.role != Role::Shapes).count()
}

/// Lookups from what each class holds of a cell, which rounding makes a little less.
fn whole(steps: impl Iterator<Item = i64>) -> i64 {
    let lookups: i128 =
        nodes().iter().zip(steps).map(|(node, steps)| i128::from(*node) * i128::from(steps)).sum();
    let one = 1_i128 << SHAPE_BITS;
    i64::try_from((lookups + one - 1) / one).unwrap()
}
