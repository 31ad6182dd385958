//! Questions: what the user asks, checked; kinds that are not built yet are refused by name.

use super::expression::Condition;
use super::keys::{Key, KeyLists, MOST_CELLS};
use super::logs::Logs;
use super::raw::RawQuestion;
use crate::{Error, Result};

/// Fractional bits of every contribution on the private side.
pub const LATTICE_BITS: u32 = 16;
/// One whole contribution on the lattice.
pub const LATTICE_ONE: u64 = 1 << LATTICE_BITS;
/// The largest clip that may be asked for.
pub const MOST_CLIP: f64 = 1_048_576.0;

/// How many combinations of key values a condition is worked out for before any log is read.
const MOST_CONDITION_CELLS: u64 = 1_000_000;

/// What a question measures.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// How many lookups.
    Count,
    /// How many different requesters.
    DistinctRequesters,
    /// Which share of the lookups meets a condition on public keys.
    Share {
        /// The condition.
        condition: Condition,
        /// The keys that it reads, each with its public list.
        keys: Vec<Key>,
    },
}

impl Measure {
    /// The word in a release file.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::DistinctRequesters => "distinct",
            Self::Share { .. } => "share",
        }
    }
}

/// A bound on the L2 norm of one unit's vector, in units of 2^-16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Clip(u64);

impl Clip {
    /// From whole contributions.
    #[must_use]
    pub const fn whole(contributions: u32) -> Self {
        Self(contributions as u64 * LATTICE_ONE)
    }

    /// From lattice units.
    #[must_use]
    pub const fn lattice(units: u64) -> Self {
        Self(units)
    }

    /// In lattice units.
    #[must_use]
    pub const fn units(self) -> u64 {
        self.0
    }

    /// In contributions, for display and for formulas of error.
    #[must_use]
    pub fn contributions(self) -> f64 {
        self.0 as f64 / LATTICE_ONE as f64
    }
}

/// One question.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Its name, the folder of its answers.
    pub name: String,
    /// What it measures.
    pub measure: Measure,
    /// Its keys, in the order asked.
    pub by: Vec<Key>,
    /// Its share of the budget against the others, in thousandths.
    pub weight: u64,
    /// The clip, when the release file sets it.
    pub clip: Option<Clip>,
}

impl Question {
    /// Checks one `[[question]]`.
    ///
    /// # Errors
    /// Usage, naming the question and the field.
    pub(crate) fn parse(raw: &RawQuestion, lists: &KeyLists, logs: &Logs) -> Result<Self> {
        check_name(&raw.name, "question name")?;
        let question = raw.name.as_str();
        let refuse = |detail: String| Error::usage(format!("question `{question}`: {detail}"));
        refuse_unavailable(raw)?;
        let mut by = Vec::new();
        for name in raw.by.iter().flatten() {
            let key = lists.key(name, question, logs)?;
            let again = by.iter().any(|known: &Key| {
                known.name() == key.name() || (known.is_hour() && key.is_hour())
            });
            if again {
                return Err(refuse(format!("`by` names `{name}` twice, or two hours"))
                    .help("name each key once"));
            }
            by.push(key);
        }
        let measure = measure(raw, lists, logs)?;
        let cells =
            by.iter().try_fold(1_u64, |cells, key| cells.checked_mul(key.values().len() as u64));
        match cells
            .map(|cells| if matches!(measure, Measure::Share { .. }) { cells * 2 } else { cells })
        {
            Some(cells) if cells <= MOST_CELLS => {}
            _ => {
                return Err(refuse("its keys make more than 100,000,000 cells".to_owned())
                    .help("drop a key from `by`, or shorten a list in `[keys]`"));
            }
        }
        let weight = raw.weight.unwrap_or(1.0);
        if !weight.is_finite() || !(0.001..=1e6).contains(&weight) {
            return Err(
                refuse(format!("`weight` is {weight}")).help("give a number from 0.001 to 1000000")
            );
        }
        Ok(Self {
            name: raw.name.clone(),
            measure,
            by,
            weight: scaled(weight, 1000.0),
            clip: raw.clip.map(|clip| parse_clip(clip, question)).transpose()?,
        })
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

fn measure(raw: &RawQuestion, lists: &KeyLists, logs: &Logs) -> Result<Measure> {
    let question = raw.name.as_str();
    let refuse = |detail: String| Error::usage(format!("question `{question}`: {detail}"));
    match (&raw.count, &raw.distinct, &raw.share) {
        (Some(what), None, None) if what == "lookups" => Ok(Measure::Count),
        (Some(what), None, None) => {
            Err(refuse(format!("`count` is `{what}`")).help("write count = \"lookups\""))
        }
        (None, Some(what), None) if what == "requester" => Ok(Measure::DistinctRequesters),
        (None, Some(what), None) => {
            Err(refuse(format!("`distinct = \"{what}\"` is not available yet"))
                .help("write distinct = \"requester\""))
        }
        (None, None, Some(text)) => {
            let field = format!("question {question}: share");
            let condition = Condition::parse(text, &field)?;
            if condition.columns().is_empty() {
                return Err(refuse("`share` names no column".to_owned())
                    .help("for example share = \"route = 'sms'\""));
            }
            let keys = condition
                .columns()
                .into_iter()
                .map(|name| lists.key(name, question, logs))
                .collect::<Result<Vec<_>>>()?;
            let cells = keys.iter().map(|key| key.values().len() as u64);
            if cells.fold(1, u64::saturating_mul) > MOST_CONDITION_CELLS {
                return Err(refuse("`share` reads keys with too many combinations".to_owned())
                    .help("name fewer keys in the condition"));
            }
            Ok(Measure::Share { condition, keys })
        }
        (None, None, None) => Err(refuse("it asks nothing".to_owned()).help(
            "add count = \"lookups\", distinct = \"requester\" or share = \"route = 'sms'\"",
        )),
        _ => Err(refuse("it asks two things at once".to_owned()).help("make two questions of it")),
    }
}

fn refuse_unavailable(raw: &RawQuestion) -> Result<()> {
    for (set, field) in [
        (raw.sum.is_some(), "sum"),
        (raw.mean.is_some(), "mean"),
        (raw.quantiles.is_some(), "quantiles"),
        (raw.histogram.is_some(), "histogram"),
        (raw.having.is_some(), "having"),
        (raw.top.is_some(), "top"),
        (raw.of.is_some(), "of"),
        (raw.range.is_some(), "range"),
    ] {
        if set {
            return Err(Error::usage(format!(
                "question `{}`: `{field}` is not available yet",
                raw.name
            ))
            .help("count, distinct and share over public keys are; remove the question for now"));
        }
    }
    match raw.keys.as_deref() {
        None | Some("public") => Ok(()),
        Some("private") => Err(Error::usage(format!(
            "question `{}`: `keys = \"private\"` is not available yet",
            raw.name
        ))
        .help("give the keys a public list in `[keys]`")),
        Some(other) => Err(Error::usage(format!("question `{}`: `keys` is `{other}`", raw.name))
            .help("use \"public\" or \"private\"")),
    }
}

fn parse_clip(clip: f64, question: &str) -> Result<Clip> {
    if clip.is_finite() && (1.0..=MOST_CLIP).contains(&clip) {
        return Ok(Clip(scaled(clip, LATTICE_ONE as f64)));
    }
    Err(Error::usage(format!("question `{question}`: `clip` is {clip}"))
        .help(format!("give a number from 1 to {MOST_CLIP}")))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "callers checked that the product lies between 1 and 2^53"
)]
fn scaled(value: f64, factor: f64) -> u64 {
    (value * factor).round() as u64
}
