//! The kinds of measured tables, one file each.
//!
//! A file holds all that is particular to its kind ([`Kind`]): how a requester's rows fill a vector,
//! how they are divided where persons are the unit, the default clip, and how far lookups can move
//! the vector, with the claim and its proof. A new kind is a file here, a variant of
//! [`Contribution`] and the measure that asks for it.

mod activity;
mod histogram;
mod kind;
mod layers;
mod lookups;
mod numbers;
mod prefixes;
mod presence;
mod rows;
mod shapes;

use serde::{Deserialize, Serialize};

use super::axis::Axis;
use crate::release_file::lattice::Clip;
use crate::release_file::measure::Measure;
use crate::release_file::prefix::Prefix;
use crate::release_file::question::Question;

pub use activity::{
    Activity, CLASSES, Hat, LEVEL_BITS, LightMultipliers, Multiplier, SHAPE_BITS, SHAPE_ONE, Shape,
    contribution, nodes,
};
pub use histogram::Histogram;
pub use kind::{Bounding, Kind, Needs, Reach, TableBound};
pub(super) use layers::DEFAULT_BOUND;
pub use layers::{Layering, Layers};
pub use lookups::Lookups;
pub use numbers::{Mean, Sum};
pub use prefixes::{
    FoundPrefixes, MOST_PREFIXES, MOST_PREFIXES_OF_ONE, OwnPrefixes, PrefixCounts, PrefixWeights,
};
pub use presence::Presence;
pub use rows::{AtomCount, CellAmount, Pair, PairAmount, RequesterRows, regroup};
pub use shapes::{PrefixShapes, ShapeSums, Shapes};

/// What one requester adds to the cells of a table before scaling, as plans keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Contribution {
    /// The number of lookups in each.
    Lookups,
    /// The number of all its lookups up to a bound, divided over layers of equal width.
    Layers(Layers),
    /// One in each that has enough.
    Presence(Presence),
    /// The sum of a number.
    Sum(Sum),
    /// The sum of a number, and beside it how many lookups have one.
    Mean(Mean),
    /// One, in the bin of the number of all its lookups.
    Histogram,
    /// A vector of length one over private prefixes.
    #[serde(rename = "keyweights")]
    PrefixWeights(PrefixWeights),
    /// The number of lookups with each private prefix that was found.
    #[serde(rename = "keycounts")]
    PrefixCounts(PrefixCounts),
    /// How active it is: its weight in each class.
    Activity,
    /// The part of one class in its share of lookups in each.
    Shapes(Shapes),
    /// The part of one class in its share of lookups in each, weighed by a number.
    ShapeSums(ShapeSums),
    /// The part of one class in its share of lookups with each private prefix that was found.
    PrefixShapes(PrefixShapes),
}

impl Contribution {
    /// Everything that is particular to this kind of table.
    #[must_use]
    pub fn kind(&self) -> &dyn Kind {
        match self {
            Self::Lookups => &Lookups,
            Self::Layers(layers) => layers,
            Self::Presence(presence) => presence,
            Self::Sum(sum) => sum,
            Self::Mean(mean) => mean,
            Self::Histogram => &Histogram,
            Self::PrefixWeights(weights) => weights,
            Self::PrefixCounts(counts) => counts,
            Self::Activity => &Activity,
            Self::Shapes(shapes) => shapes,
            Self::ShapeSums(sums) => sums,
            Self::PrefixShapes(shapes) => shapes,
        }
    }

    /// What a question's own table holds, and its axes; `None` for questions that are answered from
    /// several tables.
    #[must_use]
    pub(super) fn of(question: &Question) -> Option<(Self, Vec<Axis>)> {
        let mut axes: Vec<Axis> = question.by.iter().map(Axis::of).collect();
        let contribution = match &question.measure {
            Measure::Count | Measure::Share { .. } | Measure::Prefixes(_) => return None,
            Measure::DistinctRequesters { at_least, of } => {
                Self::Presence(Presence { at_least: *at_least, of: *of })
            }
            Measure::Sum(number) => Self::Sum(Sum { number: number.name().to_owned() }),
            Measure::Mean(number) => Self::Mean(Mean { number: number.name().to_owned() }),
            Measure::Quantiles { of, .. } => {
                axes.push(Axis::of(of));
                Self::Lookups
            }
            Measure::RequesterHistogram => Self::Histogram,
        };
        Some((contribution, axes))
    }

    /// How a requester's lookups are divided under a clip; `None` if they are not.
    #[must_use]
    pub const fn layering(&self, clip: Clip) -> Option<Layering> {
        match self {
            Self::Layers(layers) => Some(Layering::of(layers.count, clip)),
            _ => None,
        }
    }

    /// The private prefixes that it is about; `None` for other kinds.
    #[must_use]
    pub const fn prefix(&self) -> Option<Prefix> {
        match self {
            Self::PrefixWeights(PrefixWeights { prefix })
            | Self::PrefixCounts(PrefixCounts { prefix })
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
    #[must_use]
    pub const fn class(&self) -> Option<u8> {
        match self {
            Self::Shapes(Shapes { class })
            | Self::ShapeSums(ShapeSums { class, .. })
            | Self::PrefixShapes(PrefixShapes { class, .. }) => Some(*class),
            _ => None,
        }
    }
}
