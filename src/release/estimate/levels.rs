//! Levels of a table: which of its axes are distinguished, and how finely.
//!
//! An axis may have blocks, such as four hours in a row. It then has two depths: its blocks and its
//! values; other axes have one. A level gives a depth for each axis, zero where it is added up.

use super::places::Places;
use crate::plan::{AskedAxis, Axis};

/// An axis of levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LevelAxis {
    /// How many values it has.
    pub(super) size: usize,
    /// How many neighbouring values make a block.
    pub(super) block: Option<usize>,
    /// Whether its values are bins of a number.
    pub(super) is_number: bool,
    /// Whether its two values belong to no key but say for which rows a condition is true.
    pub(super) is_split: bool,
}

impl LevelAxis {
    pub(super) const fn deepest(self) -> u8 {
        if self.block.is_some() { 2 } else { 1 }
    }

    fn length(self, depth: u8) -> usize {
        match self.block {
            Some(block) if depth == 1 => self.size.div_ceil(block),
            _ => self.size,
        }
    }
}

impl From<&AskedAxis> for LevelAxis {
    fn from(axis: &AskedAxis) -> Self {
        let whole = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
        Self {
            size: whole(axis.size),
            block: axis.block.map(whole),
            is_number: axis.is_number,
            is_split: matches!(axis.axis, Axis::Condition(_) | Axis::HasNumber(_)),
        }
    }
}

/// A depth for each axis.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Level(pub(super) Vec<u8>);

impl Level {
    /// The level of a table: these axes at their full depth.
    pub(super) fn full(axes: &[LevelAxis], table: &[usize]) -> Self {
        let depth = |(place, axis): (usize, &LevelAxis)| {
            if table.contains(&place) { axis.deepest() } else { 0 }
        };
        Self(axes.iter().enumerate().map(depth).collect())
    }

    /// The same with blocks of bins in place of bins.
    pub(super) fn with_numbers_in_blocks(self, axes: &[LevelAxis]) -> Self {
        let depth = |(depth, axis): (u8, &LevelAxis)| {
            if axis.is_number && axis.block.is_some() { depth.min(1) } else { depth }
        };
        Self(self.0.into_iter().zip(axes).map(depth).collect())
    }

    /// Whether one of its axes is a number.
    pub(super) fn has_number(&self, axes: &[LevelAxis]) -> bool {
        self.present(axes).any(|(_, axis, _)| axis.is_number)
    }

    /// If this level is the blocks of a number alone, the number and the level of its bins.
    pub(super) fn bins_of_blocks(&self, axes: &[LevelAxis]) -> Option<(LevelAxis, Self)> {
        let mut present = self.present(axes);
        let (place, axis, depth) = present.next()?;
        if present.next().is_some() || !axis.is_number || depth == axis.deepest() {
            return None;
        }
        Some((axis, Self::full(axes, &[place])))
    }

    /// If one of its axes splits the cells of others in two, the level of the others.
    pub(super) fn without_split(&self, axes: &[LevelAxis]) -> Option<Self> {
        let mut others = self.clone();
        let (split, ..) = self.present(axes).find(|(_, axis, _)| axis.is_split)?;
        others.0[split] = 0;
        (others.rank() > 0).then_some(others)
    }

    /// Whether it has no axis but one that splits rows in two.
    pub(super) fn is_split_alone(&self, axes: &[LevelAxis]) -> bool {
        self.rank() == 1 && self.present(axes).all(|(_, axis, _)| axis.is_split)
    }

    /// Whether its cells are single values of a block, and not whole blocks.
    pub(super) fn is_within_blocks(&self, axes: &[LevelAxis]) -> bool {
        self.present(axes).any(|(_, axis, depth)| axis.block.is_some() && depth == axis.deepest())
    }

    /// The sum of the depths.
    pub(super) fn rank(&self) -> u32 {
        self.0.iter().map(|depth| u32::from(*depth)).sum()
    }

    /// How many cells it has.
    pub(super) fn cells(&self, axes: &[LevelAxis]) -> usize {
        self.present(axes).map(|(_, axis, depth)| axis.length(depth)).product()
    }

    /// Whether this level can be added up from the other one.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(coarse, fine)| coarse <= fine)
    }

    /// All levels that are as coarse or coarser, coarse ones first and this one last.
    pub(super) fn below(&self) -> Vec<Self> {
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
    pub(super) fn order(&self) -> (u32, Vec<(usize, u8)>) {
        let present = self.0.iter().copied().enumerate().filter(|(_, depth)| *depth > 0);
        (self.rank(), present.collect())
    }

    /// For each cell of this level, in order, its cell in a coarser one.
    pub(super) fn places(&self, axes: &[LevelAxis], coarse: &Self) -> Places {
        let present: Vec<(usize, LevelAxis, u8)> = self.present(axes).collect();
        let is_shared = present.last().is_some_and(|(place, ..)| coarse.0[*place] == 0);
        let in_run = |(place, _, depth): &&(usize, LevelAxis, u8)| {
            coarse.0[*place] == if is_shared { 0 } else { *depth }
        };
        let behind = present.iter().rev().take_while(in_run).count();
        let (before, behind) = present.split_at(present.len() - behind);
        let run = behind.iter().map(|(_, axis, depth)| axis.length(*depth)).product();
        let mut heads = vec![0_u32];
        for (place, axis, depth) in before {
            let kept = coarse.0[*place];
            let (size, length) = (axis.length(*depth), count(axis.length(kept)));
            let step = |value: usize| match axis.block {
                Some(block) if kept < *depth => count(value / block),
                _ => count(value),
            };
            heads = heads
                .into_iter()
                .flat_map(|head| (0..size).map(move |value| (head, value)))
                .map(|(head, value)| if kept == 0 { head } else { head * length + step(value) })
                .collect();
        }
        if !is_shared {
            heads.iter_mut().for_each(|head| *head *= count(run));
        }
        Places::new(heads, run, is_shared)
    }

    fn present<'a>(
        &'a self,
        axes: &'a [LevelAxis],
    ) -> impl Iterator<Item = (usize, LevelAxis, u8)> + 'a {
        let all = self.0.iter().zip(axes).enumerate();
        all.filter(|(_, (depth, _))| **depth > 0)
            .map(|(place, (depth, axis))| (place, *axis, *depth))
    }
}

/// A number of cells, of which a table has at most a million.
fn count(cells: usize) -> u32 {
    u32::try_from(cells).unwrap_or(u32::MAX)
}
