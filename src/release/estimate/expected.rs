//! The noise of an answer as it is known before any log is read.

use super::answer::Z_95;

/// The expected load of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// The number of lookups.
    pub lookups: f64,
    /// The number of requesters.
    pub requesters: f64,
}

/// The expected standard deviation of the noise of one published value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Expected {
    /// The same whatever the value.
    Fixed(f64),
    /// Divided by the number of lookups behind the value.
    PerLookup {
        /// At a share of a half, at a mean in the middle of its range, or in ranks at the median.
        sd: f64,
        /// From how many lookups on there is a value at all, and not null.
        least: f64,
        /// What it is a part of: the share, the range or the rank.
        of: &'static str,
    },
}

/// A typical value with its error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Typical {
    /// The value: for ratios a share of a half, the middle of the range, the median's rank.
    pub value: f64,
    /// One standard deviation of its noise.
    pub sd: f64,
    /// The error as a part of the value; for ratios, of their range.
    pub relative: f64,
    /// Whether it would be narrower than its interval, or null.
    pub is_uninformative: bool,
}

impl Expected {
    /// From how many lookups or requesters on an interval is narrower than its value; for ratios,
    /// narrower than a tenth of their range.
    #[must_use]
    pub fn readable_from(self) -> f64 {
        let width = 2.0 * Z_95;
        match self {
            Self::Fixed(sd) => width * sd,
            Self::PerLookup { sd, .. } => width * sd / 0.1,
        }
    }

    /// What the error is a part of: the share, the range or the rank; `None` if it is absolute.
    #[must_use]
    pub const fn relative_to(self) -> Option<&'static str> {
        match self {
            Self::Fixed(_) => None,
            Self::PerLookup { of, .. } => Some(of),
        }
    }

    /// A value with this noise: errors of ratios are a part of `range`, and `lookups` are behind it.
    pub(super) fn at(self, (value, range): (f64, f64), lookups: f64) -> Typical {
        let (sd, relative, least) = match self {
            Self::Fixed(sd) => (sd, sd / value.abs(), 0.0),
            Self::PerLookup { sd, least, .. } => (sd / lookups * range, sd / lookups, least),
        };
        let is_uninformative = lookups < least || 2.0 * Z_95 * sd > value.abs();
        Typical { value, sd, relative, is_uninformative }
    }
}
