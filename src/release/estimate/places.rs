//! Where the cells of a level lie in a coarser one, in runs of neighbouring cells.
//!
//! The last axes of a level are all kept by the coarser one, or all added up; their cells make a run. What
//! is done to cells goes run by run, which takes a third of the time that it takes cell by cell. Sums
//! add cells up in their order, whatever the runs are, so that they are the same to the last bit.

/// For each cell of a level, in order, its cell in a coarser one.
pub(super) struct Places {
    /// The place of the first cell of each run.
    heads: Vec<u32>,
    /// How many cells a run has.
    run: usize,
    /// Whether the cells of a run share a place; otherwise their places are neighbours too.
    is_shared: bool,
}

impl Places {
    pub(super) const fn new(heads: Vec<u32>, run: usize, is_shared: bool) -> Self {
        Self { heads, run, is_shared }
    }

    /// The place of each cell.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let step = usize::from(!self.is_shared);
        let of_run = move |head: &u32| {
            let head = *head as usize;
            (0..self.run).map(move |cell| head + cell * step)
        };
        self.heads.iter().flat_map(of_run)
    }

    /// Adds the cells up by their places, of which there are `count`.
    pub(super) fn margin(&self, cells: &[f64], count: usize) -> Vec<f64> {
        let mut sums = vec![0.0; count];
        // Most keys have few values: runs of a known length need no loop.
        match self.run {
            1 => self.add_short::<1>(cells, &mut sums),
            2 => self.add_short::<2>(cells, &mut sums),
            3 => self.add_short::<3>(cells, &mut sums),
            4 => self.add_short::<4>(cells, &mut sums),
            5 => self.add_short::<5>(cells, &mut sums),
            6 => self.add_short::<6>(cells, &mut sums),
            run => {
                for (run, head) in cells.chunks_exact(run).zip(&self.heads) {
                    let own = &mut sums[*head as usize..];
                    if self.is_shared {
                        own[0] = run.iter().fold(own[0], |sum, cell| sum + cell);
                    } else {
                        own.iter_mut().zip(run).for_each(|(sum, cell)| *sum += cell);
                    }
                }
            }
        }
        sums
    }

    fn add_short<const RUN: usize>(&self, cells: &[f64], sums: &mut [f64]) {
        let mut runs = cells.as_chunks::<RUN>().0;
        if self.is_shared {
            for (run, head) in runs.iter().zip(&self.heads) {
                run.iter().for_each(|cell| sums[*head as usize] += cell);
            }
            return;
        }
        // Runs of the same places follow each other: their sums need not go through memory.
        for heads in self.heads.chunk_by(|left, right| left == right) {
            let Some(own) = sums[heads[0] as usize..].first_chunk_mut::<RUN>() else { return };
            // An imagined table of prefixes has no cell yet.
            let (same, rest) = runs.split_at(heads.len().min(runs.len()));
            let mut sum = *own;
            for run in same {
                sum.iter_mut().zip(run).for_each(|(sum, cell)| *sum += cell);
            }
            (*own, runs) = (sum, rest);
        }
    }

    /// Multiplies each cell by the factor of its place.
    pub(super) fn scale(&self, cells: &mut [f64], factors: &[f64]) {
        match self.run {
            1 => self.scale_runs(cells.as_chunks_mut::<1>().0.iter_mut(), factors),
            2 => self.scale_runs(cells.as_chunks_mut::<2>().0.iter_mut(), factors),
            3 => self.scale_runs(cells.as_chunks_mut::<3>().0.iter_mut(), factors),
            4 => self.scale_runs(cells.as_chunks_mut::<4>().0.iter_mut(), factors),
            5 => self.scale_runs(cells.as_chunks_mut::<5>().0.iter_mut(), factors),
            6 => self.scale_runs(cells.as_chunks_mut::<6>().0.iter_mut(), factors),
            run => self.scale_runs(cells.chunks_exact_mut(run), factors),
        }
    }

    #[inline(always)]
    fn scale_runs(&self, runs: impl Iterator<Item = impl AsMut<[f64]>>, factors: &[f64]) {
        for (mut run, head) in runs.zip(&self.heads) {
            let own = &factors[*head as usize..];
            if self.is_shared {
                run.as_mut().iter_mut().for_each(|cell| *cell *= own[0]);
            } else {
                run.as_mut().iter_mut().zip(own).for_each(|(cell, factor)| *cell *= factor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::levels::{Level, LevelAxis};

    #[test]
    fn sums_and_factors_are_those_of_each_cell_by_itself() {
        let axis = |size, block| LevelAxis { size, block, is_number: false, is_split: false };
        for sizes in [[(9, Some(4)), (3, None), (7, None)], [(2, None), (8, None), (10, Some(3))]] {
            let axes = sizes.map(|(size, block)| axis(size, block));
            let fine = Level::full(&axes, &[0, 1, 2]);
            let mut chance = fastrand::Rng::with_seed(2);
            let cells: Vec<f64> = (0..fine.cells(&axes)).map(|_| chance.f64()).collect();
            for coarse in fine.below() {
                let places = fine.places(&axes, &coarse);
                assert_eq!(places.iter().count(), cells.len());
                let mut sums = vec![0.0; coarse.cells(&axes)];
                let mut scaled = cells.clone();
                for (cell, place) in scaled.iter_mut().zip(places.iter()) {
                    sums[place] += *cell;
                    *cell *= 1.0 / (place + 1) as f64;
                }
                assert_eq!(places.margin(&cells, sums.len()), sums, "{coarse:?}");
                let factors: Vec<f64> = (1..=sums.len()).map(|place| 1.0 / place as f64).collect();
                let mut found = cells.clone();
                places.scale(&mut found, &factors);
                assert_eq!(found, scaled, "{coarse:?}");
            }
        }
    }
}
