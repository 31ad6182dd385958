//! The facts that are published with a release: in the metadata of every file and in the manifest.

use serde_json::{Value, json};

use super::table::FINGERPRINT;
use crate::ledger::Entry;
use crate::plan::kinds::nodes;
use crate::plan::{Role, Split};
use crate::release::{
    Answer, ClassNumber, Guarantee, NoisyNumbers, NoisyTable, PricedTable, budget_of,
};
use crate::release_file::ReleaseFile;
use crate::release_file::day::Day;
use crate::release_file::expression::Condition;
use crate::release_file::lattice::{Clip, LATTICE_ONE};
use crate::release_file::question::Question;
use crate::{Error, Result};

/// The public facts about one release of one day.
pub struct Facts<'a> {
    /// The release file.
    pub release_file: &'a ReleaseFile,
    /// The day.
    pub day: Day,
    /// The ledger's entry.
    pub entry: &'a Entry,
    /// How its budget was divided.
    pub split: &'a Split,
    /// Its promise.
    pub guarantee: &'a Guarantee,
    /// The look that the tables follow from.
    pub look: &'a NoisyNumbers,
    /// What was drawn before the tables: the look, and the rounds that find prefixes.
    pub before: &'a [PricedTable],
}

/// One file in the manifest.
pub(super) struct Listed {
    path: String,
    bytes: usize,
    blake3: String,
    facts: Value,
}

impl Listed {
    pub(super) fn new(path: &str, bytes: &[u8], facts: Value) -> Self {
        let blake3 = blake3::hash(bytes).to_hex().to_string();
        Self { path: path.to_owned(), bytes: bytes.len(), blake3, facts }
    }
}

impl Facts<'_> {
    /// The metadata of one question's file, which is at this place among the questions.
    pub(super) fn of_question(
        &self,
        place: usize,
        question: &Question,
        answer: &Answer,
        tables: &[NoisyTable],
        classes: &Value,
    ) -> Value {
        let terms = &self.release_file.ledger;
        let used = answer.measured_tables.iter().filter_map(|place| tables.get(*place));
        let used = used.map(|table| measured_table(table.priced()));
        let part = self.split.questions.get(place).copied().unwrap_or_default();
        json!({
            "format": FORMAT,
            "release": self.release_file.name,
            "question": question.name,
            "asks": question.measure.word(),
            "details": question.measure.details(),
            "top": question.top,
            "where": self.release_file.logs.filter.as_ref().map(Condition::text),
            "day": self.day,
            "time_zone": terms.time_zone_name,
            "unit": terms.unit.word(),
            "exempt": self.release_file.exempt.len(),
            "epsilon": terms.epsilon,
            "delta": terms.delta,
            // What the file rests on: the question's own tables and the look that all share.
            "rho": part.rho() + self.split.look.rho(),
            "rho_of_look": self.split.look.rho(),
            "classes": classes,
            "measured_tables": self.early_tables(Some(question)).chain(used).collect::<Vec<_>>(),
            "confidence": 0.95,
            "interval": question.interval_words(terms.unit),
            "ledger_entry": self.entry.id.0,
            (FINGERPRINT): self.entry.fingerprint,
            "code_version": self.entry.code_version,
            "guarantee": self.guarantee.words(terms),
            "explained": self.guarantee.explained(terms),
        })
    }

    /// The mechanisms that were drawn before the tables, of one question or of all.
    fn early_tables<'b>(
        &'b self,
        question: Option<&'b Question>,
    ) -> impl Iterator<Item = Value> + 'b {
        let is_of = move |priced: &&PricedTable| match (&priced.table.role, question) {
            (Role::PrefixRound { question: name }, Some(question)) => *name == question.name,
            _ => true,
        };
        self.before.iter().filter(is_of).map(measured_table)
    }

    /// The manifest of the day.
    pub(super) fn manifest(
        &self,
        files: &[Listed],
        tables: &[NoisyTable],
        classes: &Value,
    ) -> Result<Vec<u8>> {
        let terms = &self.release_file.ledger;
        let measured = tables.iter().map(|table| measured_table(table.priced()));
        let measured: Vec<Value> = self.early_tables(None).chain(measured).collect();
        let files: Vec<Value> = files
            .iter()
            .map(|file| {
                json!({ "path": file.path, "bytes": file.bytes, "blake3": file.blake3, "facts": file.facts })
            })
            .collect();
        let manifest = json!({
            "format": FORMAT,
            "release": self.release_file.name,
            "release_id": self.entry.release_id,
            "day": self.day,
            "time_zone": terms.time_zone_name,
            "unit": terms.unit.word(),
            "exempt": {
                "identifiers": self.release_file.exempt.len(),
                "digest": self.release_file.exempt.digest(),
            },
            "budget": {
                "epsilon": terms.epsilon,
                "delta": terms.delta,
                "rho": budget_of(terms.epsilon, terms.conversion_delta()).rho(),
            },
            "charge_rho": self.entry.charge.rho(),
            "ledger_entry": self.entry.id.0,
            "ledger_head": self.entry.head,
            (FINGERPRINT): self.entry.fingerprint,
            "code_version": self.entry.code_version,
            "guarantee": self.guarantee,
            "guarantee_in_words": self.guarantee.words(terms),
            "explained": self.guarantee.explained(terms),
            "rho_of_look": self.split.look.rho(),
            "rho_of_questions": self.split.questions.iter().map(|part| part.rho()).collect::<Vec<_>>(),
            "classes": classes,
            "measured_tables": measured,
            "files": files,
        });
        let mut text = serde_json::to_vec_pretty(&manifest)
            .map_err(|_| Error::internal("the manifest cannot be written"))?;
        text.push(b'\n');
        Ok(text)
    }
}

/// The version of what published files say.
const FORMAT: u32 = 7;

/// The numbers of requesters by class, with their intervals.
pub(super) fn classes(numbers: &[ClassNumber]) -> Value {
    let class = |(lookups, class): (u64, &ClassNumber)| {
        json!({
            "lookups": lookups,
            "requesters": class.number,
            "ci_low": (class.number - class.below).max(0.0),
            "ci_high": class.number + class.above,
            "seen": !class.is_unknown,
        })
    };
    nodes().into_iter().zip(numbers).map(class).collect()
}

/// What was measured in a table, and with which noise.
fn measured_table(priced: &PricedTable) -> Value {
    let table = &priced.table;
    json!({
        "name": table.name,
        "contribution": table.contribution.kind().word(),
        "class": table.class(),
        "clip": table.clip.contributions(),
        "target_clip": table.target_clip.map(Clip::contributions),
        "sensitivity": table.sensitivity().contributions(),
        "mechanism": PricedTable::MECHANISM,
        "sampler": "pointillist",
        "noise_scale": priced.noise_sd(),
        "rho": priced.charge.rho(),
        "key_delta": table.key_delta.delta(),
        "threshold": priced.threshold.map(|steps| steps as f64 / LATTICE_ONE as f64),
    })
}
