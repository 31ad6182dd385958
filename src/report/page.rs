//! The page: its skeleton, its style, and the order in which a reader meets things.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::figure::{Chart, Figure};
use super::figures::sections;
use super::headline::cards;
use super::output::Output;
use super::promise::{budget, days, plan, promise, uninformative};
use super::words::{date, span};
use crate::Result;
use crate::words::several;

const STYLE: &str = include_str!("report.css");

/// Makes the page.
pub(super) fn page(output: &Output) -> Result<String> {
    let manifest = output.newest();
    let release = manifest["release"].as_str().unwrap_or_default();
    let zone = manifest["time_zone"].as_str().unwrap_or_default();
    let all = output.span();
    let (Some(first), Some(last)) = (all.first().copied(), all.last().copied()) else {
        return Err(crate::Error::internal("a report needs a day"));
    };
    let published = format!("{} of {} published", output.days.len(), several(all.len(), "day"));
    let sections = sections(output);
    let about: [(&str, &str, Markup); 5] = [
        ("uninformative", "What says nothing", uninformative(output)),
        ("days", "Days", days(output)),
        ("budget", "Budget", budget(output)),
        ("promise", "What is promised", promise(output)),
        ("plan", "How it was planned", plan(output)),
    ];
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (head(&format!("{release}, {}", span(first, last))))
            body {
                a.skip href="#main" { "To the numbers" }
                header {
                    h1 { (release) }
                    p.when { (span(first, last)) ", days in " (zone) "; " (published) }
                    nav aria-label="Contents" { ul {
                        @for (place, section) in sections.iter().enumerate() {
                            li { a href=(format!("#section-{place}")) { (section.title) } }
                        }
                        @for (id, name, _) in &about { li { a href=(format!("#{id}")) { (name) } } }
                    } }
                }
                main id="main" tabindex="-1" {
                    section aria-labelledby="headline" {
                        h2 id="headline" { "The newest day, " (date(last)) }
                        (cards(output))
                        (how_to_read())
                    }
                    @for (place, section) in sections.iter().enumerate() {
                        section aria-labelledby=(format!("section-{place}")) {
                            h2 id=(format!("section-{place}")) { (section.title) }
                            div.figures { @for figure in &section.figures { (draw(figure)) } }
                        }
                    }
                    @for (id, name, content) in &about {
                        section aria-labelledby=(id) { h2 id=(id) { (name) } (content) }
                    }
                }
                footer {
                    p {
                        "Made by pointillist from published files alone. It read no log and no ledger, so this "
                        "page costs none of the budget and says no more than those files."
                    }
                }
            }
        }
    };
    Ok(page.into_string())
}

/// What browsers read. The policy lets a page ask for nothing and run nothing, whatever it holds.
fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta http-equiv="Content-Security-Policy"
                content="default-src 'none'; style-src 'unsafe-inline'";
            title { (title) }
            style { (PreEscaped(STYLE)) }
        }
    }
}

fn how_to_read() -> Markup {
    html! {
        p {
            "Every number carries a little random noise, so that nobody can be recognised in it. The range "
            "beside it aims to hold the number that a full count would give in 95 of 100 cases, and is drawn "
            "as a line or a band. Two values whose ranges do not overlap are almost certainly different; with "
            "ranges that do, either may be the larger one. An arrow at the end of a line says that the range goes "
            "on beyond the chart. If one requester makes more than about a tenth of the lookups behind a number, "
            "most of that requester's lookups may be missing in it, and its range may lie too low. Numbers are rounded as far as their range allows; the tables "
            "behind the charts have more digits."
        }
    }
}

fn draw(figure: &Figure) -> Markup {
    html! {
        figure {
            figcaption {
                h3 { (figure.title) span.period { ", " (figure.of) } }
                p.note { (figure.note) "From the question " code { (figure.question) } "." }
            }
            @match &figure.chart {
                Chart::OverTime(chart) => (chart.draw()),
                Chart::Bars(chart) => (chart.draw()),
            }
            (figure.numbers.draw())
        }
    }
}
