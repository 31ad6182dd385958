//! Which columns of the log a draft does not use, and why.
//!
//! Names of members in JSON may be those of people, so a name that few rows have is not shown.

use super::column::Column;
use super::found::Found;
use super::mapping::in_quotes;
use crate::words::{grouped, several};

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
    let mut unnamed = 0;
    for (place, column) in found.columns.iter().enumerate() {
        // The members of a nested column are columns of their own.
        let member = format!("{}.", column.name());
        let has_members = found.columns.iter().any(|other| other.name().starts_with(&member));
        if used.contains(&place) || has_members {
            continue;
        }
        if may_name_somebody(column) {
            unnamed += 1;
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
    let mut parts: Vec<String> = by_reason.iter().map(|(why, names)| part(why, names)).collect();
    if unnamed > 0 {
        let (columns, names) =
            (several(unnamed, "column"), if unnamed == 1 { "name is" } else { "names are" });
        parts.push(format!(
            "{columns} whose {names} not shown, and may be of people: few rows have a value there, or the name has \
             digits or an @"
        ));
    }
    if parts.is_empty() { String::new() } else { format!("# Left out: {}.\n", parts.join("; ")) }
}

/// Whether a column is called by what may be a person: few rows have it, or its name is like a number or a mailbox.
fn may_name_somebody(column: &Column<'_>) -> bool {
    const DIGITS: usize = 5;
    let digits = column.name().bytes().filter(u8::is_ascii_digit).count();
    let is_rare = column.filled > 0 && column.filled * 10 < column.rows();
    is_rare || digits >= DIGITS || column.name().contains('@')
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
