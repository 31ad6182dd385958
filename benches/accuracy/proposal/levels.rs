//! Levels of a table: which of its axes are distinguished, and how finely.
//!
//! An axis may have blocks, such as four hours in a row. It then has two depths: its blocks and its
//! values; other axes have one. A level gives a depth for each axis, zero where it is added up.

/// An axis of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Axis {
    /// How many values it has.
    pub(crate) size: usize,
    /// How many neighbouring values make a block.
    pub(crate) block: Option<usize>,
    /// Whether its values are bins of a number.
    pub(crate) is_number: bool,
}

impl Axis {
    const fn deepest(self) -> u8 {
        if self.block.is_some() { 2 } else { 1 }
    }

    fn length(self, depth: u8) -> usize {
        match self.block {
            Some(block) if depth == 1 => self.size.div_ceil(block),
            _ => self.size,
        }
    }
}

/// A depth for each axis.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Level(pub(crate) Vec<u8>);

impl Level {
    /// The level of a table: these axes at their full depth.
    pub(crate) fn full(axes: &[Axis], table: &[usize]) -> Self {
        let depth = |(place, axis): (usize, &Axis)| {
            if table.contains(&place) { axis.deepest() } else { 0 }
        };
        Self(axes.iter().enumerate().map(depth).collect())
    }

    /// Whether one of its axes is a number.
    pub(crate) fn has_number(&self, axes: &[Axis]) -> bool {
        self.present(axes).any(|(_, axis, _)| axis.is_number)
    }

    /// The sum of the depths.
    pub(crate) fn rank(&self) -> u32 {
        self.0.iter().map(|depth| u32::from(*depth)).sum()
    }

    /// How many cells it has.
    pub(crate) fn cells(&self, axes: &[Axis]) -> usize {
        self.present(axes).map(|(_, axis, depth)| axis.length(depth)).product()
    }

    /// Whether this level can be added up from the other one.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(coarse, fine)| coarse <= fine)
    }

    /// All levels that are as coarse or coarser, coarse ones first and this one last.
    pub(crate) fn below(&self) -> Vec<Self> {
        let mut levels = vec![Vec::new()];
        for depth in &self.0 {
            levels = levels
                .into_iter()
                .flat_map(|level: Vec<u8>| {
                    (0..=*depth).map(move |depth| [&level[..], &[depth]].concat())
                })
                .collect();
        }
        let mut levels: Vec<Self> =
            levels.into_iter().map(Self).filter(|level| level.rank() > 0).collect();
        levels.sort_by_key(Self::order);
        levels
    }

    /// What levels are sorted by.
    pub(crate) fn order(&self) -> (u32, Vec<(usize, u8)>) {
        let present = self.0.iter().copied().enumerate().filter(|(_, depth)| *depth > 0);
        (self.rank(), present.collect())
    }

    /// For each cell of this level, in order, its cell in a coarser one.
    pub(crate) fn places(&self, axes: &[Axis], coarse: &Self) -> Vec<u32> {
        let mut places = vec![0_u32];
        for (place, axis, depth) in self.present(axes) {
            let kept = coarse.0[place];
            let (size, length) = (axis.length(depth), axis.length(kept) as u32);
            let step = |value: usize| match axis.block {
                Some(block) if kept < depth => (value / block) as u32,
                _ => value as u32,
            };
            places = places
                .into_iter()
                .flat_map(|place| (0..size).map(move |value| (place, value)))
                .map(|(place, value)| if kept == 0 { place } else { place * length + step(value) })
                .collect();
        }
        places
    }

    fn present<'a>(&'a self, axes: &'a [Axis]) -> impl Iterator<Item = (usize, Axis, u8)> + 'a {
        let all = self.0.iter().zip(axes).enumerate();
        all.filter(|(_, (depth, _))| **depth > 0)
            .map(|(place, (depth, axis))| (place, *axis, *depth))
    }
}

/// Adds the cells up by their places.
pub(crate) fn margin(cells: &[f64], places: &[u32], count: usize) -> Vec<f64> {
    let mut sums = vec![0.0; count];
    for (cell, place) in cells.iter().zip(places) {
        sums[*place as usize] += cell;
    }
    sums
}
