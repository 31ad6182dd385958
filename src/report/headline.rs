//! The numbers of the newest day that stand at the top of a report.

use maud::{Markup, html};

use super::output::{Cell, Output};
use super::sums::{counts, over_days, total};
use super::words::{QUANTILE, Scale, quantile_title, remark, title};
use crate::words::several;

/// The most numbers that are shown.
const MOST: usize = 10;

/// One number with its interval.
struct Card {
    name: String,
    scale: Scale,
    cell: Cell,
}

/// The lookups of the newest day and of all days, and every question that has one answer a day.
pub(super) fn cards(output: &Output) -> Markup {
    let mut cards = Vec::new();
    if let Some(series) = counts(output).first() {
        let mut add = |name: String, cell: Option<Cell>| {
            cards.extend(cell.map(|cell| Card { name, scale: Scale::Count, cell }));
        };
        add("Lookups".to_owned(), series.newest().and_then(|(_, table)| total(table)));
        let days = series.tables.values().filter_map(total);
        let days: Vec<_> = days.map(|cell| vec![(String::new(), cell)]).collect();
        if days.len() > 1 {
            let name = format!("Lookups, all {} together", several(days.len(), "day"));
            add(name, over_days(days, series.asks()).first().map(|(_, cell)| *cell));
        }
    }
    for series in output.questions.iter().filter(|series| series.asks() != "count") {
        let Some((_, table)) = series.newest() else { continue };
        let scale = Scale::of(series.asks());
        let name = title(&table.facts, &[]);
        match table.keys.as_slice() {
            [] => {
                let cells = table.rows.iter().map(|row| row.cell);
                cards.extend(cells.map(|cell| Card { name: name.clone(), scale, cell }));
            }
            [only] if only == QUANTILE => cards.extend(table.rows.iter().map(|row| Card {
                name: quantile_title(&row.keys[0], &name),
                scale,
                cell: row.cell,
            })),
            _ => {}
        }
    }
    cards.truncate(MOST);
    html! {
        ul.cards {
            @for card in &cards {
                @let shown = card.cell.shown(card.scale);
                @let remark = remark(card.scale, &card.cell);
                li.lost[card.cell.is_lost] {
                    span.name { (card.name) }
                    @if card.cell.is_lost {
                        b { (remark) }
                        span.range { "anywhere from " (card.scale.range(&shown)) }
                    } @else {
                        b { (card.scale.value(&shown)) }
                        span.range {
                            (card.scale.range(&shown)) @if !remark.is_empty() { ", " (remark) }
                        }
                    }
                }
            }
        }
    }
}
