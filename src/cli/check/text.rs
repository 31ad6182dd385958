//! What `check` prints for people, in 80 columns.

use jiff::Timestamp;

use super::found::Checked;
use crate::cli::output::{columns, plain, wrapped_to};
use crate::ingest::{AbsentColumn, PassedOver, Reason};
use crate::survey::{DaySeen, KeySeen, People, RangeSeen, Survey, Times, percent};
use crate::words::grouped;

/// How wide the text is.
const COLUMNS: usize = 80;
/// How wide the names of facts are.
const NAMES: usize = 19;
/// How many days are listed one by one, and how many values of a key.
const MOST_DAYS: usize = 10;
const MOST_VALUES: usize = 12;
/// The longest bar of a chart.
const LONGEST_BAR: u64 = 40;

impl Checked<'_> {
    /// The whole text.
    pub(super) fn text(&self) -> String {
        let mut text =
            "SENSITIVE: exact counts, for the owner of the logs alone, not for publication\n"
                .to_owned();
        self.rows(&mut text);
        let survey = &self.survey;
        if let Some(times) = &survey.times {
            when(times, &self.zone, &mut text);
            people("requesters", survey.requesters, &mut text);
            if times.days.len() > 1 {
                people("  on a mean day", survey.requesters_a_day, &mut text);
            }
            people("targets", survey.targets, &mut text);
            days(times, &mut text);
            hours(times, &self.zone, &mut text);
            survey.keys.iter().for_each(|key| one_key(key, survey, &mut text));
        }
        self.what_to_look_at(&mut text);
        text
    }

    fn rows(&self, text: &mut String) {
        let Survey { rows, .. } = &self.survey;
        fact(text, "files", &grouped(self.reader.files() as u64));
        fact(text, "rows", &grouped(rows.rows));
        fact(text, "left out", &format!("{} (by `[logs] where`)", grouped(rows.filtered)));
        let lookups = self.survey.lookups();
        fact(text, "lookups", &grouped(lookups));
        fact(text, "rejects", &grouped(rows.rejects.all()));
        for reason in Reason::ALL.into_iter().filter(|reason| rows.rejects.of(*reason) > 0) {
            let rejects = rows.rejects.of(reason);
            let passed = rows.rows - rows.filtered;
            let share = percent(rejects, passed);
            fact(text, &format!("  {}", reason.word()), &format!("{}, {share}", grouped(rejects)));
        }
        if let Some(path) = self.written {
            fact(text, "  written to", &path.display().to_string());
        }
        if self.reader.names_say_days() {
            let value = match rows.misfiled {
                0 => "0: each lookup lies in a file or folder of its day".to_owned(),
                some => format!("{}: see below", grouped(some)),
            };
            fact(text, "under a wrong day", &value);
        }
    }

    fn what_to_look_at(&self, text: &mut String) {
        let mut lines: Vec<String> =
            self.findings.iter().map(|finding| finding.text.clone()).collect();
        lines.extend(self.absent.iter().map(AbsentColumn::to_string));
        if !self.wrong.is_empty() {
            let paths = self.wrong.join(", ");
            lines.push(format!(
                "statistics that rows contradict, so that a run may miss rows; write again: {paths}"
            ));
        }
        if lines.is_empty() {
            text.push_str("\nNothing stands out.\n");
        } else {
            text.push_str("\nTo look at:\n");
        }
        for line in lines {
            text.push_str(&wrapped_to(&format!("* {line}"), 2, columns().min(COLUMNS)));
        }
        if !self.reader.passed_over().is_empty() {
            text.push_str("\nPassed over:\n");
        }
        for PassedOver { path, why } in self.reader.passed_over() {
            text.push_str(&format!("  {}: {why}\n", path.display()));
        }
    }
}

/// An instant in UTC, to the second.
pub(super) fn instant(micros: i64) -> String {
    let instant = Timestamp::from_microsecond(micros).unwrap_or_default();
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn fact(text: &mut String, name: &str, value: &str) {
    text.push_str(&format!("{name:NAMES$}{value}\n"));
}

fn when(times: &Times, zone: &str, text: &mut String) {
    text.push('\n');
    fact(text, "first lookup", &instant(times.first));
    fact(text, "last lookup", &instant(times.last));
    let with = times.days.len() as u64;
    let without = times.days_without();
    let without = if without == 0 { "none".to_owned() } else { grouped(without) };
    let days = format!("{} with lookups, {without} missing in between ({zone})", grouped(with));
    fact(text, "days", &days);
}

fn people(name: &str, people: People, text: &mut String) {
    let about = if people.is_exact { "" } else { "about " };
    fact(text, name, &format!("{about}{}", grouped(people.count)));
}

fn days(times: &Times, text: &mut String) {
    text.push_str("\nLookups by day\n");
    if times.days.len() <= MOST_DAYS {
        let rows = times.days.iter().map(|day| (day.day.to_string(), day.lookups));
        chart(&rows.collect::<Vec<_>>(), text);
    } else {
        let by_lookups = |day: &&DaySeen| day.lookups;
        for (name, day) in [
            ("fewest", times.days.iter().min_by_key(by_lookups)),
            ("most", times.days.iter().max_by_key(by_lookups)),
            ("last", times.days.last()),
        ] {
            if let Some(DaySeen { day, lookups }) = day {
                fact(text, &format!("  {name}"), &format!("{} on {day}", grouped(*lookups)));
            }
        }
    }
    for (from, to) in times.gaps.iter().take(MOST_DAYS) {
        let span = if from == to { from.to_string() } else { format!("{from} to {to}") };
        fact(text, "  none on", &span);
    }
    if let Some(more) = times.gaps.len().checked_sub(MOST_DAYS).filter(|more| *more > 0) {
        fact(text, "", &format!("and in {} more spans; `--json` has all", grouped(more as u64)));
    }
}

fn hours(times: &Times, zone: &str, text: &mut String) {
    text.push_str(&format!("\nLookups by hour of the day ({zone})\n"));
    let rows =
        times.hours.iter().enumerate().map(|(hour, lookups)| (format!("{hour:2}"), *lookups));
    chart(&rows.collect::<Vec<_>>(), text);
}

fn chart(rows: &[(String, u64)], text: &mut String) {
    let most = rows.iter().map(|(_, lookups)| *lookups).max().unwrap_or(0).max(1);
    let width = rows.iter().map(|(_, lookups)| grouped(*lookups).len()).max().unwrap_or(0);
    let name_width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, lookups) in rows {
        // A day or hour with few lookups has the shortest bar, and only one without lookups has none.
        let bar = u128::from(*lookups) * u128::from(LONGEST_BAR);
        let bar = "#".repeat(usize::try_from(bar.div_ceil(u128::from(most))).unwrap_or(0));
        let line = format!("  {name:name_width$}  {:>width$}  {bar}", grouped(*lookups));
        text.push_str(&format!("{}\n", line.trim_end()));
    }
}

fn one_key(key: &KeySeen, survey: &Survey, text: &mut String) {
    let lookups = survey.lookups();
    text.push_str(&format!("\nLookups by {}\n", key.number.as_deref().unwrap_or(&key.name)));
    let mut rows: Vec<(String, u64)> = Vec::new();
    if let Some(RangeSeen { low, high, below, inside, above, .. }) = &key.range {
        rows.push((format!("below {low}"), *below));
        rows.push((format!("{low} to {high}"), *inside));
        rows.push((format!("above {high}"), *above));
        rows.push(("no number".to_owned(), key.other));
    } else {
        let shown = key.values.iter().take(MOST_VALUES);
        rows.extend(shown.map(|seen| (plain(&seen.value).into_owned(), seen.lookups)));
        if let Some(rest) = key.values.get(MOST_VALUES..).filter(|rest| !rest.is_empty()) {
            let name = format!("{} more", grouped(rest.len() as u64));
            rows.push((name, rest.iter().map(|seen| seen.lookups).sum()));
        }
        let other = if key.name == "route" { "unknown" } else { "other" };
        rows.push((other.to_owned(), key.other));
    }
    let name_width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(40);
    let width = rows.iter().map(|(_, lookups)| grouped(*lookups).len()).max().unwrap_or(0);
    for (name, count) in rows {
        let share = percent(count, lookups);
        text.push_str(&format!("  {name:name_width$}  {:>width$}  {share:>12}\n", grouped(count)));
    }
}
