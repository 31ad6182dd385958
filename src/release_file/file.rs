//! A release file, checked: immutable, with a fingerprint of everything that changes the answer.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use jiff::tz::TimeZone;
use serde_json::json;

use super::day::parse_zone;
use super::day_names::DayNames;
use super::engine::Engine;
use super::keys::{Key, KeyLists};
use super::logs::{CANONICAL, Logs};
use super::parse::{Lines, parse};
use super::place::Place;
use super::privacy_loss::{AttoDelta, Delta, Epsilon};
use super::question::{Question, check_name};
use super::raw::{RawPrivacy, RawReleaseFile};
use super::unit::{Exempt, Unit};
use crate::phone::CallingCodes;
use crate::{Error, Result};

/// What a release file means.
#[derive(Debug, Clone)]
pub struct ReleaseFile {
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
    /// What is asked, in the order of the file.
    pub questions: Vec<Question>,
    /// The folder of the published tables.
    pub output: PathBuf,
    /// The cluster that tallies the logs; `None` if this machine does.
    pub engine: Option<Engine>,
    /// Computed when it is first asked for.
    fingerprint: OnceLock<String>,
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
    /// What private prefixes may spend of delta.
    pub key_delta: AttoDelta,
    /// What any 30 consecutive blocks may cost together, at least as much as one.
    pub epsilon_30_days: Option<Epsilon>,
    /// The zone of day, hour and block.
    pub time_zone: TimeZone,
    /// The name of that zone.
    pub time_zone_name: String,
    /// Whose rows the promise covers.
    pub unit: Unit,
}

impl LedgerTerms {
    /// The delta at which rho is converted: what private prefixes may not spend.
    pub fn conversion_delta(&self) -> f64 {
        if mutant!("delta-spent-twice") {
            return self.delta.value();
        }
        self.delta.value() - self.key_delta.delta()
    }
}

/// Why a release file cannot be read: as a rule another name was meant.
fn unread(path: &Path, error: std::io::Error) -> Error {
    let shown = path.display();
    match error.kind() {
        _ if path.is_dir() => Error::usage(format!("{shown} is a folder")).help(
            "name the release file, which is written in TOML; `pointillist init LOGS` writes one for logs",
        ),
        ErrorKind::NotFound => Error::usage(format!("there is no release file {shown}"))
            .help("check the path; `pointillist --help` shows the commands"),
        ErrorKind::InvalidData => Error::usage(format!("{shown} is no text"))
            .help("name the release file, which is written in TOML"),
        _ => Error::io(format!("the release file {shown} cannot be read"))
            .help("check its permissions")
            .because(error),
    }
}

impl ReleaseFile {
    /// Reads and checks a release file; its relative paths start from its own folder.
    ///
    /// # Errors
    /// I/O, when the file cannot be read; usage, when there is none, and, naming the field, for anything it may not
    /// say.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| unread(path, error))?;
        Self::parse(&text, &path.display().to_string(), path.parent().unwrap_or(Path::new(".")))
    }

    /// The same with logs and ledger elsewhere, for each that is given.
    #[must_use]
    pub fn with_places(mut self, logs: Option<&Path>, ledger: Option<&Path>) -> Self {
        if let Some(logs) = logs {
            self.logs.place = Place { folder: PathBuf::new(), glob: logs.display().to_string() };
            self.logs.table = None;
        }
        if let Some(ledger) = ledger {
            self.ledger.path = ledger.to_path_buf();
        }
        self
    }

    /// Checks the text of a release file called `file`, whose paths start from `folder`.
    ///
    /// # Errors
    /// Usage, naming the field.
    pub fn parse(text: &str, file: &str, folder: &Path) -> Result<Self> {
        let raw = parse(text, file)?;
        check_name(&raw.name, "release name")?;
        let engine = raw.engine.as_ref().map(|engine| Engine::parse(engine, folder)).transpose()?;
        let days =
            u32::try_from(raw.retention.days).ok().filter(|days| (1..=36_500).contains(days));
        let retention_days = days.ok_or_else(|| {
            Error::usage(format!(
                "`[retention] days` is {}, which is too few or too many",
                raw.retention.days
            ))
            .help("give a number of days from 1 to 36500")
        })?;
        let budget_share_millionths = check_privacy(&raw.privacy)?;
        let ledger = check_ledger(&raw, folder)?;
        let lists = KeyLists::parse(&raw.keys)?;
        let logs = Logs::parse(raw.logs, folder, lists.names(), &Lines { text, file })?;
        let is_open = |key: &str| key != "route" && !lists.names().any(|listed| listed == key);
        logs.columns().require_values(|key, value| is_open(key) || lists.has_value(key, value))?;
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
        if raw.output.path.as_deref() == Some("") {
            return Err(Error::usage("`[output] path` is empty")
                .help("name a folder, for example path = \"published\""));
        }
        let output = folder.join(raw.output.path.as_deref().unwrap_or("published"));
        Ok(Self {
            name: raw.name,
            logs,
            retention_days,
            ledger,
            budget_share_millionths,
            exempt,
            questions,
            output,
            engine,
            fingerprint: OnceLock::new(),
        })
    }

    /// Refuses a verb that works on log files of this machine, if they lie on a cluster.
    ///
    /// # Errors
    /// Usage.
    pub fn require_here(&self, verb: &str) -> Result<()> {
        match (&self.engine, &self.logs.table) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(Error::usage(format!(
                "`{verb}` works on log files of this machine, and `[logs] table` is one of a cluster"
            ))
            .help("name files by `[logs] path`")),
            (Some(_), _) => Err(Error::usage(format!(
                "`{verb}` works on log files of this machine, and `[engine]` names a cluster"
            ))
            .help("name the files in a release file without `[engine]`, where they are")),
        }
    }

    /// What the owner should know of a file that is valid but hardly what was wanted.
    pub fn warnings(&self) -> Vec<String> {
        self.ledger.epsilon.warning("[ledger] epsilon").into_iter().collect()
    }

    /// A digest of everything that changes the answer: not of paths, memory or formatting, and not of
    /// `epsilon_30_days`, which is the ledger's and may be added later.
    pub fn fingerprint(&self) -> &str {
        self.fingerprint.get_or_init(|| {
            blake3::hash(self.meaning().to_string().as_bytes()).to_hex().to_string()
        })
    }

    fn meaning(&self) -> serde_json::Value {
        let columns: Vec<(&str, &str)> = CANONICAL
            .iter()
            .copied()
            .chain(self.logs.columns().names())
            .map(|name| (name, self.logs.shown(name)))
            .collect();
        let numbers = self.logs.identifier.are_numbers().then(|| {
            json!({
                "default_region": self.logs.default_region,
                "normaliser": NORMALISER,
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
        let mut logs = json!({
            "columns": columns,
            "time_unit": self.logs.time_unit.map(super::logs::TimeUnit::word),
            "time_zone": self.logs.time_zone_name,
            "identifier": self.logs.identifier.word(),
            "where": self.logs.filter.as_ref().map(super::expression::Condition::text),
            "day_folder": null,
            "numbers": numbers,
        });
        // Only what is declared, so that release files without it keep their fingerprint.
        match &self.logs.day_names {
            Some(DayNames::Folder(key)) => logs["day_folder"] = json!(key),
            Some(DayNames::File) => logs["day_file"] = json!(true),
            None => {}
        }
        let facts = self.logs.time_formats.facts();
        for (field, value) in facts.iter().chain(self.logs.dialect.facts()) {
            logs[*field] = json!(value);
        }
        json!({
            "format": 1,
            "logs": logs,
            "ledger": {
                "epsilon": self.ledger.epsilon,
                "delta": self.ledger.delta,
                "key_delta": self.ledger.key_delta,
                "time_zone": self.ledger.time_zone_name,
            },
            "privacy": privacy,
            "questions": self.questions.iter().map(meaning_of).collect::<Vec<_>>(),
        })
    }
}

/// What fingerprints say of the number library. It stays when a newer library comes, so that
/// release files keep their fingerprints: the ledger notes which library read the numbers of a day.
const NORMALISER: &str = "rlibphonenumber 2.2.15, metadata 9.0.42";

/// Everything in a question that changes its answer.
fn meaning_of(question: &Question) -> serde_json::Value {
    let key = |key: &Key| json!({ "name": key.name(), "values": key.values() });
    let mut meaning = json!({
        "name": question.name,
        "measure": question.measure.word(),
        "details": question.measure.details(),
        "by": question.by.iter().map(key).collect::<Vec<_>>(),
        "weight": question.weight,
        "clip": question.earlier.clip,
        "top": question.top,
    });
    if question.earlier.is_loose {
        meaning["loose"] = json!(true);
    }
    if let Some(clip) = question.earlier.target_clip {
        meaning["target_clip"] = json!(clip);
    }
    meaning
}

fn check_privacy(raw: &RawPrivacy) -> Result<u64> {
    let share = raw.budget_share.unwrap_or(0.7);
    if !share.is_finite() || !(0.000_001..=1.0).contains(&share) {
        return Err(Error::usage(format!(
            "`[privacy] budget_share` is {share}, which is no part of a whole"
        ))
        .help("give a number above 0 and up to 1, for example 0.7"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the share lies in [0.000001, 1], so the product lies in [0, 1000000]"
    )]
    let millionths = (share * 1e6).floor() as u64;
    Ok(millionths)
}

fn check_ledger(raw: &RawReleaseFile, folder: &Path) -> Result<LedgerTerms> {
    let path = raw.ledger.path.as_deref().filter(|path| !path.is_empty()).ok_or_else(|| {
        Error::usage("`[ledger] path` is missing").help(format!(
            "name the file that keeps the budget, for example path = \"{}.ledger\"; \
             a day's budget holds for everything released through that ledger",
            raw.name
        ))
    })?;
    let delta = Delta::new(raw.ledger.delta, "[ledger] delta")?;
    let unit = Unit::parse(&raw.privacy)?;
    let key_delta = raw.ledger.key_delta.unwrap_or(delta.value() / 10.0);
    if !key_delta.is_finite() || key_delta < 0.0 || key_delta >= delta.value() {
        return Err(Error::usage(format!(
            "`[ledger] key_delta` is {key_delta}, which is no part of `delta`"
        ))
        .help("give a number from 0 to below `delta`; the default is a tenth of it"));
    }
    let epsilon = Epsilon::new(raw.ledger.epsilon, "[ledger] epsilon")?;
    let epsilon_30_days = raw
        .ledger
        .epsilon_30_days
        .map(|limit| Epsilon::new(limit, "[ledger] epsilon_30_days"))
        .transpose()?;
    if let Some(limit) = epsilon_30_days.filter(|limit| *limit < epsilon) {
        return Err(Error::usage(format!(
            "`[ledger] epsilon_30_days` is {}, less than the `epsilon` of one day",
            limit.value()
        ))
        .help(format!("give a number from {} on, or lower `epsilon`", epsilon.value())));
    }
    let zone = raw.ledger.time_zone.as_deref().unwrap_or("UTC");
    Ok(LedgerTerms {
        path: folder.join(path),
        epsilon,
        delta,
        key_delta: AttoDelta::allowed(key_delta),
        epsilon_30_days,
        time_zone: parse_zone(zone, "[ledger] time_zone")?,
        time_zone_name: zone.to_owned(),
        unit,
    })
}

#[cfg(test)]
mod tests;
