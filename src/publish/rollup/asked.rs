//! What to add published days up to, and which questions that suits.

use jiff::Span;
use jiff::civil::Date;

use crate::release_file::day::Day;
use crate::release_file::keys::{Key, KeySource};
use crate::release_file::question::Question;

/// What days are added up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Period {
    /// Days stay days; only keys are added up
    Day,
    /// ISO weeks, Monday to Sunday
    Week,
    /// Calendar months
    Month,
}

impl Period {
    /// The word in folders and columns.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The first day of the period that a day is in.
    pub(super) fn first(self, day: Day) -> Date {
        let date = day.date();
        match self {
            Self::Day => date,
            Self::Week => {
                let before = date.weekday().to_monday_zero_offset();
                date.saturating_sub(Span::new().days(before))
            }
            Self::Month => date.first_of_month(),
        }
    }

    /// The period that a day is in, and how many days it has.
    pub(super) fn of(self, day: Day) -> (String, u8) {
        let date = day.date();
        match self {
            Self::Day => (day.to_string(), 1),
            Self::Week => {
                let week = date.iso_week_date();
                (format!("{}-W{:02}", week.year(), week.week()), 7)
            }
            Self::Month => {
                let days = date.days_in_month().unsigned_abs();
                (format!("{:04}-{:02}", date.year(), date.month()), days)
            }
        }
    }
}

/// What becomes of countries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Countries {
    /// They stay countries.
    Keep,
    /// They are added up to the regions of the shipped list.
    Regions,
}

/// What to add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coarser {
    /// What days become.
    pub period: Period,
    /// Keys whose values are all added up.
    pub drop: Vec<String>,
    /// What countries become.
    pub countries: Countries,
}

impl Coarser {
    /// Whether cells of a day are added up, and not days alone.
    pub const fn adds_cells(&self) -> bool {
        !self.drop.is_empty() || matches!(self.countries, Countries::Regions)
    }

    /// The folder of a question's sums.
    pub fn folder(&self, question: &Question) -> String {
        let mut name = question.name.clone();
        for key in &self.drop {
            name.push_str(&format!("_without_{key}"));
        }
        if self.countries == Countries::Regions {
            name.push_str("_in_regions");
        }
        if self.period != Period::Day {
            name.push_str(&format!("_by_{}", self.period.word()));
        }
        name
    }

    /// Why a question cannot be added up like this; `None` if it can.
    pub fn unfit(&self, question: &Question) -> Option<String> {
        let left = |key: &&Key| !self.drop.iter().any(|name| name == key.name());
        let by_week_hour =
            question.by.iter().filter(left).any(|key| *key.source() == KeySource::HourOfWeek);
        let reason = if question.top.is_some() {
            Some("only the largest rows of each day are published")
        } else if let Some(reason) = question.measure.why_no_sums() {
            Some(reason)
        } else if by_week_hour && self.period != Period::Day {
            Some("each day has hours of its own: read the days side by side, or drop the hours")
        } else {
            None
        };
        if let Some(reason) = reason {
            return Some(reason.to_owned());
        }
        let has = |name: &String| question.by.iter().any(|key| key.name() == name);
        if let Some(missing) = self.drop.iter().find(|name| !has(name)) {
            return Some(format!("it has no key `{missing}` to drop"));
        }
        let grouped = || question.by.iter().filter(left).any(is_country);
        if self.countries == Countries::Regions && !grouped() {
            return Some("it has no countries to group into regions".to_owned());
        }
        None
    }

    /// What becomes of one key.
    pub(super) fn of(&self, key: &Key) -> KeyBecomes {
        if self.drop.iter().any(|name| name == key.name()) {
            KeyBecomes::Nothing
        } else if self.countries == Countries::Regions && is_country(key) {
            KeyBecomes::Region
        } else {
            KeyBecomes::Itself
        }
    }
}

/// What a key becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyBecomes {
    /// Its values stay apart.
    Itself,
    /// They are all added up.
    Nothing,
    /// They are added up to regions.
    Region,
}

const fn is_country(key: &Key) -> bool {
    matches!(key.source(), KeySource::TargetCountry | KeySource::RequesterCountry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_iso_weeks_and_calendar_months() {
        for (day, week, month, days) in [
            ("2026-01-01", "2026-W01", "2026-01", 31),
            ("2027-01-01", "2026-W53", "2027-01", 31),
            ("2024-12-30", "2025-W01", "2024-12", 31),
            ("2028-02-29", "2028-W09", "2028-02", 29),
        ] {
            let name = day.to_owned();
            let day: Day = day.parse().unwrap();
            assert_eq!(Period::Day.of(day), (name, 1));
            assert_eq!(Period::Week.of(day), (week.to_owned(), 7));
            assert_eq!(Period::Month.of(day), (month.to_owned(), days));
            assert_eq!(Period::Month.first(day).to_string(), format!("{month}-01"));
            let monday = Day::new(Period::Week.first(day));
            assert_eq!(Period::Week.of(monday).0, week);
            assert_eq!(monday.date().weekday().to_monday_zero_offset(), 0);
        }
    }
}
