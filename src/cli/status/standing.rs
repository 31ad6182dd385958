//! How far a day is, and whether an operator must look.

/// A day that expires sooner than this needs an operator.
pub(super) const WARN_DAYS: i64 = 3;

/// What is said of a day whose look shows nobody.
pub(in crate::cli) const LOOKS_EMPTY: &str = "looks empty: no activity above the noise";

/// Where a day that is not released lies among those that are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Before the first of them: nothing was promised of it, and as a rule it has no logs.
    BeforeTheFirst,
    /// Between two of them.
    Between,
    /// After the last of them: its logs may be missing now.
    BehindTheLast,
    /// None is released yet.
    NoneReleased,
}

/// How far a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Released,
    Open,
    Pending {
        expires_in_days: i64,
        place: Place,
    },
    /// Released later if its logs come before they expire.
    LooksEmpty {
        expires_in_days: Option<i64>,
        place: Place,
    },
    /// Files are named by day, and there are none of this one: released later if they come before they
    /// would expire.
    NoLogs {
        expires_in_days: Option<i64>,
        place: Place,
    },
    ExpiredUnreleased,
}

impl Standing {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Open => "open",
            Self::Pending { .. } => "pending",
            Self::LooksEmpty { .. } => "looks empty",
            Self::NoLogs { .. } => "no log files",
            Self::ExpiredUnreleased => "expired unreleased",
        }
    }

    pub(super) fn needs_operator(self) -> bool {
        match self {
            Self::Released | Self::Open => false,
            Self::Pending { place: Place::BeforeTheFirst, .. } => false,
            Self::NoLogs { place: Place::BehindTheLast, .. } => true,
            // Once a later day is released somebody has looked, and a day may have had no rows.
            Self::LooksEmpty { place, .. } => {
                matches!(place, Place::BehindTheLast | Place::NoneReleased)
            }
            Self::Pending { .. } | Self::NoLogs { .. } => {
                self.expires_in_days().is_some_and(|days| days < WARN_DAYS)
            }
            Self::ExpiredUnreleased => true,
        }
    }

    pub(super) const fn expires_in_days(self) -> Option<i64> {
        match self {
            Self::Pending { expires_in_days, .. } => Some(expires_in_days),
            Self::LooksEmpty { expires_in_days, .. } | Self::NoLogs { expires_in_days, .. } => {
                expires_in_days
            }
            Self::Released | Self::Open | Self::ExpiredUnreleased => None,
        }
    }

    /// Whether words can be of days of both standings: days that are past retention are lost, and others of
    /// the same standing can still be saved.
    pub(super) fn is_said_with(self, other: Self) -> bool {
        self.word() == other.word()
            && self.expires_in_days().is_some() == other.expires_in_days().is_some()
    }

    /// When it and a later day of its standing pass retention, in words.
    pub(super) fn expires_with(self, later: Self) -> Option<String> {
        let (first, last) = (self.expires_in_days()?, later.expires_in_days()?);
        Some(match (first, last) {
            (0, 0) => "today".to_owned(),
            (1, 1) => "in 1 day".to_owned(),
            _ if first == last => format!("in {first} days"),
            _ => format!("in {first} to {last} days"),
        })
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::LooksEmpty { .. } => LOOKS_EMPTY,
            _ => self.word(),
        }
    }
}
