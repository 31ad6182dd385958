//! What public registries of deployments of differential privacy ask for, from the manifests of an output.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::output::Output;

/// The entry of a release: what the manifests know, and nulls for what only its operator can say.
pub(super) fn entry(output: &Output) -> Value {
    let manifest = output.newest();
    let guarantee = &manifest["guarantee"];
    let distinct = |name: &str| -> BTreeSet<String> {
        let tables = manifest["measured_tables"].as_array().into_iter().flatten();
        tables.filter_map(|table| table[name].as_str().map(str::to_owned)).collect()
    };
    let questions = manifest["files"].as_array().into_iter().flatten().map(|file| {
        let facts = &file["facts"];
        json!({ "name": facts["question"], "asks": facts["asks"], "details": facts["details"] })
    });
    json!({
        "product": manifest["release"],
        "curator": null,
        "description": null,
        "intended_use": null,
        "data_product": {
            "kind": "tables of statistics, one for each question and day",
            "questions": questions.collect::<Vec<_>>(),
            "first_day": output.days.keys().next(),
            "last_day": output.days.keys().next_back(),
            "days": output.days.len(),
            "time_zone": manifest["time_zone"],
        },
        "flavor": {
            "name": "approximate differential privacy",
            "accounted_as": "zero-concentrated differential privacy",
        },
        "privacy_loss": {
            "unit": manifest["unit"],
            "period": "one day",
            "epsilon": manifest["budget"]["epsilon"],
            "delta": manifest["budget"]["delta"],
            "covers": "everything published about the day through one ledger",
            "this_release": guarantee,
            "in_words": manifest["guarantee_in_words"],
        },
        "model": { "name": "central", "trusted": "the operator, who holds logs and ledger" },
        "mechanisms": distinct("mechanism"),
        "accounting": {
            "composition": "losses in rho add up exactly; epsilon follows by the exact curve of the Gaussian mechanism",
            "enforced_by": "a ledger that refuses what would exceed the budget of a day",
        },
        "public": [
            "the release file: questions, lists of keys, budget and retention",
            "which days are released, and when",
            "mechanisms, noise scales and clips of every table",
            "the number of exempt targets, and a digest of their list",
        ],
        "exempt": manifest["exempt"],
        "implementation": {
            "name": "pointillist",
            "version": manifest["code_version"],
            "samplers": distinct("sampler"),
        },
    })
}
