//! What the manifests state beside the numbers: days, budget, promise, and how the newest day was
//! planned.

use maud::{Markup, html};
use serde_json::Value;

use super::chart::Bars;
use super::output::{Cell, Output, Table};
use super::words::{Scale, ranges, written};
use crate::publish::FINGERPRINT;
use crate::publish::sum::Summand;
use crate::release_file::day::Day;
use crate::words::{CLASSES_ARE, grouped, several, short_epsilon};

/// At most this many days are drawn one by one.
const MOST_DAYS: usize = 62;

/// The days from the first to the last released one, and which of them are missing.
pub(super) fn days(output: &Output) -> Markup {
    let span = output.span();
    let missing: Vec<Day> =
        span.iter().copied().filter(|day| !output.days.contains_key(day)).collect();
    let files: Vec<(&Day, &Value)> =
        output.days.iter().map(|(day, manifest)| (day, &manifest[FINGERPRINT])).collect();
    let changed: Vec<Day> =
        files.windows(2).filter(|two| two[0].1 != two[1].1).map(|two| *two[1].0).collect();
    let shown = &span[span.len().saturating_sub(MOST_DAYS)..];
    html! {
        p {
            (grouped(output.days.len() as u64)) " of " (several(span.len(), "day"))
            @if output.days.len() == 1 { " is" } @else { " are" } " released: "
            (ranges(&output.days.keys().copied().collect::<Vec<_>>())) "."
            @if !missing.is_empty() {
                " Not released: " (ranges(&missing)) "."
            }
            " " code { "pointillist status" } " says why a day is not released, and which later days are missing."
            @if !changed.is_empty() {
                " The release file was changed before " (ranges(&changed)) ": what a question means "
                "may differ before and after."
            }
        }
        ol.days {
            @for day in shown {
                @let is_missing = !output.days.contains_key(day);
                li.missing[is_missing] {
                    span aria-hidden="true" { (written(*day, "%-d")) }
                    span.hidden {
                        (written(*day, "%a %-d %b")) @if is_missing { ", not released" } @else { ", released" }
                    }
                }
            }
        }
    }
}

/// The questions some of whose values say nothing, on the newest day and on all that are shown.
pub(super) fn uninformative(output: &Output) -> Markup {
    let lost_of = |table: &Table| {
        let lost = table.rows.iter().filter(|row| row.cell.is_lost).count();
        (lost + table.without_value, table.rows.len() + table.without_value)
    };
    let mut lines = Vec::new();
    for series in &output.questions {
        let Some((_, newest)) = series.newest() else { continue };
        let of_days = series.tables.values().map(lost_of);
        let all = of_days.fold((0, 0), |sum, (lost, rows)| (sum.0 + lost, sum.1 + rows));
        if all.0 > 0 {
            lines.push((&series.name, lost_of(newest), all, series.tables.len()));
        }
    }
    html! {
        @if lines.is_empty() {
            p { "Every value says something." }
        } @else {
            p {
                "Values whose ranges are too wide to say anything are grey in the charts, and the column "
                code { "uninformative" } " of the files is true for them. These are:"
            }
            ul {
                @for (name, (lost, rows), (all_lost, all_rows), days) in lines {
                    li {
                        "of the question " code { (name) } " " (grouped(lost as u64)) " of "
                        (several(rows, "value")) " of the newest day"
                        @if days > 1 {
                            ", and " (grouped(all_lost as u64)) " of " (grouped(all_rows as u64)) " of all "
                            (several(days, "day"))
                        }
                    }
                }
            }
        }
    }
}

/// What the release uses of the budget of a day, and of 30 days where the ledger limits them.
pub(super) fn budget(output: &Output) -> Markup {
    let manifest = output.newest();
    let guarantee = &manifest["guarantee"];
    let of_day =
        manifest["budget"]["epsilon"].as_f64().zip(guarantee["one_day"]["epsilon"].as_f64());
    let of_rho = manifest["charge_rho"].as_f64().zip(manifest["budget"]["rho"].as_f64());
    let of_month = guarantee["limits"]["thirty_days"]["rho"].as_f64();
    let of_month = of_month.map(|cap| (cap, costliest_30_days(output)));
    html! {
        p {
            "Each day has a budget of its own, and what was spent never comes back. This is what the "
            "release that is shown here spends; other releases may spend from the same budget, and "
            code { "pointillist ledger show" } " adds them up."
        }
        @if let Some((budget, spent)) = of_day {
            @let epsilon = format!("epsilon {} of {budget}", short_epsilon(spent));
            // Losses add up in rho, which manifests of earlier versions do not state of the budget.
            @let (part, words) = match of_rho {
                None => (spent / budget, epsilon),
                Some((rho, whole)) => (
                    rho / whole,
                    format!("rho {rho:.4} of {whole:.4}, the unit in which ledgers add up; that is {epsilon}"),
                ),
            };
            (gauge("Of the budget of a day", part, &format!("{:.0} %", part * 100.0), &words))
        }
        @if let Some((cap, spent)) = of_month {
            (gauge(
                "Of what any 30 days in a row may cost",
                spent / cap,
                &format!("rho {spent:.4} of {cap:.4}"),
                "by the costliest 30 days so far",
            ))
        }
    }
}

/// The most that the releases of 30 days in a row cost together.
fn costliest_30_days(output: &Output) -> f64 {
    let charges: Vec<(Day, f64)> = output
        .days
        .iter()
        .map(|(day, manifest)| (*day, manifest["charge_rho"].as_f64().unwrap_or_default()))
        .collect();
    let from = |first: Day| -> f64 {
        let last = std::iter::successors(Some(first), |day| day.next()).nth(29).unwrap_or(first);
        let inside = charges.iter().filter(|(day, _)| (first..=last).contains(day));
        inside.map(|(_, rho)| rho).sum()
    };
    charges.iter().map(|(day, _)| from(*day)).fold(0.0, f64::max)
}

fn gauge(name: &str, part: f64, spent: &str, words: &str) -> Markup {
    let percent = format!("{:.1}%", part.clamp(0.0, 1.0) * 100.0);
    html! {
        div.gauge {
            span.label { (name) }
            span.number { b { (spent) } }
            svg aria-hidden="true" height="14" {
                rect.track x="0" y="1" width="100%" height="12" {}
                rect.bar x="0" y="1" width=(percent) height="12" {}
            }
            @if !words.is_empty() { span.range { (words) } }
        }
    }
}

/// The promise, as the newest manifest words it.
pub(super) fn promise(output: &Output) -> Markup {
    let manifest = output.newest();
    let explained = manifest["explained"].as_array().into_iter().flatten();
    let explained: Vec<&str> = explained.filter_map(Value::as_str).collect();
    html! {
        @for paragraph in &explained { p { (with_code(paragraph)) } }
        @if let Some(words) = manifest["guarantee_in_words"].as_str() {
            @if explained.is_empty() { p { (words) } } @else {
                details { summary { "In the terms of differential privacy" } p { (words) } }
            }
        }
    }
}

/// A paragraph in which commands stand between backticks.
fn with_code(paragraph: &str) -> Markup {
    html! {
        @for (place, part) in paragraph.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// How the newest day was measured: what the look showed, and how the charge was divided.
pub(super) fn plan(output: &Output) -> Markup {
    let manifest = output.newest();
    let classes: Vec<&Value> = manifest["classes"].as_array().into_iter().flatten().collect();
    let number = |class: &Value, name: &str| class[name].as_f64().unwrap_or_default();
    // All classes after the last one that may hold a whole requester look alike.
    let last = classes.iter().rposition(|class| number(class, "ci_high") >= 1.0).unwrap_or(0);
    let bars = classes.iter().take(last + 1).map(|class| {
        let lookups = usize::try_from(class["lookups"].as_u64().unwrap_or_default());
        let of = Summand {
            value: number(class, "requesters"),
            noise_sd: 0.0,
            low: number(class, "ci_low"),
            high: number(class, "ci_high"),
        };
        let is_lost = class["seen"] == Value::Bool(false);
        (format!("around {}", grouped(lookups.unwrap_or_default() as u64)), Cell { of, is_lost })
    });
    let bars = Bars { scale: Scale::Count, bars: bars.collect() };
    let shares = shares(manifest);
    html! {
        @if !shares.is_empty() {
            p {
                "What a day may cost is divided before anything is read. First comes a look at how active "
                "requesters are; everything else is planned from it, so that nobody has to choose limits."
            }
            ol.bars {
                @for (name, part) in &shares {
                    li {
                        span.label { (name) }
                        span.number { b { (format!("{:.1} %", part * 100.0)) } }
                        svg aria-hidden="true" height="14" {
                            rect.bar x="0" y="1" height="12" width=(format!("{:.2}%", part * 100.0)) {}
                        }
                    }
                }
            }
        }
        @if !bars.bars.is_empty() {
            h3 { "Requesters by how many lookups they make, a weighted count" }
            p.note {
                "Of the newest day. " (CLASSES_ARE) " Grey: too few to be seen."
            }
            (bars.draw())
        }
    }
}

/// The part of the day's charge that the look and each question have.
fn shares(manifest: &Value) -> Vec<(String, f64)> {
    let look = manifest["rho_of_look"].as_f64();
    let questions = manifest["rho_of_questions"].as_array().into_iter().flatten();
    let names = manifest["files"].as_array().into_iter().flatten();
    let names = names.map(|file| file["facts"]["question"].as_str().unwrap_or_default().to_owned());
    let questions = names.zip(questions.filter_map(Value::as_f64));
    let mut shares: Vec<(String, f64)> =
        look.map(|rho| ("the look".to_owned(), rho)).into_iter().chain(questions).collect();
    let all: f64 = shares.iter().map(|(_, rho)| rho).sum();
    shares.iter_mut().for_each(|(_, rho)| *rho /= all.max(1e-12));
    shares
}
