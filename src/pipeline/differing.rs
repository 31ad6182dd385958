//! A day that another release file of the same name has begun or published, and in what that file differs, as far as
//! the published files say it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::frozen::Frozen;
use super::opening::day_budget;
use crate::Error;
use crate::ledger::{Entry, Ledger, State, StoredFile};
use crate::plan::Split;
use crate::publish::{MANIFESTS, Published};
use crate::release_file::ReleaseFile;
use crate::release_file::day::Day;
use crate::release_file::expression::Condition;
use crate::release_file::question::Question;

/// What counts, where no file says what it was.
const WHAT_COUNTS: &str = "questions with their keys and weights, the lists in [keys], `where`, `[privacy]`, and how \
     [logs] reads rows; not names of files and folders";

/// Refuses a day that a release file which asked otherwise has reserved, drawn or released. Which of the two is meant
/// the user must say: the change may be a mistake.
pub(super) fn refusal(
    release_file: &ReleaseFile,
    ledger: &Ledger,
    entry: &Entry,
    day: Day,
) -> Error {
    let (name, id) = (&release_file.name, entry.id.0);
    let (done, way_out) = match entry.state {
        State::Reserved => (
            format!("is reserved as `{name}` (entry {id})"),
            "nothing was drawn: restore that release file and run again, or free the charge with `pointillist ledger \
             void ID RELEASE.toml` and run again, which reserves the day by the file as it is now",
        ),
        State::Drawn => (
            format!("was drawn as `{name}` (entry {id}) and not stored"),
            "its noise may have been drawn, so its charge stays spent: restore that release file and run again, which \
             finishes it for the same charge, or run with --again, which charges the day once more",
        ),
        _ => (
            // Without the entry: one message is said of all days of a range that have the same.
            format!("was released before as `{name}`"),
            "restore that release file, give the release another name, or run with --again, which charges the day once \
             more",
        ),
    };
    Error::refused(format!(
        "the day {day} {done}, from a release file that asked otherwise: {}",
        in_words(release_file, ledger, entry)
    ))
    .help(way_out)
}

/// The differences in words; where the day's files show none, the kinds of fields that count.
fn in_words(release_file: &ReleaseFile, ledger: &Ledger, entry: &Entry) -> String {
    let stored = ledger.stored(entry.id).unwrap_or_default();
    let mut found = differing(release_file, &stored);
    // Parts of the budget follow from the questions, too, and only files say whether these are the same.
    if found.is_empty() && !stored.is_empty() && has_other_parts(release_file, ledger, entry) {
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
