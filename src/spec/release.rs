//! A release file, checked: immutable, with a fingerprint of everything that changes the answer.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use serde_json::json;

use super::keys::{Key, KeyLists};
use super::logs::{CANONICAL, Identifier, Logs};
use super::measure::Counted;
use super::privacy_loss::{AttoDelta, Delta, Epsilon};
use super::question::{Measure, Question, check_name};
use super::raw::{RawPrivacy, RawRelease, parse};
use super::unit::{Exempt, Unit};
use super::window::parse_zone;
use crate::phone::{self, CallingCodes};
use crate::{Error, Result};

/// What a release file means.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its name.
    pub name: String,
    /// Where the logs are and how to read them.
    pub logs: Logs,
    /// How many times 86,400 seconds a lookup is kept.
    pub retention_days: u32,
    /// The ledger's path and terms.
    pub ledger: LedgerTerms,
    /// Which part of each block's budget this release may spend, in millionths.
    pub budget_share_millionths: u64,
    /// Who is publicly known to be no person.
    pub exempt: Exempt,
    /// Which sampler draws the noise; the law is the same, so the fingerprint leaves it out.
    pub sampler: Sampler,
    /// What is asked, in the order of the file.
    pub questions: Vec<Question>,
    /// The folder of the published tables.
    pub output: PathBuf,
}

/// `[privacy] sampler`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sampler {
    /// This program's own, in integers, where the scale fits it.
    Integer,
    /// The reference sampler, some eighty times slower.
    Opendp,
}

/// `[ledger]`, checked.
#[derive(Debug, Clone)]
pub struct LedgerTerms {
    /// The ledger file.
    pub path: PathBuf,
    /// Each block's budget.
    pub epsilon: Epsilon,
    /// Each block's delta.
    pub delta: Delta,
    /// What private keys may spend of delta.
    pub key_delta: AttoDelta,
    /// The zone of day, hour and block.
    pub time_zone: TimeZone,
    /// The name of that zone.
    pub time_zone_name: String,
    /// Whose rows the promise covers.
    pub unit: Unit,
}

impl LedgerTerms {
    /// The delta at which rho is converted: what private keys may not spend.
    #[must_use]
    pub fn conversion_delta(&self) -> f64 {
        self.delta.value() - self.key_delta.atto() as f64 / 1e18
    }
}

impl Release {
    /// Reads and checks a release file; its relative paths start from its own folder.
    ///
    /// # Errors
    /// I/O, when the file cannot be read; usage, naming the field, for anything it may not say.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::io(format!("the release file {} cannot be read", path.display()))
                .help("check the path; `pointillist --help` shows the commands")
                .because(error)
        })?;
        Self::parse(&text, &path.display().to_string(), path.parent().unwrap_or(Path::new(".")))
    }

    /// Checks the text of a release file called `file`, whose paths start from `folder`.
    ///
    /// # Errors
    /// Usage, naming the field.
    pub fn parse(text: &str, file: &str, folder: &Path) -> Result<Self> {
        let raw = parse(text, file)?;
        check_name(&raw.name, "release name")?;
        if raw.engine.is_some() {
            return Err(
                Error::usage("`engine` is not available yet").help("remove it: jobs run here")
            );
        }
        let days =
            u32::try_from(raw.retention.days).ok().filter(|days| (1..=36_500).contains(days));
        let retention_days = days.ok_or_else(|| {
            Error::usage(format!("`[retention] days` is {}", raw.retention.days))
                .help("give a number of days from 1 to 36500")
        })?;
        let (budget_share_millionths, sampler) = check_privacy(&raw.privacy)?;
        let ledger = check_ledger(&raw, folder)?;
        let lists = KeyLists::parse(&raw.keys)?;
        let logs = Logs::parse(raw.logs, folder, lists.names())?;
        let exempt = Exempt::parse(&raw.privacy, ledger.unit, &logs, folder)?;
        let mut questions: Vec<Question> = Vec::new();
        for raw in &raw.question {
            let question = Question::parse(raw, &lists, &logs)?;
            if questions.iter().any(|known| known.name == question.name) {
                return Err(Error::usage(format!("two questions are named `{}`", question.name))
                    .help("a question's name is the folder of its answers: give each its own"));
            }
            question.require_fit(ledger.unit)?;
            questions.push(question);
        }
        if questions.is_empty() {
            return Err(Error::usage("the release asks no question")
                .help("add a [[question]] with name = \"volume\" and count = \"lookups\""));
        }
        let output = folder.join(raw.output.path.as_deref().unwrap_or("published"));
        Ok(Self {
            name: raw.name,
            logs,
            retention_days,
            ledger,
            budget_share_millionths,
            exempt,
            sampler,
            questions,
            output,
        })
    }

    /// A digest of everything that changes the answer: not of paths, memory or formatting.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        blake3::hash(self.meaning().to_string().as_bytes()).to_hex().to_string()
    }

    fn meaning(&self) -> serde_json::Value {
        let columns: Vec<(&str, &str)> = CANONICAL
            .iter()
            .copied()
            .chain(self.logs.mapping().keys().map(String::as_str))
            .map(|name| (name, self.logs.column(name)))
            .collect();
        let key = |key: &Key| json!({ "name": key.name(), "values": key.values() });
        let questions: Vec<_> = self
            .questions
            .iter()
            .map(|question| {
                let mut meaning = json!({
                    "name": question.name,
                    "measure": question.measure.word(),
                    "details": details(&question.measure),
                    "by": question.by.iter().map(key).collect::<Vec<_>>(),
                    "weight": question.weight,
                    "clip": question.clip,
                    "top": question.top,
                });
                if let Some(clip) = question.target_clip {
                    meaning["target_clip"] = json!(clip);
                }
                meaning
            })
            .collect();
        let numbers = (self.logs.identifier == Identifier::E164).then(|| {
            json!({
                "default_region": self.logs.default_region,
                "normaliser": phone::VERSION,
                "calling_codes": blake3::hash(CallingCodes::csv().as_bytes()).to_hex().as_str(),
            })
        });
        let mut privacy = json!({
            "unit": self.ledger.unit.word(),
            "budget_share": self.budget_share_millionths,
        });
        if !self.exempt.is_empty() {
            privacy["exempt"] = json!(self.exempt.digest());
        }
        json!({
            "format": 1,
            "logs": {
                "columns": columns,
                "time_unit": self.logs.time_unit.map(super::logs::TimeUnit::word),
                "time_zone": self.logs.time_zone_name,
                "identifier": self.logs.identifier.word(),
                "where": self.logs.filter.as_ref().map(super::expression::Condition::text),
                "day_folder": self.logs.day_folder,
                "numbers": numbers,
            },
            "ledger": {
                "epsilon": self.ledger.epsilon,
                "delta": self.ledger.delta,
                "key_delta": self.ledger.key_delta,
                "time_zone": self.ledger.time_zone_name,
            },
            "privacy": privacy,
            "questions": questions,
        })
    }
}

/// What a measure says beyond its word.
fn details(measure: &Measure) -> serde_json::Value {
    match measure {
        Measure::Count | Measure::RequesterHistogram => serde_json::Value::Null,
        Measure::DistinctRequesters { at_least, of: Counted::Lookups } => {
            json!({ "at_least": at_least })
        }
        Measure::DistinctRequesters { at_least, of } => {
            json!({ "at_least": at_least, "of": of })
        }
        Measure::Share { condition, .. } => json!({ "condition": condition.text() }),
        Measure::Sum(key) | Measure::Mean(key) => json!({ "of": key.name() }),
        Measure::Quantiles { of, at } => json!({ "of": of.name(), "at": at }),
        Measure::Prefixes(prefix) => json!({ "prefix": prefix.name() }),
    }
}

fn check_privacy(raw: &RawPrivacy) -> Result<(u64, Sampler)> {
    let sampler = match raw.sampler.as_deref() {
        None | Some("pointillist") => Sampler::Integer,
        Some("opendp") => Sampler::Opendp,
        Some(other) => {
            return Err(Error::usage(format!("`[privacy] sampler` is `{other}`"))
                .help("use \"pointillist\" or \"opendp\""));
        }
    };
    let share = raw.budget_share.unwrap_or(0.7);
    if !share.is_finite() || !(0.000_001..=1.0).contains(&share) {
        return Err(Error::usage(format!("`[privacy] budget_share` is {share}"))
            .help("give a number above 0 and up to 1, for example 0.7"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the share lies in [0.000001, 1], so the product lies in [0, 1000000]"
    )]
    let millionths = (share * 1e6).floor() as u64;
    Ok((millionths, sampler))
}

fn check_ledger(raw: &RawRelease, folder: &Path) -> Result<LedgerTerms> {
    let path = raw.ledger.path.as_deref().filter(|path| !path.is_empty()).ok_or_else(|| {
        Error::usage("`[ledger] path` is missing").help(format!(
            "name the file that keeps the budget, for example path = \"{}.ledger\"; \
             a day's budget holds for everything released through that ledger",
            raw.name
        ))
    })?;
    let delta = Delta::new(raw.ledger.delta, "[ledger] delta")?;
    let key_delta = raw.ledger.key_delta.unwrap_or(delta.value() / 10.0);
    if !key_delta.is_finite() || key_delta < 0.0 || key_delta >= delta.value() {
        return Err(Error::usage(format!("`[ledger] key_delta` is {key_delta}"))
            .help("give a number from 0 to below `delta`; the default is a tenth of it"));
    }
    let zone = raw.ledger.time_zone.as_deref().unwrap_or("UTC");
    Ok(LedgerTerms {
        path: folder.join(path),
        epsilon: Epsilon::new(raw.ledger.epsilon, "[ledger] epsilon")?,
        delta,
        key_delta: AttoDelta::allowed(key_delta),
        time_zone: parse_zone(zone, "[ledger] time_zone")?,
        time_zone_name: zone.to_owned(),
        unit: Unit::parse(&raw.privacy)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
name = "daily"
[logs]
path = "logs/*.parquet"
[keys]
app = ["messages", "calls"]
[ledger]
path = "daily.ledger"
epsilon = 1.0
delta = 1e-6
[[question]]
name = "volume"
count = "lookups"
by = ["hour", "target_country", "app", "route"]
[[question]]
name = "sms_share"
share = "route = 'sms'"
by = ["app"]
"#;

    fn read(text: &str) -> Result<Release> {
        Release::parse(text, "daily.toml", Path::new("folder"))
    }

    #[test]
    fn a_release_means_what_it_says() {
        let release = read(GOOD).unwrap();
        assert_eq!(release.logs.place.path(), Path::new("folder/logs/*.parquet"));
        assert_eq!(release.output, Path::new("folder/published"));
        assert_eq!(release.retention_days, 30);
        let app = &release.questions[0].by[2];
        assert_eq!(app.values(), ["calls", "messages", "other"]);
        assert_eq!(app.fallback(), 2);
        assert_eq!(release.questions[0].by[3].values(), ["messenger", "sms", "unknown"]);
    }

    #[test]
    fn the_fingerprint_ignores_places_and_formatting_and_sees_the_rest() {
        let base = read(GOOD).unwrap().fingerprint();
        let moved =
            GOOD.replace("logs/*.parquet", "elsewhere/**").replace("daily.ledger", "x.ledger");
        assert_eq!(read(&moved.replace("\n[", "\n\n# note\n[")).unwrap().fingerprint(), base);
        for (from, to) in [
            ("epsilon = 1.0", "epsilon = 1.5"),
            ("\"messages\", \"calls\"", "\"messages\""),
            ("route = 'sms'", "route <> 'sms'"),
            ("[ledger]", "[privacy]\nbudget_share = 0.5\n[ledger]"),
            ("delta = 1e-6", "delta = 1e-6\ntime_zone = \"Europe/Paris\""),
            ("path = \"logs/*.parquet\"", "path = \"logs/*.parquet\"\nwhere = \"app <> 'x'\""),
            ("path = \"logs/*.parquet\"", "path = \"logs/*.parquet\"\ncolumns = { route = \"r\" }"),
            ("by = [\"app\"]", "by = [\"app\"]\nweight = 2.0"),
        ] {
            let changed = GOOD.replacen(from, to, 1);
            assert_ne!(changed, GOOD, "{from}");
            assert_ne!(read(&changed).unwrap().fingerprint(), base, "{to}");
        }
    }

    #[test]
    fn every_refusal_names_its_field() {
        for (from, to, names) in [
            ("epsilon = 1.0", "epsilon = 0", "[ledger] epsilon"),
            ("epsilon = 1.0", "epsilon = nan", "[ledger] epsilon"),
            ("epsilon = 1.0", "epsilon = -1", "[ledger] epsilon"),
            ("epsilon = 1.0", "epsilon = 1e400", "line 9, column 11"),
            ("delta = 1e-6", "delta = 0", "[ledger] delta"),
            ("delta = 1e-6", "delta = 1e-6\nkey_delta = 1e-6", "key_delta"),
            ("path = \"daily.ledger\"\n", "", "[ledger] path"),
            ("by = [\"app\"]", "by = [\"carrier\"]", "carrier"),
            ("by = [\"app\"]", "by = [\"requester\"]", "requester"),
            ("by = [\"app\"]", "by = [\"day\"]", "day"),
            ("by = [\"app\"]", "by = [\"app\", \"app\"]", "app"),
            ("by = [\"app\"]", "keys = \"private\"", "belong to a count"),
            (
                "count = \"lookups\"",
                "count = \"lookups\"\nkeys = \"private\"",
                "stand alone in `by`",
            ),
            ("by = [\"app\"]", "by = [\"target_prefix:6\"]", "no public list"),
            (
                "share = \"route = 'sms'\"\nby = [\"app\"]",
                "count = \"lookups\"\nkeys = \"private\"\nby = [\"target_prefix:12\"]",
                "may be published",
            ),
            (
                "share = \"route = 'sms'\"\nby = [\"app\"]",
                "count = \"lookups\"\nkeys = \"private\"\nby = [\"app\"]",
                "no private values",
            ),
            ("share = \"route = 'sms'\"", "mean = \"latency_ms\"", "`range` is missing"),
            (
                "share = \"route = 'sms'\"",
                "mean = \"target\"\nrange = [0, 1]",
                "may not be published",
            ),
            (
                "share = \"route = 'sms'\"",
                "sum = \"requested_at\"\nrange = [0, 1]",
                "may not be published",
            ),
            (
                "share = \"route = 'sms'\"",
                "mean = \"latency_ms\"\nrange = [5, 1]",
                "`range` is not",
            ),
            (
                "share = \"route = 'sms'\"",
                "quantiles = [0.5, 0.2]\nof = \"latency_ms\"\nrange = [1, 2]",
                "ascending",
            ),
            (
                "share = \"route = 'sms'\"",
                "quantiles = [0.5]\nrange = [1, 2]",
                "`quantiles` needs `of`",
            ),
            (
                "share = \"route = 'sms'\"",
                "distinct = \"requester\"\nhaving = \"targets > 5\"",
                "`having = ",
            ),
            (
                "share = \"route = 'sms'\"",
                "count = \"lookups\"\nhaving = \"lookups >= 5\"",
                "`having` does not belong",
            ),
            (
                "share = \"route = 'sms'\"",
                "distinct = \"requester\"\ntop = 3",
                "`top` needs a count",
            ),
            ("share = \"route = 'sms'\"", "histogram = \"lookups per requester\"", "takes no `by`"),
            (
                "share = \"route = 'sms'\"",
                "histogram = \"lookups per requester\"\nclip = 3",
                "`clip` does not belong",
            ),
            ("share = \"route = 'sms'\"", "share = \"target = 'x'\"", "target"),
            ("share = \"route = 'sms'\"", "share = \"latency_ms > 5\"", "latency_ms"),
            ("share = \"route = 'sms'\"", "share = \"day = 'x'\"", "day"),
            ("name = \"sms_share\"", "name = \"volume\"", "volume"),
            ("name = \"sms_share\"", "name = \"../up\"", "../up"),
            ("[ledger]", "[privacy]\nunit = \"requester-window\"\n[ledger]", "not available yet"),
            ("[ledger]", "[retention]\ndays = 0\n[ledger]", "[retention] days"),
            ("[keys]", "columns = { app = \"requester\" }\n[keys]", "protected"),
            ("[keys]", "where = \"target = '1'\"\n[keys]", "target"),
            ("[keys]", "columns = { target = \"dst\" }\nwhere = \"dst = '1'\"\n[keys]", "dst"),
        ] {
            let changed = GOOD.replacen(from, to, 1);
            assert_ne!(changed, GOOD, "{from}");
            let error = read(&changed).unwrap_err();
            assert_eq!(error.kind(), crate::Kind::Usage, "{to}: {error}");
            assert!(error.to_string().contains(names), "{to}: {error}");
            assert!(error.hint().is_some(), "{to}: {error}");
        }
    }

    #[test]
    fn a_domain_past_the_limit_is_refused_before_any_log_is_read() {
        let many: Vec<String> = (0..20_000).map(|value| format!("\"v{value}\"")).collect();
        let list = format!("[keys]\nkind = [{}]\n", many.join(","));
        let text = GOOD.replacen("[keys]\n", &list, 1).replacen(
            "by = [\"hour\"",
            "by = [\"kind\", \"hour\"",
            1,
        );
        let error = read(&text).unwrap_err();
        assert!(error.to_string().contains("100,000,000 cells"), "{error}");
    }
}
