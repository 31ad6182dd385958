//! The release file exactly as typed: names, types and nothing else.
//!
//! Meaning is given in [`super`]; here an unknown field is refused with the nearest known one, and
//! the place in the file is named.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::nearest::nearest;
use super::typed;
use crate::{Error, Result};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawReleaseFile {
    pub(crate) name: String,
    pub(crate) logs: RawLogs,
    #[serde(default)]
    pub(crate) keys: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) retention: RawRetention,
    pub(crate) ledger: RawLedger,
    #[serde(default)]
    pub(crate) privacy: RawPrivacy,
    #[serde(default)]
    pub(crate) output: RawOutput,
    pub(crate) engine: Option<toml::Value>,
    #[serde(default)]
    pub(crate) question: Vec<RawQuestion>,
}

/// `[logs]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLogs {
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, Spanned<RawColumn>>,
    pub(crate) delimiter: Option<Spanned<String>>,
    pub(crate) quote: Option<Spanned<String>>,
    pub(crate) comment: Option<Spanned<String>>,
    pub(crate) header: Option<Spanned<RawHeader>>,
    pub(crate) pattern: Option<Spanned<String>>,
    pub(crate) skip: Option<Spanned<String>>,
    pub(crate) time_unit: Option<String>,
    pub(crate) time_zone: Option<String>,
    pub(crate) time_format: Option<Spanned<OneOrMore>>,
    pub(crate) default_year: Option<Spanned<i64>>,
    pub(crate) default_region: Option<String>,
    pub(crate) identifier: Option<String>,
    #[serde(rename = "where")]
    pub(crate) filter: Option<String>,
    pub(crate) collapse: Option<String>,
    pub(crate) settle: Option<String>,
    pub(crate) day_folder: Option<String>,
    pub(crate) expect: Option<RawExpect>,
}

/// `[logs] expect`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawExpect {
    pub(crate) hours: Option<u32>,
    pub(crate) files_per_day: Option<u32>,
}

/// `[retention]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRetention {
    #[serde(default = "default_retention_days")]
    pub(crate) days: i64,
}

impl Default for RawRetention {
    fn default() -> Self {
        Self { days: default_retention_days() }
    }
}

const fn default_retention_days() -> i64 {
    30
}

/// `[ledger]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLedger {
    pub(crate) path: Option<String>,
    pub(crate) epsilon: f64,
    pub(crate) delta: f64,
    pub(crate) key_delta: Option<f64>,
    pub(crate) epsilon_30_days: Option<f64>,
    pub(crate) time_zone: Option<String>,
}

/// `[privacy]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPrivacy {
    pub(crate) unit: Option<String>,
    pub(crate) budget_share: Option<f64>,
    /// Of a unit that is gone: read so that its refusal can say so.
    pub(crate) whole_days: Option<toml::Value>,
    pub(crate) exempt: Option<toml::Value>,
}

/// `[output]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOutput {
    pub(crate) path: Option<String>,
}

/// `[[question]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawQuestion {
    pub(crate) name: String,
    pub(crate) by: Option<Vec<String>>,
    pub(crate) count: Option<String>,
    pub(crate) distinct: Option<String>,
    pub(crate) share: Option<String>,
    pub(crate) sum: Option<String>,
    pub(crate) mean: Option<String>,
    pub(crate) quantiles: Option<Vec<f64>>,
    pub(crate) histogram: Option<String>,
    pub(crate) of: Option<String>,
    pub(crate) range: Option<Vec<f64>>,
    pub(crate) top: Option<i64>,
    pub(crate) keys: Option<String>,
    pub(crate) having: Option<String>,
    pub(crate) weight: Option<f64>,
    /// Of earlier versions, as the two below: see [`super::question::EarlierBounds`].
    pub(crate) clip: Option<f64>,
    pub(crate) target_clip: Option<f64>,
    pub(crate) loose: Option<bool>,
}

/// One text, or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
pub(crate) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    pub(crate) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::More(texts) => texts,
        }
    }
}

/// A column of the log, by its name or, counted from 1, its position.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected the name of a column, or its position")]
pub(crate) enum RawPlace {
    Name(String),
    Position(u16),
}

/// A value of `[logs] columns`.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a column (its name, or its position from 1 on), a list of columns, \
                 { value = \"…\" }, or { column = \"…\", map = { … } }"
)]
pub(crate) enum RawColumn {
    Place(RawPlace),
    Joined(Vec<RawPlace>),
    Constant(RawConstant),
    Mapped(RawMapped),
}

/// The same value for every row.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawConstant {
    pub(crate) value: String,
}

/// A column's values, replaced.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMapped {
    pub(crate) column: RawPlace,
    pub(crate) map: BTreeMap<String, String>,
}

/// `[logs] header`
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected false, a list of names, or \"#fields\"")]
pub(crate) enum RawHeader {
    Is(bool),
    Mark(String),
    Names(Vec<String>),
}

/// The text of a release file, for messages that name a line of it.
pub(crate) struct Lines<'t> {
    pub(crate) text: &'t str,
    pub(crate) file: &'t str,
}

impl Lines<'_> {
    /// A refusal of what stands at this place.
    pub(crate) fn usage(&self, at: Range<usize>, message: &str) -> Error {
        let before = &self.text[..at.start.min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
        Error::usage(format!("{}: line {line}, column {column}: {message}", self.file))
    }
}

/// Reads the text of a release file.
///
/// # Errors
/// Usage, naming `file`, the line and the column, and for an unknown field the nearest known one.
pub(crate) fn parse(text: &str, file: &str) -> Result<RawReleaseFile> {
    toml::from_str(text).map_err(|error| {
        let message = error.message();
        let span = error.span();
        let start = span.as_ref().map_or(0, |span| span.start.min(text.len()));
        let begin = text[..start].rfind('\n').map_or(0, |end| end + 1);
        let line = text[begin..].lines().next().unwrap_or_default();
        let shown = typed::plain(&message.replace('\n', " "), line);
        let failure = match span {
            Some(span) => Lines { text, file }.usage(span, &shown),
            None => Error::usage(format!("{file}: {shown}")),
        };
        if let Some(example) = typed::example(message, line) {
            return failure.help(example);
        }
        if let Some(help) = instead(message) {
            return failure.help(help);
        }
        match nearest_known(message) {
            Some(nearest) => failure.help(format!("did you mean `{nearest}`?")),
            None if message.contains("unknown field") => {
                failure.help(format!("the fields here are {}", typed::known(message)))
            }
            None => failure.help("docs/release-file.md lists every field with its type"),
        }
    })
}

/// What is there in place of a field that other programs have, and that is not built.
fn instead(message: &str) -> Option<&'static str> {
    let typed = message.strip_prefix("unknown field `")?.split('`').next()?;
    match typed {
        "max" | "min" => Some(
            "an extreme is the value of one row, which no noise hides; ask for `quantiles` close to it, \
             for example quantiles = [0.01, 0.99], with `of` and `range`",
        ),
        "median" | "percentile" | "percentiles" => {
            Some("ask for quantiles = [0.5], or others between 0 and 1, with `of` and `range`")
        }
        "avg" | "average" => Some("ask for `mean`"),
        "group_by" | "groupby" => Some("name the keys in `by`"),
        "where" | "filter" => Some(
            "a condition for all questions is `where` in [logs]; one part of all is a `share`, or a key \
             in `by`",
        ),
        _ => None,
    }
}

/// The known field most like the unknown one, where one is alike enough to be meant.
fn nearest_known(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("unknown field ")?;
    let mut quoted = rest.split('`').skip(1).step_by(2);
    let typed = quoted.next()?;
    nearest(typed, quoted, 0.7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_is_named_with_its_place_and_the_nearest_known_one() {
        let text = "name = \"x\"\n[logs]\npath = \"a\"\n[ledger]\nepsilonn = 1.0\ndelta = 1e-6\n";
        let error = parse(text, "release.toml").unwrap_err();
        assert!(error.to_string().contains("release.toml: line 5"), "{error}");
        assert!(error.to_string().contains("unknown field `epsilonn`"), "{error}");
        assert_eq!(error.hint(), Some("did you mean `epsilon`?"));
    }

    #[test]
    fn a_wrong_type_is_named_with_its_place() {
        let text = "name = 3\n";
        let error = parse(text, "release.toml").unwrap_err();
        assert!(error.to_string().starts_with("release.toml: line 1, column 8:"), "{error}");
    }

    #[test]
    fn a_field_of_other_programs_names_what_is_here_instead() {
        let head = "name = \"x\"\n[logs]\npath = \"a\"\n[ledger]\nepsilon = 1.0\ndelta = 1e-6\n";
        for (typed, here) in [
            ("max = \"latency_ms\"", "quantiles = [0.01, 0.99]"),
            ("median = \"latency_ms\"", "quantiles = [0.5]"),
            ("avg = \"latency_ms\"", "`mean`"),
            ("group_by = [\"hour\"]", "`by`"),
            ("where = \"app = 'calls'\"", "`share`"),
        ] {
            let text = format!("{head}[[question]]\nname = \"q\"\n{typed}\n");
            let error = parse(&text, "r.toml").expect_err("a field that is none");
            assert!(error.hint().expect("a hint").contains(here), "{typed}: {error}");
        }
    }
}
