//! Which columns of the log stand for what: the lines of `[logs.columns]`.

use super::found::Found;
use super::keys::{RouteGuess, RouteValues, other_route};
use super::people::SURE;
use crate::words::grouped;

/// The lines, each with its reason. A column that the log calls as this program does needs none.
pub(super) fn mapping(found: &Found<'_>) -> Vec<(String, String)> {
    let Found { people, time, keys, .. } = found;
    let who = [
        ("requester", people.requester, people.requester_score, "who asks"),
        ("target", people.target, people.target_score, "who is asked about"),
    ];
    let mut lines: Vec<(String, String)> = who
        .into_iter()
        .filter_map(|(name, place, score, question)| {
            let why = reason(found, (name, question), place, score);
            Some((setting(found, name, place)?, why))
        })
        .collect();
    let mut set = |setting: Option<String>, why: &str| {
        lines.extend(setting.map(|setting| (setting, why.to_owned())));
    };
    if let [place] = time.places.as_slice() {
        let why = "# when; the one that reads best as times";
        set(setting(found, "requested_at", *place), why);
    } else {
        let parts: Vec<String> = time.places.iter().map(|place| address(found, *place)).collect();
        let joined = format!("requested_at = [{}]", parts.join(", "));
        set(Some(joined), "# when; together they read as times");
    }
    if let Some(route) = &keys.route {
        lines.extend(route_line(found, route));
    }
    let mut set = |setting: Option<String>, why: &str| {
        lines.extend(setting.map(|setting| (setting, why.to_owned())));
    };
    if let Some(client) = keys.client_ip {
        set(setting(found, "client_ip", client), "# protected: never a key, never published");
    }
    if let Some(number) = keys.number.as_ref().filter(|number| number.name == "latency_ms") {
        set(setting(found, "latency_ms", number.place), "# by its name");
    }
    for one in &keys.keys {
        set(setting(found, &one.name, one.place), "# a key, below");
    }
    lines
}

/// The line of the route. Where one must look at it, it stands there also if the log calls the
/// column so, and says how it is turned round.
fn route_line(found: &Found<'_>, route: &RouteGuess) -> Option<(String, String)> {
    let column = address(found, route.place);
    let with = |meaning: &dyn Fn(&'static str) -> &'static str| {
        let entry = |(value, route): &(String, &'static str)| {
            format!("{} = \"{}\"", in_quotes(value), meaning(route))
        };
        let map: Vec<String> = route.map.iter().map(entry).collect();
        format!("route = {{ column = {column}, map = {{ {} }} }}", map.join(", "))
    };
    let bare = format!("route = {column}");
    let (as_found, turned) = (with(&|route| route), with(&other_route));
    Some(match route.values {
        RouteValues::SpelledOut => {
            (setting(found, "route", route.place)?, "# its values are messenger and sms".to_owned())
        }
        RouteValues::YesIsMessenger => (
            bare,
            format!(
                "# CHECK: true or 1 is messenger, false or 0 is SMS? If it is the other way round:\n# {turned}"
            ),
        ),
        RouteValues::YesIsSms => (
            as_found,
            format!(
                "# CHECK: true or 1 is SMS, as the column's name says? If it is the other way round:\n# {bare}"
            ),
        ),
        RouteValues::Answers => {
            let why = "# CHECK: which answers lead to SMS? Exchange the words sms and messenger to turn one round.";
            (as_found, why.to_owned())
        }
    })
}

/// Why a column is that of a requester or a target, or what the owner must look at.
fn reason(found: &Found<'_>, (name, question): (&str, &str), place: usize, score: i64) -> String {
    let (column, kinds) = (&found.columns[place], kinds(found, place));
    match score {
        _ if column.are_mostly(column.ports) => format!(
            "# CHECK: {question}? Each port would be a {name} of its own: is the address alone in another column, \
             or can it be logged?"
        ),
        _ if column.padded > 0 => format!(
            "# CHECK: {question}? {kinds}; blanks around one are a part of it, so that the same person may have \
             several"
        ),
        SURE.. => format!("# by its name; {kinds}"),
        _ => format!("# CHECK: {question}? {kinds}"),
    }
}

/// A text as a TOML key in quotes, on one line: as JSON writes it, but with an escape for the
/// delete character, which TOML does not allow.
pub(super) fn in_quotes(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// A key as TOML writes it.
pub(super) fn key(name: &str) -> String {
    let is_bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { in_quotes(name) }
}

fn setting(found: &Found<'_>, name: &str, place: usize) -> Option<String> {
    let is_called_so = found.columns[place].name() == name;
    (!is_called_so).then(|| format!("{} = {}", key(name), address(found, place)))
}

fn address(found: &Found<'_>, place: usize) -> String {
    found.division.address(found.columns[place].name())
}

/// How many different values a column has in the sample.
pub(super) fn kinds(found: &Found<'_>, place: usize) -> String {
    match found.columns[place].distinct {
        1 => "one value in the sample".to_owned(),
        many => format!("{} different values in the sample", grouped(many as u64)),
    }
}
