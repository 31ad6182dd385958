//! In what a release file differs from the one that a day was published from, as far as the published files say it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::frozen::Frozen;
use super::opening::day_budget;
use crate::ledger::{Entry, Ledger, StoredFile};
use crate::plan::Split;
use crate::publish::{MANIFESTS, Published};
use crate::release_file::ReleaseFile;
use crate::release_file::expression::Condition;
use crate::release_file::question::Question;

/// What counts, where no file says what it was.
const WHAT_COUNTS: &str = "questions with their keys and weights, the lists in [keys], `where`, `[privacy]`, and how \
     [logs] reads rows; not names of files and folders";

/// The differences in words; where the day's files show none, the kinds of fields that count.
pub(super) fn in_words(release_file: &ReleaseFile, ledger: &Ledger, entry: &Entry) -> String {
    let stored = ledger.stored(entry.id).unwrap_or_default();
    let mut found = differing(release_file, &stored);
    // Parts of the budget follow from the questions, too.
    if found.is_empty() && has_other_parts(release_file, ledger, entry) {
        found.push("`weight` of a question, or `[privacy] budget_share`".to_owned());
    }
    match found.is_empty() {
        true => format!("what counts is {WHAT_COUNTS}"),
        false => format!("what differs: {}", found.join(", ")),
    }
}

/// Whether its questions would get other parts of the budget. What 30 days may cost can have been limited since, so
/// parts of a day's budget with and without the limit are the same.
fn has_other_parts(release_file: &ReleaseFile, ledger: &Ledger, entry: &Entry) -> bool {
    let Ok(Frozen { split: then, .. }) = Frozen::of(entry) else { return false };
    let block = ledger.terms().budget;
    let budgets = [block, day_budget(release_file, block)];
    let is_other =
        |budget| Split::new(release_file, budget).is_ok_and(|now| now.questions != then.questions);
    budgets.into_iter().all(is_other)
}

fn differing(release_file: &ReleaseFile, stored: &[StoredFile]) -> Vec<String> {
    let is_manifest = |file: &&StoredFile| file.path.starts_with(MANIFESTS);
    let manifest = stored.iter().find(is_manifest);
    let Some(then) = manifest.and_then(|file| serde_json::from_slice::<Value>(&file.bytes).ok())
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let facts = || then["files"].as_array().into_iter().flatten().map(|file| &file["facts"]);
    let of_question = |name: &str| facts().find(|facts| facts["question"] == name);
    for question in &release_file.questions {
        match of_question(&question.name) {
            None => found.push(format!("question `{}`, which is new", question.name)),
            Some(then) => {
                let one = of_one(question, then, stored);
                found.extend(one.filter(|one| !found.contains(one)));
            }
        }
    }
    let is_asked = |name: &str| release_file.questions.iter().any(|now| now.name == name);
    let gone =
        facts().filter_map(|facts| facts["question"].as_str()).filter(|name| !is_asked(name));
    found.extend(gone.map(|name| format!("question `{name}`, which is gone")));
    let filter = release_file.logs.filter.as_ref().map(Condition::text);
    if facts().next().is_some_and(|facts| facts["where"] != json!(filter)) {
        found.push("`[logs] where`".to_owned());
    }
    if then["exempt"]["digest"] != json!(release_file.exempt.digest()) {
        found.push("`[privacy] exempt`".to_owned());
    }
    found
}

/// In what one question differs.
fn of_one(question: &Question, then: &Value, stored: &[StoredFile]) -> Option<String> {
    let name = &question.name;
    let is_same = then["asks"] == question.measure.word()
        && then["details"] == question.measure.details()
        && then["top"] == json!(question.top);
    if !is_same {
        return Some(format!("question `{name}`"));
    }
    let is_of = |file: &&StoredFile| file.path.starts_with(&format!("{name}/"));
    let table = stored.iter().find(is_of).and_then(|file| Published::read(&file.bytes).ok())?;
    let columns = table.keys();
    for key in &question.by {
        if !columns.iter().any(|column| column == key.name()) {
            return Some(format!("`by` of question `{name}`"));
        }
        let values: BTreeSet<String> = table.words(key.name()).ok()?.into_iter().collect();
        // Of the largest rows not every value is one.
        let is_known = question.top.is_some() || key.is_hour();
        if !is_known && !values.iter().eq(&key.values().iter().cloned().collect::<BTreeSet<_>>()) {
            return Some(format!("`[keys] {}`", key.name()));
        }
    }
    // Tables of other kinds have columns of their own before the value.
    let has_more = then["asks"] == "count" && columns.len() > question.by.len();
    (has_more && question.rows().is_some()).then(|| format!("`by` of question `{name}`"))
}
