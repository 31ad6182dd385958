//! Sentences about keys and numbers: values that no lookup has, ranges that leave numbers out, and
//! single requesters that make a large part of a row.

use super::finding::Finding;
use super::heavy::HeavySeen;
use super::keys::{KeySeen, RangeSeen};
use super::{Survey, percent};
use crate::ingest::Unlisted;
use crate::release_file::decimal::Decimal;
use crate::words::{ONE_HEAVY, grouped};

pub(super) fn of_key(key: &KeySeen, lookups: u64, decimal: Decimal, findings: &mut Vec<Finding>) {
    /// Values that are on no list are reported from this part on: one in this many.
    const MUCH: u64 = 10;
    let KeySeen { name, number, is_listed, unseen, other, range, .. } = key;
    if lookups == 0 {
        return;
    }
    if let (Some(column), Some(range)) = (number, range) {
        of_number(column, (*other, lookups), range, decimal, findings);
        of_range(column, range, findings);
        return;
    }
    let share = percent(*other, lookups);
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

/// Values of a key that are on no list: how many of the route, and which are listed in another spelling.
pub(super) fn of_unlisted(
    key: &KeySeen,
    unlisted: &Unlisted,
    lookups: u64,
    findings: &mut Vec<Finding>,
) {
    /// Values of the route that mean nothing are reported from this part on: one in this many.
    const MUCH: u64 = 10;
    let name = &key.name;
    let some = unlisted.lookups();
    // Of other keys, and where all is unknown, this is said with what is missing.
    if name == "route" && key.other < lookups && some.saturating_mul(MUCH) >= lookups {
        let text = format!(
            "{} of the lookups have a value of `route` that means neither messenger nor SMS by `[logs] columns.route`, \
             and count as `unknown`: if that is meant, map the value to \"unknown\"",
            percent(some, lookups)
        );
        findings.push(Finding::new(name, text));
    }
    for (listed, seen, of) in unlisted.alike() {
        let text = format!(
            "`{seen}`, which {} of the lookups have, is no value of `{name}`, and `{listed}` is one: capitals and \
             blanks count, so write it as the logs do",
            percent(of, lookups)
        );
        findings.push(Finding::new(name, text));
    }
}

/// What counts as no number in a column of numbers, if that is considerable: by the other decimal mark, and
/// in all.
fn of_number(
    column: &str,
    (none, lookups): (u64, u64),
    range: &RangeSeen,
    decimal: Decimal,
    findings: &mut Vec<Finding>,
) {
    /// Numbers with the other mark are reported from this part on: one in this many.
    const MUCH: u64 = 100;
    let otherwise = range.otherwise_written;
    if otherwise > 0 && otherwise.saturating_mul(MUCH) >= lookups {
        let share = percent(otherwise, lookups);
        let text = match decimal {
            Decimal::Point => format!(
                "`{column}` has a comma in {share} of the lookups, which count as having no number. If it stands \
                 before the fraction, as in 27,25, write `decimal = \",\"` in [logs]. If it stands between \
                 thousands, as in 1,234, numbers must be written without it"
            ),
            Decimal::Comma => format!(
                "`{column}` has a point in {share} of the lookups, which count as having no number, since [logs] \
                 says `decimal = \",\"`. If it stands before the fraction, as in 27.25, remove that line. If it \
                 stands between thousands, as in 1.234, numbers must be written without it"
            ),
        };
        findings.push(Finding::new(column, text));
    }
    let rest = none - otherwise;
    if rest.saturating_mul(2) >= lookups {
        let share = percent(rest, lookups);
        let text = format!(
            "`{column}` holds no number in {share} of the lookups: is it the right column? A number has no unit \
             beside it and no mark between thousands"
        );
        findings.push(Finding::new(column, text));
    }
}

/// What a range leaves out, if that is considerable.
fn of_range(column: &str, range: &RangeSeen, findings: &mut Vec<Finding>) {
    /// Numbers outside are reported from this part on: one in this many.
    const MUCH: u64 = 100;
    let RangeSeen { low, high, below, inside, above, .. } = range;
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
        let share = |seen: &HeavySeen| match seen.by_one == seen.lookups {
            true => "all".to_owned(),
            false => format!("at least {}", percent(seen.by_one, seen.lookups)),
        };
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
        // Said once, of all lookups.
        let wider = match key {
            None => {
                ". Otherwise intervals may be wider than `plan` says: measured up to 3.3 times as wide"
            }
            Some(_) => "",
        };
        let text = format!(
            "{of}one requester makes {}{more}. {ONE_HEAVY} If a column names what it is, such as a program, \
             `[logs] where` can leave it out{wider}",
            some.join(", ")
        );
        findings.push(Finding::new(key.unwrap_or("requester"), text));
    }
}
