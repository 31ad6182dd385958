//! The questions that a log can answer, by the columns that it has.

use std::fmt::Write;

use super::found::Found;
use super::names::plain;

/// All questions, as they stand in the release file.
pub(super) fn questions(found: &Found<'_>) -> String {
    let has_numbers = found.names.are_numbers();
    let mut text = String::new();
    totals(found, &mut text);
    counts(found, &mut text);
    reach(found, &mut text);
    requesters(&mut text);
    if has_numbers {
        let comment = "Number ranges that many requesters ask about; noise finds them, no list.";
        let lines =
            "count = \"lookups\"\nby = [\"target_prefix:6\"]\nkeys = \"private\"\nweight = 0.5";
        question(&mut text, "hot_prefixes", comment, lines);
    }
    text
}

/// A text as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn has_countries(found: &Found<'_>) -> bool {
    !found.countries.is_empty()
}

/// How many rows the load has by hour and the first key: with each value of the list, and others.
fn key_rows(found: &Found<'_>) -> usize {
    24 * (found.keys.keys.first().map_or(0, |key| key.values.len()) + 1)
}

/// Whether a day has enough lookups for this number of rows, or its size is unknown. With fewer
/// lookups in each, noise would hide most rows at the epsilon and among the questions that are
/// proposed.
fn carries(found: &Found<'_>, rows: usize) -> bool {
    const IN_EACH: f64 = 1_000.0;
    found.rows_a_day.is_none_or(|lookups| lookups >= IN_EACH * rows as f64)
}

fn totals(found: &Found<'_>, text: &mut String) {
    let comment = "All lookups of a day: more exact than the sum of finer rows, at little cost to the other questions.";
    question(text, "lookups", comment, "count = \"lookups\"\nweight = 0.2");
    if group(found).is_some() {
        let lines = "distinct = \"requester\"\nweight = 0.2";
        question(text, "requesters", "How many different requesters there are.", lines);
    }
}

fn counts(found: &Found<'_>, text: &mut String) {
    let mut keys = found.keys.keys.iter().map(|key| key.name.as_str());
    let (key, other) = (keys.next(), keys.next());
    let route = found.keys.route.as_ref().map(|_| "route");
    let count = |keys: &[Option<&str>]| format!("count = \"lookups\"\n{}", by(keys));
    let (key_beside, comment) = match carries(found, key_rows(found)) || key.is_none() {
        true => (key, "The load: how many lookups by hour."),
        false => (
            None,
            "The load: how many lookups by hour. Of one key more each row would have too few lookups.",
        ),
    };
    let load = count(&[Some("hour"), key_beside]);
    question(text, "volume", comment, &load);
    if has_countries(found) {
        let lines = count(&[Some("target_country"), route]);
        question(text, "volume_by_country", "Where those live who are asked about.", &lines);
    } else if other.or(route).is_some() {
        let lines = count(&[key, other, route]);
        question(text, "volume_by_kind", "What is asked, and with which answer.", &lines);
    }
}

/// The key by which requesters and shares are grouped.
fn group<'f>(found: &'f Found<'_>) -> Option<&'f str> {
    let key = found.keys.keys.first().map(|key| key.name.as_str());
    if has_countries(found) { Some("target_country") } else { key }
}

fn reach(found: &Found<'_>, text: &mut String) {
    let group = group(found);
    let grouped = group.map_or_else(String::new, |key| format!("\n{}", by(&[Some(key)])));
    let lines = format!("distinct = \"requester\"{grouped}");
    let comment = match group {
        Some("target_country") => {
            "How many requesters asked about numbers of each country; one may count in several."
        }
        Some(_) => {
            "How many requesters there are for each value of the key; one may count in several."
        }
        None => "How many different requesters there are.",
    };
    question(text, "active_requesters", comment, &lines);
    if found.keys.route.is_some() {
        let comment = "Which part cannot be reached and falls back to SMS.";
        let lines = format!("share = \"route = 'sms'\"{grouped}");
        question(text, "sms_share", comment, &lines);
    }
    if let Some(number) = &found.keys.number {
        let (low, high) = number.range.ends;
        let rest = number.range.not_above_zero.map_or_else(String::new, |rest| {
            format!("# About {rest} in 100 of the sampled values are 0 or below; those that count, count as {low}.\n")
        });
        let lines = format!(
            "quantiles = [0.5, 0.95, 0.99]\nof = {}\n\
             # CHECK: nearly all values lie in this range? It follows from the sample, with room at both ends. What lies\n\
             # outside counts as the nearer end.\n{rest}range = [{low}, {high}]",
            quoted(&number.name)
        );
        question(text, &question_name(&number.name), "How long it takes.", &lines);
    }
}

fn requesters(text: &mut String) {
    let comment = "How many requesters make how many lookups.";
    let lines = "histogram = \"lookups per requester\"\nweight = 0.3";
    question(text, "lookups_per_requester", comment, lines);
    let comment = "Requesters who ask that much may be trying numbers out.";
    let lines = "distinct = \"requester\"\nhaving = \"lookups >= 100\"\nweight = 0.5";
    question(text, "busy_requesters", comment, lines);
}

fn question(text: &mut String, name: &str, comment: &str, lines: &str) {
    let _infallible = write!(text, "\n[[question]]\n# {comment}\nname = \"{name}\"\n{lines}\n");
}

fn by(keys: &[Option<&str>]) -> String {
    let keys: Vec<String> = keys.iter().flatten().map(|key| quoted(key)).collect();
    format!("by = [{}]", keys.join(", "))
}

/// A name that a folder can have.
fn question_name(column: &str) -> String {
    let name = plain(column).to_lowercase();
    match name.trim_matches('_') {
        "latency_ms" | "" => "latency".to_owned(),
        name => name.to_owned(),
    }
}
