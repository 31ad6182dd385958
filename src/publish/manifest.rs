//! The facts that are published with a release: in the metadata of every file and in the manifest.

use serde_json::{Value, json};

use crate::ledger::{Entry, StoredFile};
use crate::plan::{Layering, PublishedLayers};
use crate::release::{Answer, Guarantee, NoisyTable};
use crate::release_file::ReleaseFile;
use crate::release_file::lattice::{Clip, LATTICE_ONE};
use crate::release_file::question::Question;
use crate::release_file::window::Day;
use crate::{Error, Result};

/// The public facts about one release of one day.
pub struct Facts<'a> {
    /// The release file.
    pub release_file: &'a ReleaseFile,
    /// The day.
    pub day: Day,
    /// The ledger's entry.
    pub entry: &'a Entry,
    /// Its promise.
    pub guarantee: &'a Guarantee,
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
    /// The metadata of one question's file.
    pub(super) fn of_question(
        &self,
        question: &Question,
        answer: &Answer,
        tables: &[NoisyTable],
    ) -> Value {
        let terms = &self.release_file.ledger;
        let used = tables.iter().enumerate();
        let used = used.filter(|(place, _)| answer.measured_tables.contains(place));
        let measured: Vec<&NoisyTable> = used.map(|(_, table)| table).collect();
        let rho: f64 = measured.iter().map(|table| table.priced().charge.rho()).sum();
        json!({
            "release": self.release_file.name,
            "question": question.name,
            "asks": question.measure.word(),
            "day": self.day,
            "time_zone": terms.time_zone_name,
            "unit": terms.unit.word(),
            "exempt": self.release_file.exempt.len(),
            "epsilon": terms.epsilon,
            "delta": terms.delta,
            "rho": rho,
            "measured_tables": measured.iter().map(|table| measured_table(table)).collect::<Vec<_>>(),
            "confidence": 0.95,
            "raked": answer.coverage.is_some() && question.measure.word() == "count",
            "raking": answer.raking,
            "coverage": answer.coverage.map(|(share, sd)| json!({ "share": share, "sd": sd })),
            "ledger_entry": self.entry.id.0,
            "spec_fingerprint": self.entry.fingerprint,
            "code_version": self.entry.code_version,
            "guarantee": self.guarantee.words(terms),
        })
    }

    /// The manifest of the day.
    pub(super) fn manifest(&self, files: &[Listed], tables: &[NoisyTable]) -> Result<Vec<u8>> {
        let terms = &self.release_file.ledger;
        let files: Vec<Value> = files
            .iter()
            .map(|file| {
                json!({ "path": file.path, "bytes": file.bytes, "blake3": file.blake3, "facts": file.facts })
            })
            .collect();
        let manifest = json!({
            "format": 4,
            "release": self.release_file.name,
            "release_id": self.entry.release_id,
            "day": self.day,
            "time_zone": terms.time_zone_name,
            "unit": terms.unit.word(),
            "exempt": {
                "identifiers": self.release_file.exempt.len(),
                "digest": self.release_file.exempt.digest(),
            },
            "budget": { "epsilon": terms.epsilon, "delta": terms.delta },
            "charge_rho": self.entry.charge.rho(),
            "ledger_entry": self.entry.id.0,
            "spec_fingerprint": self.entry.fingerprint,
            "code_version": self.entry.code_version,
            "guarantee": self.guarantee,
            "guarantee_in_words": self.guarantee.words(terms),
            "measured_tables": tables.iter().map(measured_table).collect::<Vec<_>>(),
            "files": files,
        });
        let mut text = serde_json::to_vec_pretty(&manifest)
            .map_err(|_| Error::internal("the manifest cannot be written"))?;
        text.push(b'\n');
        Ok(text)
    }
}

/// What was measured in a table, and with which noise.
fn measured_table(table: &NoisyTable) -> Value {
    let priced = table.priced();
    let clip = priced.table.clip.contributions();
    let layers = |layering: Layering| {
        json!({
            "up_to": layering.most().contributions(),
            "measured": PublishedLayers::new(layering, table.units(), table.noise_sd()),
        })
    };
    json!({
        "name": priced.table.name,
        "contribution": priced.table.contribution.kind().word(),
        "clip": clip,
        "target_clip": priced.table.target_clip.map(Clip::contributions),
        "layers": priced.table.layering().map(layers),
        "sensitivity": priced.table.sensitivity().contributions(),
        "mechanism": priced.mechanism,
        "sampler": "pointillist",
        "noise_scale": table.noise_sd(),
        "rho": priced.charge.rho(),
        "key_delta": priced.table.key_delta.delta(),
        "threshold": priced.threshold.map(|units| units as f64 / LATTICE_ONE as f64),
    })
}

/// The layers of the total that a stored release published; `None` if it has none, as before
/// format 4.
///
/// # Errors
/// Internal, when the stored manifest is not what was published.
pub fn layers(files: &[StoredFile]) -> Result<Option<PublishedLayers>> {
    let Some(file) = files.iter().find(|file| file.path.starts_with("_manifest/")) else {
        return Ok(None);
    };
    let broken = || Error::internal("a stored manifest does not read back as published");
    let manifest: Value = serde_json::from_slice(&file.bytes).map_err(|_| broken())?;
    let tables = manifest["measured_tables"].as_array().into_iter().flatten();
    let mut layered = tables.filter(|table| table["layers"].is_object());
    let of = |table: &Value| serde_json::from_value(table["layers"]["measured"].clone());
    layered.next().map(of).transpose().map_err(|_| broken())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(path: &str, text: &str) -> Vec<StoredFile> {
        vec![StoredFile { path: path.to_owned(), bytes: text.as_bytes().to_vec() }]
    }

    #[test]
    fn layers_are_read_back_and_older_releases_have_none() {
        let path = "_manifest/day=2026-01-05.json";
        let older =
            r#"{ "format": 3, "measured_tables": [{ "name": "all lookups", "clip": 300.0 }] }"#;
        assert_eq!(layers(&stored(path, older)).unwrap(), None);
        assert_eq!(layers(&stored("volume/day=2026-01-05/part-0.parquet", "PAR1")).unwrap(), None);
        let expected = PublishedLayers { width: 18.75, noise_sd: 4.5, sums: vec![7.0, -0.5] };
        let manifest = json!({ "measured_tables": [
            { "name": "lookups by hour", "layers": null },
            { "name": "all lookups", "layers": { "up_to": 37.5, "measured": expected } },
        ] });
        assert_eq!(layers(&stored(path, &manifest.to_string())).unwrap(), Some(expected));
        for broken in ["{", r#"{ "measured_tables": [{ "layers": { "measured": 1 } }] }"#] {
            assert_eq!(layers(&stored(path, broken)).unwrap_err().kind(), crate::Kind::Internal);
        }
    }
}
