//! Which columns group lookups, hold the route, or hold a number worth asking about.

use std::collections::{BTreeSet, HashSet};

use super::column::Column;
use super::names::key_name;
use super::people::People;
use super::range::NumberRange;
use crate::ingest::ColumnKind;
use crate::release_file::keys::{ROUTE_WORDS, UNKNOWN};
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
/// Words in a name by which yes stands for SMS.
const FELL_BACK: [&str; 4] = ["sms", "fallback", "unreachable", "unregistered"];
/// Words beside them by which it does not.
const NOT: [&str; 5] = ["no", "not", "non", "without", "messenger"];
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
    /// What each of its values means.
    pub(super) map: Vec<(String, &'static str)>,
    pub(super) values: RouteValues,
}

/// What the values of a route are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RouteValues {
    /// The words messenger and sms themselves.
    SpelledOut,
    /// Words such as `true` and `0`, and yes stands for the messenger, as a run reads them.
    YesIsMessenger,
    /// The same, but by the column's name yes stands for SMS.
    YesIsSms,
    /// Other words.
    Answers,
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
    let values: BTreeSet<&str> =
        column.sample.values().iter().flatten().map(String::as_str).collect();
    let guess = |values: RouteValues, map: Vec<(&str, &'static str)>| {
        let map = map.into_iter().map(|(value, route)| (value.to_owned(), route)).collect();
        Some(RouteGuess { place, map, values })
    };
    let yes_is_sms = says_sms(column);
    let says_so = yes_is_sms
        || column.is_called(&ROUTE)
        || values.iter().any(|value| small(value) == "messenger");
    let read: Option<Vec<(&str, &'static str)>> =
        values.iter().map(|value| Some((*value, as_read(value)?))).collect();
    if let Some(read) = read.filter(|read| says_so && read.len() >= 2) {
        if read.iter().all(|(value, route)| small(value) == *route) {
            return guess(RouteValues::SpelledOut, read);
        }
        if !yes_is_sms {
            return guess(RouteValues::YesIsMessenger, read);
        }
        // The words of routes keep their meaning.
        let mut turned = read;
        for (value, route) in &mut turned {
            if small(value) != *route {
                *route = other_route(route);
            }
        }
        return guess(RouteValues::YesIsSms, turned);
    }
    guess(RouteValues::Answers, answers(column, &values)?)
}

/// Values of which some are for a target that is reached and one is `sms`.
fn answers<'v>(
    column: &Column<'_>,
    values: &BTreeSet<&'v str>,
) -> Option<Vec<(&'v str, &'static str)>> {
    const MOST: usize = 6;
    let reached = |value: &&str| REACHED.contains(&small(value).as_str());
    let fell_back = |value: &&str| small(value) == "sms";
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
        _ => UNKNOWN,
    };
    Some(values.iter().map(|value| (*value, meaning(value))).collect())
}

/// Whether a column's name says that yes stands for SMS, as in `sent_by_sms`.
fn says_sms(column: &Column<'_>) -> bool {
    let says = |word: &String| FELL_BACK.iter().any(|known| word.contains(known));
    column.words.iter().any(says) && !column.is_called(&NOT)
}

/// The route for which a run takes a value.
fn as_read(value: &str) -> Option<&'static str> {
    let is_word = |(_, words): &&(&str, [&str; 5])| words.contains(&small(value).as_str());
    ROUTE_WORDS.iter().find(is_word).map(|(route, _)| *route)
}

/// What the other of two answers means.
pub(super) fn other_route(route: &'static str) -> &'static str {
    match route {
        "messenger" => "sms",
        "sms" => "messenger",
        other => other,
    }
}

fn small(value: &str) -> String {
    value.trim().to_lowercase()
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
