//! The text of the release file.

use std::fmt::Write;

use jiff::Timestamp;

use super::found::Found;
use super::people::Names;
use super::questions::{questions, quoted};
use super::times::day_folder;
use crate::release_file::schema::FILE;
use crate::survey::grouped;

/// The whole file.
pub(super) fn text(found: &Found<'_>) -> String {
    let mut text = head(found);
    logs(found, &mut text);
    columns(found, &mut text);
    keys(found, &mut text);
    rest(found, &mut text);
    text.push_str(&questions(found));
    text
}

/// A key as TOML writes it.
fn key(name: &str) -> String {
    let is_bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quoted(name) }
}

fn head(found: &Found<'_>) -> String {
    let Found { name, file, sample, .. } = found;
    let files = match sample.files {
        1 => "one file".to_owned(),
        files => format!("{} files", grouped(files as u64)),
    };
    format!(
        "#:schema ./{FILE}\n\
         # Proposed by `pointillist init` from {} rows of {files}. Go through the lines marked CHECK, then run\n\
         #   pointillist check {file}     can every row be read? exact counts, for you alone\n\
         #   pointillist plan {file}      how exact the answers will be; reads no logs\n\
         #   pointillist run {file}       publishes every day that is over\n\
         # docs/release-file.md explains every field.\n\nname = {}\n",
        grouped(sample.rows as u64),
        quoted(name),
    )
}

fn logs(found: &Found<'_>, text: &mut String) {
    let Found { glob, time, columns, .. } = found;
    let _infallible = write!(text, "\n[logs]\npath = {}\n", quoted(glob));
    let column = columns[time.place].name();
    if let Some(unit) = time.unit {
        let why = if time.is_unsure {
            format!("# CHECK: the numbers in {column} are no instants of our years in any unit")
        } else {
            format!("# the numbers in {column} lie in our years as that")
        };
        line(text, &format!("time_unit = \"{}\"", unit.word()), &why);
    }
    if let Some((format, others)) = time.formats.split_first() {
        let why = match others.first() {
            Some(other) => format!("# CHECK: {other} reads all times too"),
            None => "# no other order of day and month reads all times".to_owned(),
        };
        line(text, &format!("time_format = {}", quoted(format)), &why);
    }
    if time.is_naive && time.unit.is_none() {
        line(
            text,
            "time_zone = \"UTC\"",
            "# CHECK: the times name no zone; which clock wrote them?",
        );
    }
    match &found.names {
        Names::International => {}
        Names::National(region, others) => {
            let also = match others.as_slice() {
                [] => "no other country's numbers look like that".to_owned(),
                some if some.len() <= 5 => format!("{} would do too", some.join(", ")),
                some => format!("{} other countries would do too", some.len()),
            };
            let why = format!("# CHECK: numbers without + are dialled there; {also}");
            line(text, &format!("default_region = {}", quoted(region)), &why);
        }
        Names::Opaque => line(text, "identifier = \"opaque\"", "# they are no phone numbers"),
    }
    match day_folder(found.sample, &columns[time.place], time) {
        Some((name, true)) => {
            let why = "# CHECK: each folder holds one UTC day alone? Then a run opens that day's files only";
            line(text, &format!("day_folder = {}", quoted(&name)), why);
        }
        Some((name, false)) => {
            let _infallible =
                writeln!(text, "# Folders {name}=… hold rows of other UTC days, too.");
        }
        None => {}
    }
}

fn columns(found: &Found<'_>, text: &mut String) {
    let Found { people, time, columns, keys, .. } = found;
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut map = |name: &str, place: usize, why: String| {
        let own = columns[place].name();
        if own != name {
            lines.push((format!("{} = {}", key(name), quoted(own)), why));
        }
    };
    let kinds = |place: usize| match columns[place].distinct {
        1 => "one value in the sample".to_owned(),
        many => format!("{} different values in the sample", grouped(many as u64)),
    };
    let why = |place: usize, score: i64, who: &str| {
        if score >= 10 {
            format!("# by its name; {}", kinds(place))
        } else {
            format!("# CHECK: {who}? {}", kinds(place))
        }
    };
    map("requester", people.requester, why(people.requester, people.requester_score, "who asks"));
    map("target", people.target, why(people.target, people.target_score, "who is asked about"));
    map("requested_at", time.place, "# when; the one that reads best as times".to_owned());
    if let Some(route) = keys.route {
        map("route", route, "# CHECK: true or 1 is messenger, false or 0 is SMS".to_owned());
    }
    if let Some(client) = keys.client_ip {
        map("client_ip", client, "# protected: never a key, never published".to_owned());
    }
    if let Some(number) = &keys.number
        && number.name == "latency_ms"
    {
        map("latency_ms", number.place, "# by its name".to_owned());
    }
    for one in &keys.keys {
        map(&one.name, one.place, "# a key, below".to_owned());
    }
    if lines.is_empty() {
        text.push_str("# The log has the names of this file for its columns: requester, target, requested_at …\n");
        return;
    }
    text.push_str("\n[logs.columns]  # what it is here = what the log calls it\n");
    lines.iter().for_each(|(setting, why)| line(text, setting, why));
}

fn keys(found: &Found<'_>, text: &mut String) {
    if found.keys.keys.is_empty() {
        return;
    }
    text.push_str(
        "\n[keys]\n# CHECK: a listed value is public, whether or not it occurs on a day; any other counts as \"other\".\n\
         # These were seen. Remove what nobody should read, and add what is missing.\n",
    );
    for one in &found.keys.keys {
        let values: Vec<String> = one.values.iter().map(|value| quoted(value)).collect();
        let _infallible = writeln!(text, "{} = [{}]", key(&one.name), values.join(", "));
    }
}

fn rest(found: &Found<'_>, text: &mut String) {
    let name = found.name;
    text.push_str("\n[retention]\n");
    let newest = found.time.newest.and_then(|newest| Timestamp::from_microsecond(newest).ok());
    if let Some(newest) = newest {
        let newest = newest.strftime("%Y-%m-%d");
        let _infallible = writeln!(
            text,
            "# How long rows are kept; older days are not published. The last row that was looked at is of {newest}."
        );
    }
    let _infallible = write!(
        text,
        "days = 30\n\n[ledger]\n# The account of what was published about each day. Back it up with its key.\n\
         path = \"{name}.ledger\"\nepsilon = 1.0  # smaller protects more and adds more noise\ndelta = 1e-6\n\n\
         [privacy]\nunit = \"requester-day\"  # what one requester asks on one day\n\
         budget_share = 0.7       # the rest is left for questions that come later\n"
    );
}

/// A setting with its reason behind it, or above it where both are long.
fn line(text: &mut String, setting: &str, why: &str) {
    const COLUMNS: usize = 100;
    let _infallible = if setting.len() + why.len() + 2 <= COLUMNS {
        writeln!(text, "{setting}  {why}")
    } else {
        writeln!(text, "{why}\n{setting}")
    };
}
