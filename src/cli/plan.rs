//! `plan`: shows how the budget would be divided, at which price and with which error.

use serde_json::{Value, json};

use super::args::Plan;
use super::output::{Output, grouped, people, short, wrapped};
use crate::pipeline::{self, Previous};
use crate::plan::Split;
use crate::plan::kinds::{CLASSES, nodes};
use crate::release::{Answer, Load, Rehearsal, rehearse};
use crate::release_file::ReleaseFile;
use crate::release_file::question::Question;
use crate::words::{self, CLASSES_ARE};
use crate::{Error, Result};

/// Lookups per requester if `--requesters` is not given. The number of requesters decides how
/// informative distinct counts and histograms are.
const LOOKUPS_PER_REQUESTER: f64 = 10.0;

/// From this part of days on that would look empty, a warning is printed.
const OFTEN_EMPTY: f64 = 0.005;

/// Runs the command. It reads the ledger if there is one, and no logs.
///
/// # Errors
/// Usage, for a release file that is not one; refused, when the budget is too small.
pub(crate) fn run(asked: &Plan, output: &Output) -> Result<()> {
    let release_file = ReleaseFile::read(&asked.release)?;
    let (split, guarantee) = pipeline::plan(&release_file)?;
    let previous = pipeline::previous(&release_file)?;
    let load = load(asked)?;
    let rehearsal = load.map(|load| rehearse(&release_file, &split, load)).transpose()?;
    let unit = release_file.ledger.unit.word();
    let mut text = format!("{}: one day, unit {unit}\n\n", release_file.name);
    text.push_str(&budget(&release_file, &split));
    match (load, &rehearsal) {
        (Some(load), Some(rehearsal)) => {
            text.push_str(&day(&release_file, load, asked.requesters.is_some(), rehearsal));
        }
        _ => text.push_str(
            "\nHow exact the answers are depends on how many lookups a day has: add --lookups N, and \
             --requesters M if you know how many ask.\n",
        ),
    }
    if let Some(previous) = &previous {
        text.push_str(&last_day(previous));
    }
    let promise = guarantee.words(&release_file.ledger);
    text.push_str(&format!(
        "\nWhat is promised, in plain words: pointillist explain {}\nIn the words of experts: {promise}\n",
        asked.release.display()
    ));
    let warnings = release_file.warnings();
    let object = json!({
        "release": release_file.name,
        "unit": unit,
        "fingerprint": release_file.fingerprint(),
        "rho_of_look": split.look.rho(),
        "questions": questions(&release_file, &split, rehearsal.as_ref(), previous.as_ref()),
        "load": load.map(|load| json!({ "lookups": load.lookups, "requesters": load.requesters })),
        "classes": rehearsal.as_ref().map(classes),
        "probability_of_looking_empty": rehearsal.as_ref().map(|rehearsal| rehearsal.empty),
        "last_day": previous.as_ref().map(|previous| previous.day),
        "guarantee": guarantee,
    });
    for warning in &warnings {
        output.warning(warning);
    }
    output.result(&object, &wrapped(&text, 0));
    Ok(())
}

/// The load that was asked about.
fn load(asked: &Plan) -> Result<Option<Load>> {
    asked.lookups.map(|lookups| load_of(lookups, asked.requesters)).transpose()
}

/// A load of which the number of requesters may be unknown.
///
/// # Errors
/// Usage, for more requesters than lookups.
pub(super) fn load_of(lookups: u64, requesters: Option<u64>) -> Result<Load> {
    if let Some(requesters) = requesters.filter(|requesters| *requesters > lookups) {
        return Err(Error::usage(format!(
            "--requesters {requesters} is more than --lookups {lookups}: each requester makes one lookup or more"
        ))
        .help("give the lookups of a day, and how many requesters make them"));
    }
    let lookups = lookups as f64;
    let requesters = requesters.map(|requesters| requesters as f64);
    let requesters = requesters.unwrap_or_else(|| (lookups / LOOKUPS_PER_REQUESTER).max(1.0));
    Ok(Load { lookups, requesters })
}

/// How the budget is divided.
fn budget(release_file: &ReleaseFile, split: &Split) -> String {
    let mut text = format!(
        "How this file divides its part of a day's budget, in rho, the measure in which costs add up. First \
         comes the look: it sorts requesters into {CLASSES} classes by how many lookups they make, and counts, \
         with noise, how many are in each.\n\n{:<32} {:>9} {:>12}\n",
        "spent on", "rows", "rho"
    );
    let has_private = release_file.questions.iter().any(|question| question.rows().is_none());
    let mut line = |name: &str, rows: &str, rho: f64| {
        text.push_str(&format!("{name:<32} {rows:>9} {rho:>12.9}\n"));
    };
    line(&format!("look: requesters in {CLASSES} classes"), &CLASSES.to_string(), split.look.rho());
    for (question, part) in release_file.questions.iter().zip(&split.questions) {
        let rows = question.rows().map_or("private".to_owned(), |rows| rows.to_string());
        line(&question.name, &rows, part.rho());
    }
    if has_private {
        text.push_str(
            "private: which prefixes get rows, the noise finds out on each day; so it is not known how many, \
             and how exact they are is not foretold below.\n",
        );
    }
    text
}

/// What a day of a load would look like.
fn day(
    release_file: &ReleaseFile,
    load: Load,
    are_requesters_given: bool,
    rehearsal: &Rehearsal,
) -> String {
    let taken = if are_requesters_given { "" } else { " (assumed: a tenth; see --requesters)" };
    let mut text = format!(
        "\nOn a day of {} lookups by {} requesters{taken}, spread evenly over all rows:\n\
         {:<24} {:>13} {:>22} {:>14}\n",
        grouped(load.lookups),
        grouped(load.requesters),
        "question",
        "median value",
        "half of 95 % interval",
        "in % of value"
    );
    let mut lost = Vec::new();
    for (question, answer) in release_file.questions.iter().zip(&rehearsal.answers.questions) {
        let Some(typical) = Typical::of(question, answer) else { continue };
        let relative = match typical.half / typical.value.abs() {
            _ if typical.uninformative => "uninformative".to_owned(),
            part if part.is_finite() => format!("± {:.2} %", part * 100.0),
            _ => "-".to_owned(),
        };
        text.push_str(&format!(
            "{:<24} {:>13} {:>22} {relative:>14}\n",
            question.name,
            short(typical.value),
            format!("± {}", short(typical.half)),
        ));
        if typical.uninformative {
            lost.push(question);
        }
    }
    text.push_str(
        "The busiest tenth of the requesters is taken to make about two thirds of the lookups. On a day whose requesters \
         are more alike, intervals are narrower, sometimes several times.\n",
    );
    let asks =
        |word: &str| release_file.questions.iter().any(|question| question.measure.word() == word);
    if asks("share") {
        text.push_str(
            "Shares are foretold for conditions that half of the lookups meet; real ones will differ.\n",
        );
    }
    if asks("quantiles") {
        text.push_str(
            "Quantiles are foretold for numbers that are spread evenly over their range; real ones will differ.\n",
        );
    }
    text.push_str(&warning_of_empty_days(rehearsal));
    text.push_str(&warnings_of(&lost));
    text.push_str(&choices(rehearsal));
    text
}

/// A warning that says how many such days would look empty, unless that is rarer than
/// [`OFTEN_EMPTY`].
fn warning_of_empty_days(rehearsal: &Rehearsal) -> String {
    if rehearsal.empty < OFTEN_EMPTY {
        return String::new();
    }
    format!(
        "Warning: so few requesters are easily lost in the noise. About {:.0} of 100 such days would look empty, and \
         nothing would be published of them.\n",
        (rehearsal.empty * 100.0).clamp(1.0, 99.0)
    )
}

/// What would mend questions most of whose values say nothing.
fn warnings_of(lost: &[&Question]) -> String {
    let (keyed, single): (Vec<&Question>, Vec<&Question>) =
        lost.iter().partition(|question| !question.by.is_empty());
    let names = |questions: &[&Question]| {
        questions.iter().map(|question| question.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let mut text = String::new();
    if !keyed.is_empty() {
        text.push_str(&format!(
            "Warning: most values of {} would say nothing. Ask by fewer keys or list fewer values; a larger \
             `weight` of the question or epsilon of the ledger help less.\n",
            names(&keyed)
        ));
    }
    if !single.is_empty() {
        text.push_str(&format!(
            "Warning: what {} would say on such a day is lost in the noise. Give it a larger \
             `weight`, a smaller number in `having` if it has one, or leave it out.\n",
            names(&single)
        ));
    }
    text
}

/// The column in which the tables of a class begin.
const TABLES_FROM: usize = 38;

/// The tables that each class of activity would be measured by. Neighbours with the same tables are
/// one line.
fn choices(rehearsal: &Rehearsal) -> String {
    let mut text = format!(
        "\nThe look sorts requesters by how many lookups they make that day. The fewer there are of a \
         kind, the coarser are the tables by which they are measured. All tables of a row measure the requesters \
         of that row; the program decides this, and nothing has to be chosen:\n{:<20} {:>14}   {}\n",
        "lookups, around", "weighted count", "measured by"
    );
    let of_class = |class: usize| {
        let tables = rehearsal.tables.iter().filter(move |it| it.table.class() == Some(class));
        let words = tables.map(|priced| axes_of(&priced.table.name)).collect::<Vec<_>>();
        words.join("; ")
    };
    let nodes = nodes();
    let mut first = 0;
    while first < CLASSES {
        let tables = of_class(first);
        let more = (first + 1..CLASSES).take_while(|class| of_class(*class) == tables).count();
        let last = first + more;
        let range = match more {
            0 => words::grouped(nodes[first]),
            _ => format!("{} to {}", words::grouped(nodes[first]), words::grouped(nodes[last])),
        };
        let number: f64 = rehearsal.numbers[first..=last].iter().sum();
        let line = format!("{range:<20} {:>14}   {tables}", people(number));
        text.push_str(&wrapped(&line, TABLES_FROM));
        first = last + 1;
    }
    text.push_str(&format!("{CLASSES_ARE}\n"));
    text
}

/// The axes of a class's table, from its name.
fn axes_of(name: &str) -> &str {
    let behind_class = name.split_once(' ').and_then(|(_, rest)| rest.split_once(' '));
    behind_class
        .map_or("only how many they are", |(_, axes)| axes.strip_prefix("by ").unwrap_or(axes))
}

fn classes(rehearsal: &Rehearsal) -> Value {
    let tables = |class: usize| -> Vec<Value> {
        let of_class = rehearsal.tables.iter().filter(|table| table.table.class() == Some(class));
        of_class
            .map(|priced| {
                json!({
                    "name": priced.table.name,
                    "clip": priced.table.clip.contributions(),
                    "rho": priced.charge.rho(),
                    "noise_sd": priced.noise_sd(),
                })
            })
            .collect()
    };
    let numbers = nodes().into_iter().zip(rehearsal.numbers).enumerate();
    numbers
        .map(|(class, (lookups, number))| {
            json!({ "lookups": lookups, "requesters": number, "tables": tables(class) })
        })
        .collect()
}

fn questions(
    release_file: &ReleaseFile,
    split: &Split,
    rehearsal: Option<&Rehearsal>,
    previous: Option<&Previous>,
) -> Vec<Value> {
    let object = |(place, question): (usize, &Question)| {
        let answer = rehearsal.and_then(|rehearsal| rehearsal.answers.questions.get(place));
        let typical = answer.and_then(|answer| Typical::of(question, answer));
        json!({
            "question": question.name,
            "asks": question.measure.word(),
            "rows": question.rows(),
            "rho": split.questions.get(place).map(|part| part.rho()),
            "typical": typical.map(|typical| json!({
                "value": typical.value,
                "half_width": typical.half,
                "uninformative": typical.uninformative,
            })),
            "as_on_the_last_day": previous.and_then(|previous| previous.errors.get(&question.name)),
        })
    };
    release_file.questions.iter().enumerate().map(object).collect()
}

/// The median value of a question with the median half-width of its intervals.
struct Typical {
    value: f64,
    half: f64,
    uninformative: bool,
}

impl Typical {
    /// `None` for private prefixes, of which it is unknown how many are found.
    fn of(question: &Question, answer: &Answer) -> Option<Self> {
        question.rows()?;
        let column = |name| answer.numbers(name).map(|values| values.into_iter().flatten());
        let halves =
            column("ci_low")?.zip(column("ci_high")?).map(|(low, high)| (high - low) / 2.0);
        Some(Self {
            value: median(column("value")?.collect()),
            half: median(halves.collect()),
            uninformative: median(column("uninformative")?.collect()) > 0.5,
        })
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn last_day(previous: &Previous) -> String {
    let mut text =
        format!("\nOn the last released day, {}, from its published values:", previous.day);
    for (question, error) in &previous.errors {
        text.push_str(&format!(
            "\n  {question}: ± {}, {:.1} % of the mean value; {} of {} values uninformative",
            short(error.absolute),
            error.relative * 100.0,
            error.uninformative,
            error.rows
        ));
    }
    text.push('\n');
    text
}
