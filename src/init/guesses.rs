//! Who asks and who is asked about, where the groups of a pattern say it: a guess, which its owner must look at.
//!
//! Names of parameters may be shown, such as `from`. Their values never are.

use std::fmt::Write;

use super::column::Column;
use super::found::Found;
use super::mapping::kinds;
use super::people::role_of;

/// How many digits a phone number has.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Comments about the groups `requester` and `target` of a pattern; empty for logs that are read in another way, and
/// for groups that the lines themselves call so.
pub(super) fn guesses(found: &Found<'_>) -> String {
    let mut text = String::new();
    let Some(pattern) = found.division.pattern() else { return text };
    let people = &found.people;
    for (place, name, question) in [
        (people.requester, "requester", "who asks"),
        (people.target, "target", "who is asked about"),
    ] {
        let column = &found.columns[place];
        if column.name() != name || pattern.contains(&format!("{name}=")) {
            continue;
        }
        let addresses = match column.are_mostly(column.addresses) {
            true => ",\n# which are internet addresses: each may stand for several people",
            false => "",
        };
        let _infallible = writeln!(
            text,
            "# CHECK: {question}? The group `{name}` of the pattern has {}{addresses}.",
            kinds(found, place)
        );
    }
    if !text.is_empty() {
        text.push_str(&hint(&parameters(&found.columns[people.target])));
    }
    text
}

/// How a pattern reads the numbers of these parameters; empty without any.
fn hint(parameters: &[Parameter]) -> String {
    if parameters.is_empty() {
        return String::new();
    }
    let names: Vec<String> =
        parameters.iter().map(|parameter| format!("`{}=`", parameter.name)).collect();
    let groups: Vec<String> = parameters.iter().map(Parameter::group).collect();
    let region = match parameters.iter().all(|parameter| parameter.plus == Plus::Written) {
        true => "remove the line `identifier`",
        false => {
            "write\n# `default_region = \"world\"` in place of `identifier` if they begin with their calling code"
        }
    };
    format!(
        "# Most targets hold numbers behind {}. To read these numbers as people, put groups for them into\n\
         # the pattern in place of those above, such as {}, and {region}.\n",
        names.join(" and "),
        groups.join(" and "),
    )
}

/// How the `+` of a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plus {
    Missing,
    Written,
    Encoded,
}

/// A name before `=` and digits.
#[derive(Debug, PartialEq, Eq)]
struct Parameter {
    name: String,
    plus: Plus,
}

impl Parameter {
    /// The one that a part such as `from=%2B436641234567` has.
    fn of(part: &str) -> Option<Self> {
        const LONGEST: usize = 20;
        let (name, value) = part.split_once('=')?;
        let is_letter = |letter: char| letter.is_ascii_alphabetic() || "_-.".contains(letter);
        let is_name = (1..=LONGEST).contains(&name.len()) && name.chars().all(is_letter);
        let (plus, digits) = match (value.get(..3), value.strip_prefix('+')) {
            (Some("%2B" | "%2b"), _) => (Plus::Encoded, &value[3..]),
            (_, Some(digits)) => (Plus::Written, digits),
            _ => (Plus::Missing, value),
        };
        let are_digits =
            DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        (is_name && are_digits).then(|| Self { name: name.to_owned(), plus })
    }

    /// What reads it.
    fn group(&self) -> String {
        let Self { name, plus } = self;
        let role = role_of(name);
        let escaped = regex::escape(name);
        match plus {
            Plus::Missing => format!("`{escaped}=(?<{role}>\\d+)`"),
            Plus::Written => format!("`{escaped}=(?<{role}>\\+\\d+)`"),
            Plus::Encoded => format!("`{escaped}=%2B(?<{role}>\\d+)`"),
        }
    }
}

/// The parameters that more than half of the values have, in the order in which they come up.
fn parameters(column: &Column<'_>) -> Vec<Parameter> {
    let mut seen: Vec<(Parameter, usize)> = Vec::new();
    for value in column.sample.values().iter().flatten() {
        let parts = value.split(['?', '&', ';', '#']);
        for parameter in parts.filter_map(Parameter::of) {
            match seen.iter_mut().find(|(known, _)| *known == parameter) {
                Some((_, rows)) => *rows += 1,
                None => seen.push((parameter, 1)),
            }
        }
    }
    seen.retain(|(_, rows)| rows * 2 > column.filled);
    seen.into_iter().map(|(parameter, _)| parameter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_a_name_and_a_number() {
        for (part, group) in [
            ("from=%2B436641234567", Some(r"`from=%2B(?<requester>\d+)`")),
            ("to=436641234567", Some(r"`to=(?<target>\d+)`")),
            ("callee=+436641234567", Some(r"`callee=(?<target>\+\d+)`")),
            ("page=12", None),
            ("q=alice", None),
            ("u7=436641234567", None),
            ("=436641234567", None),
            ("436641234567", None),
        ] {
            let found = Parameter::of(part).map(|parameter| parameter.group());
            assert_eq!(found.as_deref(), group, "{part}");
        }
    }
}
