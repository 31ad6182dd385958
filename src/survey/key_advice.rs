//! Sentences about keys and numbers: values that no lookup has, ranges that leave numbers out, and
//! single requesters that make a large part of a row.

use super::finding::Finding;
use super::heavy::HeavySeen;
use super::keys::{KeySeen, RangeSeen};
use super::{Survey, percent};
use crate::words::{ONE_HEAVY, grouped};

pub(super) fn of_key(key: &KeySeen, lookups: u64, findings: &mut Vec<Finding>) {
    /// Values that are on no list are reported from this part on: one in this many.
    const MUCH: u64 = 10;
    let KeySeen { name, number, is_listed, unseen, other, range, .. } = key;
    if lookups == 0 {
        return;
    }
    let share = percent(*other, lookups);
    if let Some(column) = number {
        if other.saturating_mul(2) >= lookups {
            let text = format!("`{column}` holds no number in {share} of the lookups");
            findings.push(Finding::new(column, text));
        }
        range.iter().for_each(|range| of_range(column, range, findings));
        return;
    }
    if name == "route" && *other == lookups {
        let text = "`route` is unknown in all lookups: no value of its column means messenger (true, 1, \
                    yes, messenger) or SMS (false, 0, no, sms)";
        findings.push(Finding::new(name, text));
    } else if *is_listed && *other == lookups {
        let text =
            format!("no lookup has a value that `[keys] {name}` lists: all count as `other`");
        findings.push(Finding::new(name, text));
        return;
    } else if other.saturating_mul(MUCH) >= lookups && name != "route" {
        let text = format!(
            "{share} of the lookups have a value of `{name}` that is not listed, or none, and count as \
             `other`"
        );
        findings.push(Finding::new(name, text));
    }
    if !unseen.is_empty() {
        let some: Vec<String> = unseen.iter().take(5).map(|value| format!("`{value}`")).collect();
        let more = unseen.len().saturating_sub(some.len());
        let more =
            if more > 0 { format!(" and {} more", grouped(more as u64)) } else { String::new() };
        let text = format!("`[keys] {name}` lists {}{more}, which no lookup has", some.join(", "));
        findings.push(Finding::new(name, text));
    }
}

/// What a range leaves out, if that is considerable.
fn of_range(column: &str, range: &RangeSeen, findings: &mut Vec<Finding>) {
    /// Numbers outside are reported from this part on: one in this many.
    const MUCH: u64 = 100;
    let RangeSeen { low, high, below, inside, above } = range;
    let all = below + inside + above;
    for (beyond, side, end, wrong) in [(below, "below", low, "high"), (above, "above", high, "low")]
    {
        if *beyond == 0 || beyond.saturating_mul(MUCH) < all {
            continue;
        }
        let text = format!(
            "{} of the numbers in `{column}` lie {side} the range [{low}, {high}], and each of them counts as {end}: \
             means and sums come out too {wrong}, and so do the quantiles that should lie there. No interval allows \
             for it. Unless that is meant, choose `range` so that nearly all numbers lie inside",
            percent(*beyond, all)
        );
        findings.push(Finding::new(column, text));
    }
}

/// Single requesters that make a considerable part of what a row counts.
pub(super) fn of_heavy(survey: &Survey, findings: &mut Vec<Finding>) {
    /// How many values of a key are named.
    const NAMED: usize = 5;
    if survey.requesters.count <= 1 || survey.heavy.is_empty() {
        return;
    }
    let mut keys: Vec<Option<&str>> = Vec::new();
    for seen in &survey.heavy {
        let key = seen.key.as_deref();
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    for key in keys {
        let of_key = || survey.heavy.iter().filter(|seen| seen.key.as_deref() == key);
        let share = |seen: &HeavySeen| percent(seen.by_one, seen.lookups);
        let some: Vec<String> = of_key()
            .take(NAMED)
            .map(|seen| match &seen.value {
                None => format!("{} of all lookups", share(seen)),
                Some(value) => format!("{} of those with the value `{value}`", share(seen)),
            })
            .collect();
        let more = of_key().count().saturating_sub(NAMED);
        let more =
            if more > 0 { format!(", and as much of {more} more values") } else { String::new() };
        let of = key.map_or_else(String::new, |key| format!("of the lookups by `{key}` "));
        let text = format!(
            "{of}one requester makes at least {}{more}. {ONE_HEAVY} If a column names what it is, such as a program, \
             `[logs] where` can leave it out",
            some.join(", ")
        );
        findings.push(Finding::new(key.unwrap_or("requester"), text));
    }
}
