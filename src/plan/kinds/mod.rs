//! The kinds of measured tables, one file each.
//!
//! A file holds all that is particular to its kind ([`Kind`]): how a requester's rows fill a vector
//! and how it is bounded, how they are divided where persons are the unit, and how far lookups can move
//! the vector, with the claim and its proof. A new kind is a file here, a variant of
//! [`Contribution`] and the measure that asks for it.

mod activity;
mod histogram;
mod kind;
mod prefixes;
mod presence;
mod rows;
mod shapes;

use super::axis::Axis;
use crate::release_file::measure::Measure;
use crate::release_file::prefix::Prefix;
use crate::release_file::question::Question;

pub use activity::{
    Activity, CLASSES, FIRST_NODE, Hat, LEVEL_BITS, LIGHT, LightMultipliers, MULTIPLIER_BITS,
    Multiplier, SHAPE_BITS, SHAPE_ONE, Shape, contribution, most_rows, nodes,
};
pub use histogram::Histogram;
pub use kind::{Bounding, Kind, Needs, Reach, TableBound};
pub use prefixes::{
    FoundPrefixes, MOST_PREFIX_CELLS, MOST_PREFIXES, MOST_PREFIXES_OF_ONE, OwnPrefixes,
    PREFIX_WEIGHTS, PrefixWeights,
};
pub use presence::Presence;
pub use rows::{AtomCount, CellAmount, Pair, PairAmount, PrefixPlaces, RequesterRows, regroup};
pub use shapes::{PrefixShapes, ShapeSums, Shapes};

/// What one requester adds to the cells of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contribution {
    /// How active it is: its weight in each class.
    Activity,
    /// Its share of lookups in each cell, times its weight in one class.
    Shapes(Shapes),
    /// The same, with each lookup weighed by a number.
    ShapeSums(ShapeSums),
    /// Its share of lookups with each private prefix that was found, times its weight in one class.
    PrefixShapes(PrefixShapes),
    /// One in each cell in which it has enough lookups or targets.
    Presence(Presence),
    /// One, in the bin of the number of all its lookups.
    Histogram,
    /// A vector of length one over private prefixes.
    PrefixWeights(PrefixWeights),
}

impl Contribution {
    /// Everything that is particular to this kind of table.
    pub fn kind(&self) -> &dyn Kind {
        match self {
            Self::Presence(presence) => presence,
            Self::Histogram => &Histogram,
            Self::PrefixWeights(weights) => weights,
            Self::Activity => &Activity,
            Self::Shapes(shapes) => shapes,
            Self::ShapeSums(sums) => sums,
            Self::PrefixShapes(shapes) => shapes,
        }
    }

    /// What the table of a question about requesters holds, and its axes; `None` for questions about
    /// their lookups, which are answered from shapes.
    pub fn of_requesters(question: &Question) -> Option<(Self, Vec<Axis>)> {
        let contribution = match &question.measure {
            Measure::DistinctRequesters { at_least, of } => {
                Self::Presence(Presence { at_least: *at_least, of: *of })
            }
            Measure::RequesterHistogram => Self::Histogram,
            _ => return None,
        };
        Some((contribution, question.by.iter().map(Axis::of).collect()))
    }

    /// The private prefixes that it is about; `None` for other kinds.
    pub const fn prefix(&self) -> Option<Prefix> {
        match self {
            Self::PrefixWeights(PrefixWeights { prefix })
            | Self::PrefixShapes(PrefixShapes { prefix, .. }) => Some(*prefix),
            _ => None,
        }
    }

    /// The same with shapes of the first class: what a requester's rows add up to in a table of shapes
    /// is the same in every class.
    #[must_use]
    pub fn in_first_class(&self) -> Self {
        let mut first = self.clone();
        match &mut first {
            Self::Shapes(Shapes { class })
            | Self::ShapeSums(ShapeSums { class, .. })
            | Self::PrefixShapes(PrefixShapes { class, .. }) => *class = 0,
            _ => {}
        }
        first
    }

    /// The class of activity whose shapes it holds; `None` for other kinds.
    pub const fn class(&self) -> Option<u8> {
        match self {
            Self::Shapes(Shapes { class })
            | Self::ShapeSums(ShapeSums { class, .. })
            | Self::PrefixShapes(PrefixShapes { class, .. }) => Some(*class),
            _ => None,
        }
    }
}
