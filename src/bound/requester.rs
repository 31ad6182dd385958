//! The rows of one partition → bounded contributions, requester by requester.

use super::ball::scale_into_ball;
use super::row_sums::{LIGHT_CLASSES, RowSums};
use super::sorted::{PartitionedRows, RowsBuffer};
use super::tables::{ShapeTable, TableBounds};
use crate::Result;
use crate::plan::kinds::{
    CellAmount, Hat, LIGHT, RequesterRows, TableBound, contribution, regroup,
};

/// Bounds requesters, with buffers that are used for one partition after another.
#[derive(Default)]
pub struct RequesterBounder {
    buffer: RowsBuffer,
    requester: OneRequester,
}

/// Buffers for one requester after another.
#[derive(Default)]
struct OneRequester {
    vector: Vec<CellAmount>,
    /// The vectors that its rows make in tables of shapes, each made when a table first needs it.
    shapes: Vec<Own>,
}

/// One vector of a requester, and the sum of its squares once it is filled.
#[derive(Default)]
struct Own {
    vector: Vec<CellAmount>,
    square: Option<u128>,
}

impl RequesterBounder {
    /// Bounds all requesters of one partition and hands each contribution on as (table, cell, steps).
    ///
    /// # Privacy
    /// For each table that scales into a ball, one requester's contributions have an L2 norm of at most
    /// the clip, whatever its rows; see [`scale_into_ball`]. Those of all tables of shapes are bounded
    /// together: see [`crate::plan::kinds::Hat`]. No requester's scaling depends on another's rows.
    ///
    /// # Errors
    /// I/O, when rows that were written out cannot be read back.
    pub fn bound(
        &mut self,
        day: &PartitionedRows,
        partition: usize,
        tables: &TableBounds<'_>,
        add: &mut impl FnMut(usize, u32, i64),
    ) -> Result<()> {
        let Self { buffer, requester } = self;
        requester.shapes.resize_with(tables.vectors.len(), Own::default);
        buffer.of_each_requester(day, partition, tables.needs, |rows| {
            for (table, bound) in &tables.balls {
                bound.fill(rows, &mut requester.vector);
                scale_into_ball(&requester.vector, bound.clip, |cell, steps| {
                    add(*table, cell, steps);
                });
            }
            requester.add_shapes(rows, tables, add);
            Ok(())
        })
    }
}

impl OneRequester {
    /// Adds the parts of its one or two classes in the tables of shapes.
    fn add_shapes(
        &mut self,
        rows: &RequesterRows<'_>,
        tables: &TableBounds<'_>,
        add: &mut impl FnMut(usize, u32, i64),
    ) {
        let lookups = rows.lookups.unsigned_abs();
        let hat = Hat::of(lookups);
        let is_light = lookups <= LIGHT;
        if is_light {
            add_rows(rows, &hat, &tables.row_sums, add);
        }
        for (class, weight) in hat.weights() {
            for table in &tables.classes[class] {
                if table.holds_all {
                    add(table.table, 0, weight.cast_signed());
                    continue;
                }
                let bound = &tables.vectors[table.vector];
                if is_light && table.adds_rows {
                    if !table.is_summed {
                        let each = each_row(lookups, weight);
                        for atom in rows.atoms {
                            add(table.table, bound.cells.cell(atom.atom), atom.lookups * each);
                        }
                    }
                    continue;
                }
                let square = self.fill(rows, table, bound);
                let light = table.light.as_ref().zip(u64::try_from(square).ok());
                let multiplier = light.and_then(|(light, square)| light.get(lookups, square));
                let multiplier = multiplier.unwrap_or_else(|| {
                    hat.shape_of(square, table.bits).multiplier(table.clip, weight)
                });
                for amount in &self.shapes[table.vector].vector {
                    let steps = contribution(amount.steps.unsigned_abs(), multiplier);
                    add(table.table, amount.cell, steps);
                }
            }
        }
        self.shapes.iter_mut().for_each(|own| own.square = None);
    }

    /// Makes a table's vector if no other table did; returns the sum of its squares.
    fn fill(
        &mut self,
        rows: &RequesterRows<'_>,
        table: &ShapeTable,
        bound: &TableBound<'_>,
    ) -> u128 {
        if let Some(square) = self.shapes[table.vector].square {
            return square;
        }
        let mut vector = std::mem::take(&mut self.shapes[table.vector].vector);
        match &table.finer {
            Some((finer, cells)) if self.shapes[*finer].square.is_some() => {
                regroup(&self.shapes[*finer].vector, cells, &mut vector);
            }
            _ => bound.fill(rows, &mut vector),
        }
        let square = |amount: &CellAmount| u128::from(amount.steps.unsigned_abs()).pow(2);
        let square = vector.iter().map(square).sum();
        self.shapes[table.vector] = Own { vector, square: Some(square) };
        square
    }
}

/// What each row of a requester of few lookups adds in a class in which the requester has this weight.
fn each_row(lookups: u64, weight: u64) -> i64 {
    let mut each = (weight / lookups).cast_signed();
    if mutant!("light-rows-weigh-double") {
        each *= 2;
    }
    each
}

/// Adds the rows of a requester of few lookups to the sums of rows.
fn add_rows(
    rows: &RequesterRows<'_>,
    hat: &Hat,
    row_sums: &[RowSums],
    add: &mut impl FnMut(usize, u32, i64),
) {
    let mut each = [0; LIGHT_CLASSES];
    for (class, weight) in hat.weights() {
        each[class] = each_row(rows.lookups.unsigned_abs(), weight);
    }
    for sums in row_sums {
        for atom in rows.atoms {
            for (cell, each) in (sums.cell(atom.atom)..).zip(each) {
                add(sums.place, cell, atom.lookups * each);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::plan::kinds::{AtomCount, CLASSES, SHAPE_ONE, Shapes, nodes};
    use crate::plan::{Axis, Contribution, MeasuredTable, Plan, Role};
    use crate::release_file::ReleaseFile;
    use crate::release_file::lattice::Clip;
    use crate::release_file::privacy_loss::{AttoDelta, NanoRho};

    const RELEASE: &str = r#"
name = "heavy"
[logs]
path = "*.csv"
identifier = "e164"
[keys]
app = ["a0", "a1", "a2"]
[ledger]
path = "heavy.ledger"
epsilon = 1.0
delta = 1e-6
[[question]]
name = "volume"
count = "lookups"
by = ["hour", "app"]
"#;

    /// In every class by hour and app, by hour and by app, under other clips.
    fn plan(clips: [u64; 3]) -> Plan {
        let release_file = ReleaseFile::parse(RELEASE, "heavy.toml", Path::new(".")).unwrap();
        let table = |class: usize, axes: &[&str], clip: u64| MeasuredTable {
            name: format!("{class} {axes:?}"),
            role: Role::Shapes,
            axes: axes.iter().map(|name| Axis::Key((*name).to_owned())).collect(),
            contribution: Contribution::Shapes(Shapes { class: u8::try_from(class).unwrap() }),
            clip: Clip::lattice(clip),
            target_clip: None,
            charge: NanoRho::ZERO,
            key_delta: AttoDelta::ZERO,
        };
        let axes: [&[&str]; 3] = [&["hour", "app"], &["hour"], &["app"]];
        let of_class =
            |class| axes.into_iter().zip(clips).map(move |(axes, clip)| table(class, axes, clip));
        Plan::for_test(&release_file, (0..CLASSES).flat_map(of_class).collect())
    }

    /// What one requester adds, by table and cell.
    fn added(plan: &Plan, atoms: &[AtomCount]) -> BTreeMap<(usize, u32), i64> {
        let tables = TableBounds::of(plan);
        assert_eq!(tables.vectors.len(), 3);
        let lookups = atoms.iter().map(|atom| atom.lookups).sum();
        let rows = RequesterRows { number: 0, lookups, atoms, pairs: &[] };
        let mut requester = OneRequester::default();
        requester.shapes.resize_with(tables.vectors.len(), Own::default);
        let mut added = BTreeMap::new();
        let mut row_sums: Vec<Vec<i64>> =
            tables.row_sums().map(|cells| vec![0; cells as usize]).collect();
        let mut add = |table: usize, cell, steps| match table.checked_sub(plan.tables.len()) {
            None => *added.entry((table, cell)).or_default() += steps,
            Some(place) => row_sums[place][cell as usize] += steps,
        };
        requester.add_shapes(&rows, &tables, &mut add);
        tables.spread(&row_sums, &mut |table, cell, steps| {
            *added.entry((table, cell)).or_default() += steps;
        });
        added.retain(|_, steps| *steps != 0);
        added
    }

    #[test]
    fn each_row_of_a_light_requester_enters_every_table_that_cuts_nothing() {
        let plan = plan([SHAPE_ONE; 3]);
        let strides = plan.layout.strides();
        for lookups in 1..=LIGHT {
            // One row by itself and the others in two cells of one hour.
            let of_cell = |cell: u64, lookups: u64| AtomCount {
                atom: cell / 4 * strides[0] + cell % 4 * strides[1],
                lookups: lookups.cast_signed(),
            };
            let atoms = [of_cell(5, 1), of_cell(92, (lookups - 1) / 2), of_cell(94, lookups / 2)];
            let atoms: Vec<AtomCount> = atoms.into_iter().filter(|atom| atom.lookups > 0).collect();
            let mut expected = BTreeMap::new();
            for (class, weight) in Hat::of(lookups).weights() {
                for (atom, cell) in atoms.iter().map(|atom| (atom, atom.atom)) {
                    let (hour, app) = (cell / strides[0], cell % strides[0] / strides[1]);
                    for (table, cell) in [4 * hour + app, hour, app].into_iter().enumerate() {
                        let cell = u32::try_from(cell).unwrap();
                        let steps = atom.lookups * (weight / lookups).cast_signed();
                        *expected.entry((3 * class + table, cell)).or_default() += steps;
                    }
                }
            }
            assert_eq!(added(&plan, &atoms), expected, "{lookups}");
        }
    }

    #[test]
    fn heavy_requesters_stay_within_every_clip_however_their_rows_lie() {
        let clips = [83_886, 325_058, 1 << 20];
        let plan = plan(clips);
        let strides = plan.layout.strides();
        // 24 hours by four apps; all in one cell, evenly, and most in one.
        let atom = |cell: u64| cell / 4 * strides[0] + cell % 4 * strides[1];
        let sizes = nodes().into_iter().flat_map(|node| [node - 1, node, node + 1, 3 * node]);
        for lookups in sizes.chain([1_000_000]).map(u64::cast_signed) {
            for spread in [1, 2, 96, 1_000] {
                let part = (lookups / spread).max(1);
                let mut atoms = Vec::new();
                let mut left = lookups;
                for cell in 0..96 {
                    let own = if cell == 95 { left } else { part.min(left) };
                    left -= own;
                    if own > 0 {
                        atoms.push(AtomCount { atom: atom(cell), lookups: own });
                    }
                }
                let hat = Hat::of(lookups.unsigned_abs());
                let all: u128 = hat.weights().map(|(_, weight)| u128::from(weight).pow(2)).sum();
                let mut squares = [0_u128; 3 * CLASSES];
                let mut sums = [0_u64; 3 * CLASSES];
                for ((table, _), steps) in added(&plan, &atoms) {
                    squares[table] += u128::from(steps.unsigned_abs()).pow(2);
                    sums[table] += steps.unsigned_abs();
                }
                for table in 0..3 * CLASSES {
                    let weight = hat.weight(table / 3);
                    let most = u128::from(clips[table % 3] * weight).pow(2);
                    assert!(squares[table] * all <= most, "{lookups} {spread} {table}");
                    if table % 3 == 2 {
                        // Every row has an app, so that a clip of one keeps the whole weight.
                        assert!(sums[table] <= weight && weight - sums[table] <= LIGHT);
                    }
                }
            }
        }
    }
}
