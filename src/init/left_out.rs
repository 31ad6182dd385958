//! Which columns of the log a draft does not use, and why.

use super::found::Found;
use super::mapping::in_quotes;
use crate::words::grouped;

/// A comment that names them; empty if every column is used.
pub(super) fn left_out(found: &Found<'_>) -> String {
    let Found { people, time, keys, .. } = found;
    let keys = [
        keys.keys.iter().map(|key| key.place).collect(),
        keys.route.iter().map(|route| route.place).collect(),
        keys.number.iter().map(|number| number.place).collect(),
        keys.client_ip.into_iter().collect::<Vec<_>>(),
    ];
    let used = [vec![people.requester, people.target], time.places.clone(), keys.concat()].concat();
    let requesters = found.columns[people.requester].sample.values();
    let mut by_reason: Vec<(&str, Vec<String>)> = Vec::new();
    for (place, column) in found.columns.iter().enumerate() {
        // The members of a nested column are columns of their own.
        let member = format!("{}.", column.name());
        let has_members = found.columns.iter().any(|other| other.name().starts_with(&member));
        if used.contains(&place) || has_members {
            continue;
        }
        let why = match column.listable(requesters) {
            Ok(_) => "could be listed in [keys]; each further key makes answers less exact",
            Err(why) => why,
        };
        let name = in_quotes(column.name());
        match by_reason.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, names)) => names.push(name),
            None => by_reason.push((why, vec![name])),
        }
    }
    let parts: Vec<String> = by_reason.iter().map(|(why, names)| part(why, names)).collect();
    if parts.is_empty() { String::new() } else { format!("# Left out: {}.\n", parts.join("; ")) }
}

/// Columns that are left out for one reason.
fn part(why: &str, names: &[String]) -> String {
    /// How many are named.
    const NAMED: usize = 8;
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {} more", grouped(more as u64)),
    };
    let names = &names[..names.len().min(NAMED)];
    format!("{}{more} ({why})", names.join(", "))
}
