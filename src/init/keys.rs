//! Which columns group lookups, hold the route, or hold a number worth asking about.

use std::collections::{BTreeSet, HashSet};

use super::column::Column;
use super::names::key_name;
use super::people::People;
use super::range::NumberRange;
use crate::ingest::ColumnKind;
use crate::release_file::logs::PROTECTED;

/// Words in the name of a column that holds the route.
const ROUTE: [&str; 12] = [
    "route",
    "registered",
    "reachable",
    "messenger",
    "sms",
    "found",
    "exists",
    "member",
    "known",
    "delivered",
    "answer",
    "available",
];
/// Words that a run reads as routes.
const EITHER: [&str; 10] = ["true", "1", "t", "yes", "messenger", "false", "0", "f", "no", "sms"];
/// Values for a target that the messenger reaches; for one that it does not, logs write `sms`.
const REACHED: [&str; 20] = [
    "messenger",
    "mensageiro",
    "mensajero",
    "messagerie",
    "messaggero",
    "sent",
    "delivered",
    "app",
    "online",
    "registered",
    "found",
    "data",
    "internet",
    "im",
    "push",
    "chat",
    "rcs",
    "whatsapp",
    "signal",
    "ott",
];
const GOOD_KEYS: [&str; 18] = [
    "app",
    "application",
    "service",
    "product",
    "feature",
    "proto",
    "protocol",
    "kind",
    "type",
    "interaction",
    "event",
    "method",
    "channel",
    "category",
    "status",
    "carrier",
    "state",
    "code",
];
const WORDS_OF_NUMBERS: [&str; 9] =
    ["latency", "duration", "elapsed", "took", "rtt", "response", "wait", "taken", "ms"];

/// A column to group by.
pub(super) struct KeyGuess {
    pub(super) place: usize,
    /// Its name in the release file.
    pub(super) name: String,
    /// The values that were seen and may be listed.
    pub(super) values: Vec<String>,
}

/// A number to ask about.
pub(super) struct NumberGuess {
    pub(super) place: usize,
    /// Its name in the release file.
    pub(super) name: String,
    pub(super) range: NumberRange,
}

/// The column of the route.
pub(super) struct RouteGuess {
    pub(super) place: usize,
    /// What each of its values means, unless they are words that mean a route anyway.
    pub(super) map: Vec<(String, &'static str)>,
    /// Whether all of its values are the words messenger and sms themselves.
    pub(super) is_spelled_out: bool,
}

/// What else the log can be asked about.
pub(super) struct Keys {
    pub(super) route: Option<RouteGuess>,
    pub(super) client_ip: Option<usize>,
    pub(super) keys: Vec<KeyGuess>,
    pub(super) number: Option<NumberGuess>,
    /// A column that is called like a number, if marks in it may stand between thousands.
    pub(super) unclear: Option<usize>,
}

impl Keys {
    pub(super) fn of(columns: &[Column<'_>], people: &People, time: &[usize]) -> Self {
        /// More keys make each answer less exact.
        const MOST: usize = 2;
        let taken = [&[people.requester, people.target], time].concat();
        let free = || columns.iter().enumerate().filter(|(place, _)| !taken.contains(place));
        // A release file would read a column with a protected name as the protected one.
        let open = || free().filter(|(_, column)| !PROTECTED.contains(&column.name()));
        let route = open().find_map(|(place, column)| route_of(place, column));
        let is_client = |column: &Column<'_>| {
            column.are_mostly(column.addresses)
                && column.is_called(&["client", "ip", "remote"])
                && !column.is_called(&["s", "server", "dst", "dest", "destination", "resp"])
        };
        let client_ip = free().find(|(_, column)| is_client(column)).map(|(place, _)| place);
        let number = open().find_map(|(place, column)| number_of(place, column));
        let requesters = columns[people.requester].sample.values();
        let is_open = |place: usize| {
            route.as_ref().is_none_or(|route| route.place != place)
                && Some(place) != client_ip
                && number.as_ref().is_none_or(|number| number.place != place)
        };
        let mut keys: Vec<(i64, KeyGuess)> = open()
            .filter(|(place, _)| is_open(*place))
            .filter_map(|(place, column)| {
                let values = column.listable(requesters).ok()?;
                let is_good = column.is_called(&GOOD_KEYS);
                let score = i64::from(is_good) * 100 - values.len() as i64;
                Some((score, KeyGuess { place, name: key_name(column, place), values }))
            })
            .collect();
        keys.sort_by_key(|(score, _)| -score);
        // Two columns may lead to one name of a key: the better one keeps it.
        let mut names = HashSet::new();
        keys.retain(|(_, key)| names.insert(key.name.clone()));
        keys.truncate(MOST);
        let is_unclear = |column: &Column<'_>| {
            column.is_called(&WORDS_OF_NUMBERS) && column.has_unclear_numbers()
        };
        let unclear = open().find(|(_, column)| is_unclear(column)).map(|(place, _)| place);
        let unclear = unclear.filter(|_| number.is_none());
        let keys = keys.into_iter().map(|(_, key)| key).collect();
        Self { route, client_ip, keys, number, unclear }
    }
}

/// The route, if a column holds it. Either its values are words that a run reads as routes, and its
/// name or the word `messenger` shows that they are meant so; or they are few, some for a target
/// that is reached and one `sms`; or the column is called a route and has `sms` beside few other values.
fn route_of(place: usize, column: &Column<'_>) -> Option<RouteGuess> {
    const MOST: usize = 6;
    let values: BTreeSet<&str> =
        column.sample.values().iter().flatten().map(String::as_str).collect();
    let small = |value: &str| value.trim().to_lowercase();
    let either = |value: &&str| EITHER.contains(&small(value).as_str());
    let reached = |value: &&str| REACHED.contains(&small(value).as_str());
    let fell_back = |value: &&str| small(value) == "sms";
    let says_so =
        column.is_called(&ROUTE) || values.iter().any(|value| small(value) == "messenger");
    if says_so && values.len() >= 2 && values.iter().all(either) {
        let is_spelled_out =
            values.iter().all(|value| ["messenger", "sms"].contains(&small(value).as_str()));
        return Some(RouteGuess { place, map: Vec::new(), is_spelled_out });
    }
    let is_called_route = column.is_called(&["route"]) && values.len() >= 2;
    let is_some_reached = values.iter().any(reached) || is_called_route;
    if values.len() > MOST || !is_some_reached || !values.iter().any(fell_back) {
        return None;
    }
    // Of two answers the one that is no SMS is the messenger.
    let is_either = values.len() == 2;
    let meaning = |value: &&str| match (reached(value), fell_back(value)) {
        (true, _) => "messenger",
        (_, true) => "sms",
        _ if is_either => "messenger",
        _ => "unknown",
    };
    let map = values.iter().map(|value| ((*value).to_owned(), meaning(value)));
    Some(RouteGuess { place, map: map.collect(), is_spelled_out: false })
}

fn number_of(place: usize, column: &Column<'_>) -> Option<NumberGuess> {
    let can_be = matches!(column.sample.kind, ColumnKind::Text | ColumnKind::Number);
    let is_size = column.is_called(&["len", "length", "size", "bytes", "body"]);
    if !can_be
        || is_size
        || !column.is_called(&WORDS_OF_NUMBERS)
        || !column.are_mostly(column.numbers)
    {
        return None;
    }
    let range = NumberRange::of(column)?;
    let is_millis = column.is_called(&["ms", "millis", "milliseconds"]);
    let is_latency = is_millis && column.is_called(&["latency"]);
    let name = if is_latency { "latency_ms".to_owned() } else { column.name().to_owned() };
    Some(NumberGuess { place, name, range })
}
