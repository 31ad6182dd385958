//! Questions: what the user asks, checked; what is not built is refused by name.

use super::keys::{Key, KeyLists, MOST_CELLS};
use super::logs::Logs;
pub use super::measure::Measure;
use super::raw::RawQuestion;
use super::unit::Unit;
use crate::{Error, Result};

/// What published files, roll-ups and their folders call their own columns: readers would not find a
/// key of the same name.
const TAKEN: [&str; 21] = [
    "value",
    "noise_sd",
    "ci_low",
    "ci_high",
    "value_display",
    "uninformative",
    "quantile",
    "bin_low",
    "bin_high",
    "period",
    "week",
    "month",
    "days",
    "of_days",
    "whole_period",
    "date",
    "of_lookups",
    "of_lookups_low",
    "of_lookups_high",
    "target_region",
    "requester_region",
];

/// One question.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Its name, the folder of its answers.
    pub name: String,
    /// What it measures.
    pub measure: Measure,
    /// Its public keys, in the order asked.
    pub by: Vec<Key>,
    /// Its share of the budget against the others, in thousandths.
    pub weight: u64,
    /// Publish only this many of the largest cells.
    pub top: Option<u32>,
    /// What only earlier versions took.
    pub earlier: EarlierBounds,
}

/// Bounds that release files of earlier versions set. They are part of the fingerprint, so that such a
/// file still heals and adds up the days that it released; no day is released by it any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EarlierBounds {
    /// `clip`, in steps of 2^-16.
    pub clip: Option<u64>,
    /// `target_clip`, alike.
    pub target_clip: Option<u64>,
    /// `loose`.
    pub is_loose: bool,
}

impl EarlierBounds {
    fn of(raw: &RawQuestion) -> Self {
        let steps = |clip: f64| scaled(clip.clamp(0.0, 1e9), 65_536.0);
        Self {
            clip: raw.clip.map(steps),
            target_clip: raw.target_clip.map(steps),
            is_loose: raw.loose.unwrap_or(false),
        }
    }

    fn field(self) -> Option<&'static str> {
        match self {
            Self { clip: Some(_), .. } => Some("clip"),
            Self { target_clip: Some(_), .. } => Some("target_clip"),
            Self { is_loose: true, .. } => Some("loose"),
            Self { .. } => None,
        }
    }
}

impl Question {
    /// Checks one `[[question]]`.
    pub(crate) fn parse(raw: &RawQuestion, lists: &KeyLists, logs: &Logs) -> Result<Self> {
        check_name(&raw.name, "question name")?;
        let question = raw.name.as_str();
        let refuse = |detail: String| Error::usage(format!("question `{question}`: {detail}"));
        let by = public_keys(raw, lists, logs)?;
        let measure = Measure::parse(raw, lists, logs)?;
        measure.require_fit(&by, question)?;
        let cells = by
            .iter()
            .try_fold(measure.cells_per_combination(), |cells, key| cells.checked_mul(key.size()));
        match cells {
            Some(cells) if cells <= MOST_CELLS => {}
            _ => {
                return Err(refuse("its keys make more than 1,000,000 cells".to_owned())
                    .help("drop a key from `by`, or shorten a list in `[keys]`"));
            }
        }
        let weight = raw.weight.unwrap_or(1.0);
        if !weight.is_finite() || !(0.001..=1e6).contains(&weight) {
            return Err(refuse(format!("`weight` is {weight}, which is too small or too large"))
                .help("give a number from 0.001 to 1000000"));
        }
        let top = top(raw, &measure, &by)?;
        Ok(Self {
            name: raw.name.clone(),
            top,
            measure,
            by,
            weight: scaled(weight, 1000.0),
            earlier: EarlierBounds::of(raw),
        })
    }
}

impl Question {
    /// How many rows its answers have; `None` if they must be found.
    pub fn rows(&self) -> Option<u64> {
        let combinations: u64 = self.by.iter().map(Key::size).product();
        match self.top {
            Some(top) => Some(combinations.min(u64::from(top))),
            None => self.measure.rows_per_combination().map(|rows| combinations * rows),
        }
    }

    /// What the intervals of its answers hold, in sentences.
    pub fn interval_words(&self, unit: Unit) -> String {
        let (about, beside) = self.measure.interval_words();
        let all = match self.top {
            Some(_) => {
                " Only the largest rows are published, and intervals allow for the choice among all rows."
            }
            None => "",
        };
        let person = match unit {
            Unit::RequesterDay => "",
            Unit::PersonDay => {
                " Lookups that bounding left out because many ask about one number are not in it."
            }
        };
        format!(
            "ci_low to ci_high aims to hold {about} that a full count would give, in 95 of 100 cases. It \
             allows for the noise{beside}.{all}{person}"
        )
    }

    /// Checks that a day may still be released with it: what earlier versions released stays readable.
    pub(crate) fn require_current(&self, unit: Unit) -> Result<()> {
        let refuse = |detail: String| Error::usage(format!("question `{}`: {detail}", self.name));
        if let Some(field) = self.earlier.field() {
            return Err(refuse(format!("`{field}` is gone"))
                .help("remove it: each day's own activity decides how contributions are bounded"));
        }
        if let Some(key) = self.by.iter().find(|key| TAKEN.contains(&key.name())) {
            let name = key.name();
            return Err(refuse(format!(
                "`by` names `{name}`, which answers call a column of theirs"
            ))
            .help(format!(
                "give the key another name: [logs] columns = {{ my_{name} = \"{name}\" }}"
            )));
        }
        // The condition is worked out once for all days, and a day has but one weekday.
        if self.measure.condition().is_some_and(|(_, keys)| keys.iter().any(Key::is_of_week)) {
            return Err(refuse(
                "`share` reads `hour_of_week`, and a day has one weekday".to_owned(),
            )
            .help("write `hour`, from 0 to 23, and look at the days that you mean"));
        }
        // Rows that are struck out would decide whether all others of their requester count.
        if unit == Unit::PersonDay && self.measure.has_threshold() {
            let detail = "`having` and histograms are not available with unit = \"person-day\"";
            return Err(refuse(detail.to_owned())
                .help("ask for them through a ledger of unit = \"requester-day\""));
        }
        Ok(())
    }

    /// Checks what the privacy unit allows.
    pub(crate) fn require_fit(&self, unit: Unit) -> Result<()> {
        let refuse = |detail: &str| Error::usage(format!("question `{}`: {detail}", self.name));
        match unit {
            Unit::PersonDay if self.measure.prefix().is_some() => {
                Err(refuse("private prefixes are not available with unit = \"person-day\"")
                    .help("ask for them through a ledger of unit = \"requester-day\""))
            }
            _ => Ok(()),
        }
    }
}

/// Checks a name that becomes a folder and a word in SQL.
///
/// # Errors
/// Usage, when the name is not made of `a-z 0-9 _ -`, or begins with `_` or `-`.
pub(crate) fn check_name(name: &str, what: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let good = name.len() <= 100
        && name.bytes().next().is_some_and(plain)
        && name.bytes().all(|byte| plain(byte) || byte == b'_' || byte == b'-');
    if good {
        return Ok(());
    }
    Err(Error::usage(format!("the {what} `{name}` cannot be a folder's name"))
        .help("use a-z, 0-9, _ and -, beginning with a letter or a digit"))
}

/// The keys that `by` names; private ones are no part of it.
fn public_keys(raw: &RawQuestion, lists: &KeyLists, logs: &Logs) -> Result<Vec<Key>> {
    let mut by: Vec<Key> = Vec::new();
    let is_private = raw.keys.as_deref() == Some("private");
    for name in raw.by.iter().flatten().filter(|_| !is_private) {
        let key = lists.key(name, &raw.name, logs)?;
        let is_again =
            |known: &Key| known.name() == key.name() || (known.is_hour() && key.is_hour());
        if by.iter().any(is_again) {
            return Err(Error::usage(format!(
                "question `{}`: `by` names `{name}` twice, or two hours",
                raw.name
            ))
            .help("name each key once"));
        }
        by.push(key);
    }
    Ok(by)
}

fn top(raw: &RawQuestion, measure: &Measure, by: &[Key]) -> Result<Option<u32>> {
    let Some(top) = raw.top else { return Ok(None) };
    let wrong = |detail: &str| Error::usage(format!("question `{}`: `top` {detail}", raw.name));
    if !measure.is_count() || by.is_empty() {
        return Err(wrong("needs a count by public keys")
            .help("for example count = \"lookups\", by = [\"target_country\"], top = 10"));
    }
    u32::try_from(top)
        .ok()
        .filter(|top| *top >= 1)
        .map(Some)
        .ok_or_else(|| wrong("is not a number of rows").help("give a whole number from 1 on"))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "callers checked that the product lies between 1 and 2^53"
)]
fn scaled(value: f64, factor: f64) -> u64 {
    (value * factor).round() as u64
}
