//! The release file exactly as typed: names, types and nothing else.
//!
//! Meaning is given in [`super`], and [`super::parse`] refuses what is no field. What stands above a field
//! here is what editors show of it (`super::schema`). A field of earlier versions is read, so that its
//! refusal can name it, and is not offered.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// The whole file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawReleaseFile {
    /// The name of the release; the ledger knows released days by it.
    #[schemars(length(min = 1, max = 100))]
    pub(crate) name: String,
    /// Where the logs are and how to read them.
    pub(crate) logs: RawLogs,
    /// The public list of each key: `app = ["messages", "calls"]`. All other values count as
    /// `other`.
    #[serde(default)]
    pub(crate) keys: BTreeMap<String, Vec<String>>,
    /// How long rows are kept.
    #[serde(default)]
    pub(crate) retention: RawRetention,
    /// How much may be published about a day.
    pub(crate) ledger: RawLedger,
    /// Who is protected.
    #[serde(default)]
    pub(crate) privacy: RawPrivacy,
    /// The folder of the results.
    #[serde(default)]
    pub(crate) output: RawOutput,
    /// The cluster that reads and tallies the logs; without it this machine does.
    pub(crate) engine: Option<RawEngine>,
    /// What is asked.
    #[schemars(length(min = 1), required)]
    #[serde(default)]
    pub(crate) question: Vec<RawQuestion>,
}

/// `[logs]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLogs {
    /// A file, a folder with all below it, or a pattern such as `logs/**/*.csv`.
    #[schemars(length(min = 1))]
    pub(crate) path: Option<String>,
    /// In place of `path` a table of the cluster that `[engine]` names, such as `lake.calls.lookups`.
    #[schemars(length(min = 1))]
    pub(crate) table: Option<String>,
    /// What the log calls a column: `{ requester = "src", target = "dst", requested_at = "ts" }`.
    #[schemars(with = "Option<BTreeMap<String, RawColumn>>")]
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, Spanned<RawColumn>>,
    /// What stands between two fields: one character, or `blanks`.
    #[schemars(with = "Option<String>")]
    pub(crate) delimiter: Option<Spanned<String>>,
    /// What may stand around a field: one character, or nothing.
    #[schemars(with = "Option<String>")]
    pub(crate) quote: Option<Spanned<String>>,
    /// What takes its meaning from a quote within quotes, as in MySQL's `\"`: one character.
    #[schemars(with = "Option<String>")]
    pub(crate) escape: Option<Spanned<String>>,
    /// What stands for no value in text that is not JSON, such as `-` or `\N`; an empty field does
    /// anyway.
    #[schemars(with = "Option<String>", length(min = 1, max = 15))]
    pub(crate) null: Option<Spanned<String>>,
    /// The character that begins lines which are no records.
    #[schemars(with = "Option<String>")]
    pub(crate) comment: Option<Spanned<String>>,
    /// Where the names of columns stand, if not in the first line.
    #[schemars(with = "Option<RawHeader>")]
    pub(crate) header: Option<Spanned<RawHeader>>,
    /// A regular expression that takes a whole line of text apart; its named groups are the
    /// columns.
    #[schemars(with = "Option<String>")]
    pub(crate) pattern: Option<Spanned<String>>,
    /// A regular expression: lines without a match of `pattern`, but with one of this, count as
    /// nothing.
    #[schemars(with = "Option<String>")]
    pub(crate) skip: Option<Spanned<String>>,
    /// What stands between the whole part and the fraction of a number in text, by default a point.
    #[schemars(with = "Option<String>", extend("enum" = [".", ","]))]
    pub(crate) decimal: Option<Spanned<String>>,
    /// The unit of times that are numbers.
    #[schemars(extend("enum" = ["s", "ms", "us", "ns"]))]
    pub(crate) time_unit: Option<String>,
    /// The zone of times that name none, and of the days in names of folders and files; by default
    /// UTC.
    pub(crate) time_zone: Option<String>,
    /// How times in text are written, if they can mean several instants: `%d/%m/%Y %H:%M:%S`.
    #[schemars(with = "Option<OneOrMore>")]
    pub(crate) time_format: Option<Spanned<OneOrMore>>,
    /// The year of stamps that have none.
    #[schemars(with = "Option<i64>")]
    pub(crate) default_year: Option<Spanned<i64>>,
    /// The country, by two letters, in which numbers without + are dialled.
    #[schemars(length(equal = 2))]
    pub(crate) default_region: Option<String>,
    /// Whether people are phone numbers, which is the default, numbers that stand in E.164 already, or any ids.
    #[schemars(extend("enum" = ["e164", "e164-exact", "opaque"]))]
    pub(crate) identifier: Option<String>,
    /// A condition in SQL; rows for which it is not true count nowhere: `app <> 'healthcheck'`.
    #[serde(rename = "where")]
    pub(crate) filter: Option<String>,
    #[schemars(skip)]
    pub(crate) collapse: Option<String>,
    /// How long after its end a day may still get rows, such as `2h`.
    pub(crate) settle: Option<String>,
    /// The key of folders that hold one day each, in `time_zone`: `day` for `day=2026-01-05`.
    pub(crate) day_folder: Option<String>,
    /// Whether the name of each file holds the one day of its rows, in `time_zone`:
    /// `reach-2026-01-05.csv`.
    pub(crate) day_file: Option<bool>,
    /// What a whole day looks like; one that looks less is refused.
    pub(crate) expect: Option<RawExpect>,
}

/// `[logs] expect`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawExpect {
    /// Each day has the folders `hour=00` to `hour=23`.
    #[schemars(extend("enum" = [24]))]
    pub(crate) hours: Option<u32>,
    /// How many files a day has at least.
    #[schemars(range(min = 1))]
    pub(crate) files_per_day: Option<u32>,
}

/// `[retention]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRetention {
    /// How many times 24 hours a row is kept.
    #[schemars(range(min = 1, max = 36_500))]
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
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLedger {
    /// The ledger file; its key lies beside it.
    #[schemars(required, length(min = 1))]
    pub(crate) path: Option<String>,
    /// The limit on what is ever published about one day: odds change by a factor of at most
    /// e^epsilon.
    #[schemars(range(min = 0.000_001, max = 100))]
    pub(crate) epsilon: f64,
    /// How rarely the files may exceed that limit: they change the odds by more than twice e^epsilon with a
    /// probability of at most 2 delta; 1e-6 is usual.
    #[schemars(range(min = 1e-15, max = 0.001))]
    pub(crate) delta: f64,
    /// The part of `delta` that finding private prefixes may use, by default a tenth.
    #[schemars(range(min = 0))]
    pub(crate) key_delta: Option<f64>,
    /// The same limit for any 30 days in a row.
    #[schemars(range(max = 100))]
    pub(crate) epsilon_30_days: Option<f64>,
    /// The zone in which a day begins and hours are counted, by default UTC.
    pub(crate) time_zone: Option<String>,
}

/// `[privacy]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPrivacy {
    /// Whom the promise is about: what one requester asks on a day, or also what is asked about
    /// that person.
    #[schemars(extend("enum" = ["requester-day", "person-day"]))]
    pub(crate) unit: Option<String>,
    /// Which part of a day's budget this release file may use, by default 0.7.
    #[schemars(range(min = 0.000_001, max = 1))]
    pub(crate) budget_share: Option<f64>,
    #[schemars(skip)]
    /// Of a unit that is gone: read so that its refusal can say so.
    pub(crate) whole_days: Option<toml::Value>,
    /// With `person-day`: numbers that are publicly no person's, as a list or the name of a file.
    #[schemars(with = "Option<OneOrMore>")]
    pub(crate) exempt: Option<toml::Value>,
}

/// `[output]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOutput {
    /// The folder, by default `published`.
    pub(crate) path: Option<String>,
}

/// `[engine]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawEngine {
    /// Where a Spark Connect server listens: `sc://host:15002`, with `/;use_ssl=true` behind it for TLS.
    pub(crate) spark: String,
    /// The file that holds its token.
    pub(crate) token_file: Option<String>,
    /// How long one query may take, such as `30m`; an hour by default.
    pub(crate) patience: Option<String>,
}

/// `[[question]]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawQuestion {
    /// The folder of the answers.
    #[schemars(length(min = 1, max = 100))]
    pub(crate) name: String,
    /// The keys to group by; every combination of their values is a row.
    pub(crate) by: Option<Vec<String>>,
    /// How many lookups.
    #[schemars(extend("enum" = ["lookups"]))]
    pub(crate) count: Option<String>,
    /// How many different requesters.
    #[schemars(extend("enum" = ["requester"]))]
    pub(crate) distinct: Option<String>,
    /// The part of the lookups that meets a condition: `route = 'sms'`.
    pub(crate) share: Option<String>,
    /// The sum of a number; needs `range`.
    pub(crate) sum: Option<String>,
    /// The mean of a number; needs `range`.
    pub(crate) mean: Option<String>,
    /// The values below which these parts of the lookups lie; needs `of` and `range`.
    #[schemars(length(min = 1, max = 100), inner(range(min = 0, max = 1)))]
    pub(crate) quantiles: Option<Vec<f64>>,
    /// How many requesters make how many lookups.
    #[schemars(extend("enum" = ["lookups per requester"]))]
    pub(crate) histogram: Option<String>,
    /// The column that `quantiles` are of.
    pub(crate) of: Option<String>,
    /// The least and the greatest value; what lies outside counts as the nearer of the two.
    #[schemars(length(equal = 2))]
    pub(crate) range: Option<Vec<f64>>,
    /// Publish the largest cells only, this many.
    #[schemars(range(min = 1))]
    pub(crate) top: Option<i64>,
    /// Whether the values of `by` are known in advance, or are prefixes to be found.
    #[schemars(extend("enum" = ["public", "private"]))]
    pub(crate) keys: Option<String>,
    /// Count those requesters alone that have at least as many: `lookups >= 200`, `targets >= 50`.
    pub(crate) having: Option<String>,
    /// This question's part of the budget against the others', by default 1.
    #[schemars(range(min = 0.001, max = 1_000_000))]
    pub(crate) weight: Option<f64>,
    #[schemars(skip)]
    /// Of earlier versions, as the two below: see [`super::question::EarlierBounds`].
    pub(crate) clip: Option<f64>,
    #[schemars(skip)]
    pub(crate) target_clip: Option<f64>,
    #[schemars(skip)]
    pub(crate) loose: Option<bool>,
}

/// One text, or a list of them.
#[derive(Debug, Deserialize, JsonSchema)]
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
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected the name of a column, or its position")]
pub(crate) enum RawPlace {
    Name(String),
    Position(u16),
}

/// A value of `[logs] columns`.
#[derive(Debug, Deserialize, JsonSchema)]
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
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawConstant {
    pub(crate) value: String,
}

/// A column's values, replaced.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMapped {
    pub(crate) column: RawPlace,
    pub(crate) map: BTreeMap<String, String>,
}

/// `[logs] header`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected false, a list of names, or \"#fields\"")]
pub(crate) enum RawHeader {
    Is(bool),
    Mark(String),
    Names(Vec<String>),
}
