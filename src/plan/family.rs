//! Marginals of one log measured with independent noise: which table informs which marginal, and how
//! precisely.
//!
//! A set of axes is a marginal. Its *interactions* are the parts that belong to each subset of its
//! axes alone; every table that has those axes measures the interaction, and the least-squares
//! estimate is their mean weighted by precision. The formulas are exact for independent noise that
//! is equal within each table (docs/mechanisms.md, section 5).

/// A set of axes, one bit for each.
pub type AxisSet = u32;

/// The most axes that questions over lookups may have together.
pub(super) const MOST_AXES: usize = 30;

/// The tables that measure lookups: their axes and the variance of each cell's noise.
#[derive(Debug, Clone)]
pub struct Family {
    sizes: Vec<u64>,
    tables: Vec<(AxisSet, f64)>,
    /// The loose marginals: what belongs to their axes is taken only from their own tables.
    loose: Vec<AxisSet>,
}

/// The weights of a sum along one axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Along {
    /// All of them added up.
    pub sum: f64,
    /// Their squares added up.
    pub squares: f64,
}

impl Along {
    /// Adds up `count` values of the axis, each counted once.
    #[must_use]
    pub const fn values(count: usize) -> Self {
        Self { sum: count as f64, squares: count as f64 }
    }
}

/// Whether the sum over all cells is measured by the family's tables, or known from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// By the tables.
    Measured,
    /// From elsewhere: its noise is not counted.
    Apart,
}

impl Family {
    /// `sizes` gives each axis's number of values, `tables` each table's axes and noise variance.
    #[must_use]
    pub const fn new(sizes: Vec<u64>, tables: Vec<(AxisSet, f64)>) -> Self {
        Self { sizes, tables, loose: Vec::new() }
    }

    /// Takes what belongs to the axes of these marginals only from their own tables, because finer
    /// tables bound heavy users more tightly.
    #[must_use]
    pub fn with_loose(mut self, loose: &[AxisSet]) -> Self {
        self.loose = loose.to_vec();
        self
    }

    /// How many cells the marginal of these axes has.
    #[must_use]
    pub fn cells(&self, set: AxisSet) -> f64 {
        self.axes(set).map(|axis| self.size(axis)).product()
    }

    /// The axes of a set, ascending.
    pub fn axes(&self, set: AxisSet) -> impl Iterator<Item = usize> + use<> {
        (0..self.sizes.len()).filter(move |axis| set >> axis & 1 == 1)
    }

    /// The weight of each table for an interaction, summing to one; `None` if no table has it.
    ///
    /// # Shapes
    /// One weight per table, for the marginal that the table gives of these axes.
    #[must_use]
    pub fn weights(&self, interaction: AxisSet) -> Option<Vec<f64>> {
        let precision = self.precisions(interaction);
        let total: f64 = precision.iter().sum();
        (total > 0.0).then(|| precision.iter().map(|one| one / total).collect())
    }

    /// The variance of a cell of the interaction's combined marginal.
    #[must_use]
    pub fn combined_variance(&self, interaction: AxisSet) -> Option<f64> {
        let total: f64 = self.precisions(interaction).iter().sum();
        (total > 0.0).then(|| 1.0 / total)
    }

    /// The variance of each cell of the least-squares estimate of a marginal; `None` if no table has
    /// its axes.
    #[must_use]
    pub fn variance(&self, marginal: AxisSet) -> Option<f64> {
        let one = vec![Along::values(1); self.axes(marginal).count()];
        self.sum_variance(marginal, &one, Empty::Measured)
    }

    /// The variance of a weighted sum over cells of the estimate of a marginal; `None` if no table
    /// has its axes.
    ///
    /// # Shapes
    /// The weight of a cell is the product of one weight for each axis; `along` has those of each axis,
    /// axes ascending.
    #[must_use]
    pub fn sum_variance(&self, marginal: AxisSet, along: &[Along], empty: Empty) -> Option<f64> {
        let cells = self.cells(marginal);
        subsets(marginal)
            .filter(|interaction| *interaction != 0 || empty == Empty::Measured)
            .map(|interaction| {
                let mut factor = self.cells(interaction) / cells;
                for (axis, along) in self.axes(marginal).zip(along) {
                    let even = along.sum * along.sum / self.size(axis);
                    factor *=
                        if interaction >> axis & 1 == 1 { along.squares - even } else { even };
                }
                Some(factor * self.combined_variance(interaction)?)
            })
            .sum()
    }

    /// How many independent numbers an interaction has.
    #[must_use]
    pub fn freedom(&self, interaction: AxisSet) -> f64 {
        self.axes(interaction).map(|axis| self.size(axis) - 1.0).product()
    }

    /// The precision with which each table gives a cell of the marginal of these axes.
    fn precisions(&self, interaction: AxisSet) -> Vec<f64> {
        let cells = self.cells(interaction);
        let says = |axes: AxisSet| axes & interaction == interaction;
        // The sum over the whole log is known from the total, and from every table alike.
        let is_loose = interaction != 0 && self.loose.iter().any(|axes| says(*axes));
        self.tables
            .iter()
            .map(|(axes, variance)| {
                let counts = says(*axes) && (!is_loose || self.loose.contains(axes));
                if counts && variance.is_finite() && *variance > 0.0 {
                    cells / (variance * self.cells(*axes))
                } else {
                    0.0
                }
            })
            .collect()
    }

    fn size(&self, axis: usize) -> f64 {
        self.sizes.get(axis).copied().unwrap_or(1) as f64
    }
}

/// Every subset of a set, itself and the empty one included.
pub fn subsets(set: AxisSet) -> impl Iterator<Item = AxisSet> {
    let mut next = Some(set);
    std::iter::from_fn(move || {
        let this = next?;
        next = (this != 0).then(|| (this - 1) & set);
        Some(this)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsets_are_all_and_each_once() {
        let mut seen: Vec<AxisSet> = subsets(0b1011).collect();
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2, 3, 8, 9, 10, 11]);
        assert_eq!(subsets(0).collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn one_table_gives_what_adding_up_its_cells_gives() {
        let family = Family::new(vec![24, 21, 5], vec![(0b111, 2.0)]);
        for (marginal, cells_added) in [(0b111, 1.0), (0b011, 5.0), (0b100, 504.0), (0, 2_520.0)] {
            let variance = family.variance(marginal).unwrap();
            assert!((variance - 2.0 * cells_added).abs() < 1e-9, "{variance}");
        }
        assert!(Family::new(vec![2, 2], vec![(0b01, 1.0)]).variance(0b10).is_none());
    }

    #[test]
    fn two_tables_agree_with_dense_least_squares() {
        // Two axes of 2 and 3 values, both margins measured beside the whole: the normal equations
        // solved by hand for the total and for a cell of the first margin.
        let family = Family::new(vec![2, 3], vec![(0b11, 1.0), (0b01, 1.0), (0b10, 1.0)]);
        // The total: six cells (variance 6), two cells (2), three cells (3).
        let total = 1.0 / (1.0 / 6.0 + 1.0 / 2.0 + 1.0 / 3.0);
        assert!((family.variance(0).unwrap() - total).abs() < 1e-12);
        // A cell of the first margin: half the total plus half the difference; the difference is
        // known from the whole (variance 6) and the first margin (2).
        let difference = 1.0 / (1.0 / 6.0 + 1.0 / 2.0);
        assert!((family.variance(0b01).unwrap() - (total + difference) / 4.0).abs() < 1e-12);
    }

    /// The matrix whose rows are the weights that a table's marginal gives each cell of the whole.
    fn adding_up(sizes: &[usize], axes: AxisSet) -> Vec<Vec<f64>> {
        let cells: usize = sizes.iter().product();
        let place = |mut cell: usize| {
            let (mut place, mut stride) = (0, 1);
            for (axis, size) in sizes.iter().enumerate().rev() {
                if axes >> axis & 1 == 1 {
                    place += cell % size * stride;
                    stride *= size;
                }
                cell /= size;
            }
            place
        };
        let rows = (0..cells).map(place).max().unwrap() + 1;
        let mut matrix = vec![vec![0.0; cells]; rows];
        (0..cells).for_each(|cell| matrix[place(cell)][cell] = 1.0);
        matrix
    }

    /// Solves a system of linear equations by elimination.
    fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
        let count = right.len();
        for pivot in 0..count {
            let best = (pivot..count)
                .max_by(|a, b| matrix[*a][pivot].abs().total_cmp(&matrix[*b][pivot].abs()));
            matrix.swap(pivot, best.unwrap());
            right.swap(pivot, best.unwrap());
            for row in (0..count).filter(|row| *row != pivot) {
                let factor = matrix[row][pivot] / matrix[pivot][pivot];
                let taken = matrix[pivot].clone();
                matrix[row].iter_mut().zip(taken).for_each(|(one, off)| *one -= factor * off);
                right[row] -= factor * right[pivot];
            }
        }
        (0..count).map(|row| right[row] / matrix[row][row]).collect()
    }

    #[test]
    fn sums_over_cells_agree_with_dense_least_squares() {
        let sizes = [3, 4, 2];
        let tables = [(0b111, 1.0), (0b011, 0.5), (0b100, 2.0), (0b010, 0.25)];
        let family = Family::new(vec![3, 4, 2], tables.to_vec());
        let mut normal = vec![vec![0.0; 24]; 24];
        for (axes, variance) in tables {
            for row in adding_up(&sizes, axes) {
                for (left, one) in row.iter().enumerate() {
                    for (right, two) in row.iter().enumerate() {
                        normal[left][right] += one * two / variance;
                    }
                }
            }
        }
        // Weights along each axis: some values, all of them, one, and a difference.
        let along = [vec![1.0, 1.0, 0.0], vec![1.0; 4], vec![1.0, 0.0]];
        let other = [vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 1.0, 1.0], vec![1.0, -1.0]];
        for weights in [along, other] {
            let cell = |cell: usize| {
                weights[0][cell / 8] * weights[1][cell / 2 % 4] * weights[2][cell % 2]
            };
            let vector: Vec<f64> = (0..24).map(cell).collect();
            let solved = solve(normal.clone(), vector.clone());
            let dense: f64 = vector.iter().zip(solved).map(|(one, two)| one * two).sum();
            let along = weights.map(|weights| Along {
                sum: weights.iter().sum(),
                squares: weights.iter().map(|weight| weight * weight).sum(),
            });
            let closed = family.sum_variance(0b111, &along, Empty::Measured).unwrap();
            assert!((closed / dense - 1.0).abs() < 1e-9, "{closed} {dense}");
        }
    }

    #[test]
    fn an_axis_added_up_whole_is_an_axis_left_out() {
        let family = Family::new(vec![3, 4, 2], vec![(0b111, 1.0), (0b011, 0.5), (0b010, 2.0)]);
        for empty in [Empty::Measured, Empty::Apart] {
            let whole = [Along::values(3), Along::values(2), Along::values(2)];
            let over = family.sum_variance(0b111, &whole, empty).unwrap();
            let without = family.sum_variance(0b010, &whole[1..2], empty).unwrap();
            assert!((over / without - 1.0).abs() < 1e-12);
        }
        let all = [Along::values(3), Along::values(4), Along::values(2)];
        let nothing = family.sum_variance(0b111, &all, Empty::Apart).unwrap();
        assert!(nothing.abs() < 1e-12, "without the empty interaction the sum over all is known");
    }

    #[test]
    fn a_loose_table_alone_decides_what_belongs_to_its_axes() {
        let tables = vec![(0b11, 1.0), (0b01, 9.0), (0b10, 1.0)];
        let family = Family::new(vec![4, 3], tables).with_loose(&[0b01]);
        assert_eq!(family.weights(0b01).unwrap(), [0.0, 1.0, 0.0]);
        assert!((family.combined_variance(0b01).unwrap() - 9.0).abs() < 1e-12);
        // The others are unchanged: a cell of the second margin adds four of the whole.
        assert_eq!(family.weights(0b10).unwrap(), [0.2, 0.0, 0.8]);
        assert_eq!(family.weights(0b11).unwrap(), [1.0, 0.0, 0.0]);
        assert!(family.weights(0).unwrap().iter().all(|weight| *weight > 0.0));
    }

    #[test]
    fn another_table_never_hurts() {
        let alone = Family::new(vec![4, 3, 2], vec![(0b111, 1.0)]);
        let both = Family::new(vec![4, 3, 2], vec![(0b111, 1.0), (0b110, 0.5)]);
        for marginal in subsets(0b111) {
            assert!(both.variance(marginal).unwrap() <= alone.variance(marginal).unwrap() + 1e-12);
        }
    }
}
