//! Marginals of one log measured with independent noise: who informs whom, and how well.
//!
//! A set of axes is a marginal. Its *interactions* are the parts that belong to each subset of its
//! axes alone; every table that has those axes measures the interaction, and the least-squares
//! estimate is their mean weighted by precision. The formulas are exact for independent noise that
//! is equal within each table (MECHANISMS 3.1; ResidualPlanner's closed form).

/// A set of axes, one bit for each.
pub type AxisSet = u32;

/// The most axes that questions over lookups may have together.
pub(super) const MOST_AXES: usize = 30;

/// The tables that measure lookups: their axes and the variance of each cell's noise.
#[derive(Debug, Clone)]
pub struct Family {
    sizes: Vec<u64>,
    tables: Vec<(AxisSet, f64)>,
}

impl Family {
    /// `sizes` gives each axis's number of values, `tables` each table's axes and noise variance.
    #[must_use]
    pub const fn new(sizes: Vec<u64>, tables: Vec<(AxisSet, f64)>) -> Self {
        Self { sizes, tables }
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

    /// How much each table counts for an interaction, summing to one; none where no table has it.
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

    /// The variance of each cell of the least-squares estimate of a marginal; none when no table
    /// has its axes.
    #[must_use]
    pub fn variance(&self, marginal: AxisSet) -> Option<f64> {
        let cells = self.cells(marginal);
        subsets(marginal)
            .map(|interaction| {
                let share = self.cells(interaction) / cells;
                Some(
                    share * self.freedom(interaction) / cells
                        * self.combined_variance(interaction)?,
                )
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
        self.tables
            .iter()
            .map(|(axes, variance)| {
                if axes & interaction == interaction && variance.is_finite() && *variance > 0.0 {
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

    #[test]
    fn another_table_never_hurts() {
        let alone = Family::new(vec![4, 3, 2], vec![(0b111, 1.0)]);
        let both = Family::new(vec![4, 3, 2], vec![(0b111, 1.0), (0b110, 0.5)]);
        for marginal in subsets(0b111) {
            assert!(both.variance(marginal).unwrap() <= alone.variance(marginal).unwrap() + 1e-12);
        }
    }
}
