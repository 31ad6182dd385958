//! The text of the release file.

use std::fmt::Write;

use jiff::Timestamp;

use super::found::Found;
use super::guesses::guesses;
use super::left_out::left_out;
use super::mapping::{key, mapping};
use super::named_days::NamedDays;
use super::people::Names;
use super::questions::{questions, quoted};
use crate::phone::WORLD;
use crate::release_file::day::Day;
use crate::release_file::day_names::DayNames;
use crate::release_file::decimal::Decimal;
use crate::release_file::logs::TimeUnit;
use crate::release_file::region::UNDECIDED;
use crate::release_file::schema::FILE;
use crate::words::grouped;

/// What is said of every country that may be wrong.
const SEVERAL_COUNTRIES: &str = "# If the log has such numbers of several countries, some would be read as other people's: docs/logs.md,\n\
                                 # \"Identifiers\"";

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

fn head(found: &Found<'_>) -> String {
    let Found { name, file, files, rows, .. } = found;
    let files = match *files {
        1 => "one file".to_owned(),
        files => format!("{} files", grouped(files as u64)),
    };
    format!(
        "#:schema ./{FILE}\n\
         # Proposed by `pointillist init` from {} rows of {files}. Go through its marked lines, then run\n\
         #   pointillist check {file}     can every row be read? exact counts, for you alone\n\
         #   pointillist plan {file}      how exact the answers will be; reads no logs\n\
         #   pointillist run {file}       publishes every day that is over\n\
         # docs/release-file.md explains every field.\n\nname = {}\n",
        grouped(*rows as u64),
        quoted(name),
    )
}

fn logs(found: &Found<'_>, text: &mut String) {
    let Found { glob, .. } = found;
    let _infallible = write!(text, "\n[logs]\npath = {}\n", quoted(glob));
    for (setting, why) in &found.division.settings {
        line(text, setting, why);
    }
    times(found, text);
    decimal(found, text);
    match &found.names {
        Names::International => {}
        Names::WithoutPlus => {
            let why = "# CHECK: numbers begin with their calling code, without +";
            line(text, &region(WORLD), why);
        }
        Names::National(region, others) => {
            let also = match others.as_slice() {
                [] => "no other country's numbers look like that".to_owned(),
                some => format!("{} would do too", listed(some)),
            };
            let corrected = match found.countries.is_empty() {
                true => "",
                false => {
                    ".\n# `target_country` below was found with this region: whoever changes it corrects that list, too"
                }
            };
            let why = format!(
                "# CHECK: numbers without + are dialled there; {also}{corrected}.\n{SEVERAL_COUNTRIES}"
            );
            line(text, &self::region(region), &why);
        }
        Names::Undecided(regions) => undecided(found, regions, text),
        Names::Unread => {
            let why = "# CHECK: they look like phone numbers and cannot be read as such; docs/logs.md, \"Identifiers\"";
            line(text, "identifier = \"opaque\"", why);
        }
        Names::Opaque => {
            let columns = [found.people.requester, found.people.target];
            let why = match columns.iter().any(|place| found.columns[*place].are_encoded()) {
                true => {
                    "# CHECK: some are percent-encoded numbers, in which %2B stands for +: to read them, put %2B into a\n\
                     # `pattern`, before the group, or decode them before this program reads the log"
                }
                false => "# they are no phone numbers",
            };
            line(text, "identifier = \"opaque\"", why);
        }
    }
    named_days(found, text);
}

/// The country that only the owner knows.
fn undecided(found: &Found<'_>, regions: &[String], text: &mut String) {
    let added = match found.countries.is_empty() {
        true => "",
        false => "# Add the country to `target_country` below, too.\n",
    };
    let why = format!(
        "# CHECK: in which country are numbers without + dialled? These read them equally well, and only you know\n\
         # which it is: {}. (Of countries with one calling code the largest is named.)\n\
         # Write yours in place of the question mark. Until then every command refuses this file, since a wrong\n\
         # country makes other people of the numbers, and the first run fixes it.\n\
         {added}{SEVERAL_COUNTRIES}",
        listed(regions)
    );
    line(text, &region(UNDECIDED), &why);
}

/// The line of the country in which numbers are dialled.
pub(super) fn region(name: &str) -> String {
    format!("default_region = {}", quoted(name))
}

/// The first ten of some names.
fn listed(names: &[String]) -> String {
    const NAMED: usize = 10;
    match names.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..NAMED].join(", ")),
    }
}

fn named_days(found: &Found<'_>, text: &mut String) {
    let Some(NamedDays { names, clocks, gaps, .. }) = &found.named_days else { return };
    let (each, place) = match names {
        DayNames::Folder(key) => (format!("Folders {key}=…"), "file into its folder"),
        DayNames::File => {
            ("Files named by a day".to_owned(), "file that is called like the others")
        }
    };
    // A zone that is set for the names would be that of naive times, too.
    let Some(clocks) = clocks.filter(|clocks| clocks.is_utc() || !found.time.is_naive) else {
        let _infallible = writeln!(text, "# {each} hold rows of other days, too.");
        return;
    };
    if !clocks.is_utc() {
        // The zone's name is not known, and a wrong one would lose rows.
        let _infallible = writeln!(
            text,
            "# CHECK: {} hold rows of two UTC days, but of one day each of a clock that is {}\n\
             # hours {} UTC. If that is the clock of Vienna, say, remove the # from both lines: then a run opens that day's\n\
             # files only.\n\
             # time_zone = \"Europe/Vienna\"\n# {}",
            each.to_lowercase(),
            clocks.hours(),
            clocks.side(),
            names.setting()
        );
        return;
    }
    let what = match names {
        DayNames::Folder(_) => "folder",
        DayNames::File => "file",
    };
    let _infallible = writeln!(
        text,
        "# CHECK: each {what} holds one day alone, of the clock of `time_zone` (UTC without that line)? A run opens that\n\
         # day's files only, and would miss all rows that lie under the name of another day. `check` counts these.\n\
         {}",
        names.setting()
    );
    if let Some(hours) = clocks.hours_after_midnight() {
        let _infallible = writeln!(
            text,
            "# CHECK: no row that was looked at lies in the first {hours} hours of its day. If each {what}\n\
             # begins at midnight of a clock behind UTC, set `time_zone` to its zone."
        );
    }
    without_files(names, gaps, (what, place), text);
}

/// What becomes of days that have no file.
fn without_files(names: &DayNames, gaps: &[Day], (what, place): (&str, &str), text: &mut String) {
    let missing = match gaps {
        [] => String::new(),
        [one] => format!(" {one} has none."),
        [first, .., last] => format!(" {} from {first} to {last} have none.", gaps.len()),
    };
    let field = names.field();
    let _infallible = writeln!(
        text,
        "# A day without a {what} counts as not delivered: a run refuses that day, with exit code 65, and goes on with the\n\
         # others.{missing} If nothing was logged on a day, put an empty {place}.\n\
         # Without the line `{field}` a run opens all files for each day, and takes a day without a {what} for an empty one."
    );
}

fn times(found: &Found<'_>, text: &mut String) {
    let Found { time, columns, .. } = found;
    let names: Vec<&str> = time.places.iter().map(|place| columns[*place].name()).collect();
    let names = names.join(" and ");
    if let Some(unit) = time.unit {
        let why = if time.is_unsure {
            format!("# CHECK: in no unit are the numbers in {names} dates of these years")
        } else {
            let unit = match unit {
                TimeUnit::Seconds => "seconds",
                TimeUnit::Milliseconds => "milliseconds",
                TimeUnit::Microseconds => "microseconds",
                TimeUnit::Nanoseconds => "nanoseconds",
            };
            format!("# read as {unit}, the numbers in {names} are dates of these years")
        };
        line(text, &format!("time_unit = \"{}\"", unit.word()), &why);
    }
    if let Some((way, others)) = time.ways.split_first() {
        let why = match others.first() {
            Some(other) => format!("# CHECK: {} reads all times too", other.formats.join(" or ")),
            None => "# no other order of day and month reads all times".to_owned(),
        };
        line(text, &way.setting(), &why);
    }
    if let Some(year) = time.default_year {
        let why =
            "# CHECK: the times name no year; this is the year in which their file was written";
        line(text, &format!("default_year = {year}"), why);
    }
    if time.is_naive && time.unit.is_none() {
        let why = "# CHECK: the times name no zone; which clock wrote them?";
        line(text, "time_zone = \"UTC\"", why);
    }
}

/// The decimal mark of the number that is asked about, or which number is not asked about for its marks.
fn decimal(found: &Found<'_>, text: &mut String) {
    let name = |place: usize| quoted(found.columns[place].name());
    let number = found.keys.number.as_ref().map(|number| number.place);
    if let Some(place) = number.filter(|place| found.columns[*place].decimal == Decimal::Comma) {
        let why = format!("# numbers in {} are written as 27,25", name(place));
        line(text, "decimal = \",\"", &why);
    }
    if let Some(place) = found.keys.unclear {
        let _infallible = writeln!(
            text,
            "# CHECK: nothing is asked about {}: marks in it may stand between thousands, as in 1,234. Have its numbers\n\
             # written without such marks.",
            name(place)
        );
    }
}

fn columns(found: &Found<'_>, text: &mut String) {
    let lines = mapping(found);
    text.push_str(&guesses(found));
    if lines.is_empty() {
        text.push_str("# The log has the names of this file for its columns: requester, target, requested_at …\n");
        text.push_str(&left_out(found));
        return;
    }
    text.push_str("\n[logs.columns]  # what it is here = what the log calls it\n");
    lines.iter().for_each(|(setting, why)| line(text, setting, why));
    if found.keys.keys.is_empty() {
        // A log of one kind has no column for its kind, but beside other logs of the same ledger
        // its tables should name it.
        let _infallible = writeln!(
            text,
            "# No column groups lookups. If this log is one of several, a constant can say which, and questions can name it:\n\
             # app = {{ value = {0} }}  # with [keys] app = [{0}], and by = [\"hour\", \"app\"]",
            quoted(found.name)
        );
    }
    text.push_str(&left_out(found));
}

fn keys(found: &Found<'_>, text: &mut String) {
    if found.keys.keys.is_empty() && found.countries.is_empty() {
        return;
    }
    text.push_str(
        "\n[keys]\n# CHECK: a listed value is published, whether or not it occurs on a day; any other counts as \"other\". Remove what\n\
         # names a person or leads to one, or is secret, and add what is missing. These values were seen in rows of several\n\
         # requesters. The noise protects the numbers, but not the list itself: if you publish the numbers of these logs\n\
         # with it, a reader also learns that these values are frequent in them. A list that you know without these logs reveals nothing.\n",
    );
    for one in &found.keys.keys {
        let values: Vec<String> = one.values.iter().map(|value| quoted(value)).collect();
        let _infallible = writeln!(text, "{} = [{}]", key(&one.name), values.join(", "));
    }
    if !found.countries.is_empty() {
        let countries: Vec<String> = found.countries.iter().map(|name| quoted(name)).collect();
        let _infallible = writeln!(
            text,
            "# At least 1 in 100 of these rows asks about each, 12 countries at most. Without this line all countries of the world have rows.\n\
             target_country = [{}]",
            countries.join(", ")
        );
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
        "# CHECK: how long may these logs be kept? Only you know. `retain` deletes older rows when you run it.\ndays = 30\n\n[ledger]\n# The account of what was published about each day. Back it up with its key.\n\
         path = \"{name}.ledger\"\nepsilon = 1.0  # the budget of a day: a smaller one protects more and adds more noise\n\
         # Each day is protected for itself. Remove the # from `epsilon_30_days` before the first run if people are to be\n\
         # protected over 30 days in a row, too, at up to twice the noise. It can be added later, and never be changed.\n\
         # epsilon_30_days = 3.0\n\
         delta = 1e-6   # how rarely the files may say more than that; leave it\n\
         # CHECK: a day begins at midnight of this zone, and hours are counted by it. After the first run it\n\
         # stays as it is.\n\
         time_zone = \"UTC\"\n\n\
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
