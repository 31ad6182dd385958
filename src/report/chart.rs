//! Charts as inline SVG: values over time, and bars. Each fits any width without scaled letters,
//! since horizontal places are percents and only lines are stretched.

use maud::{Markup, html};

use super::output::Cell;
use super::words::{Scale, exponent, heading, remark};

/// The height of the plot of a chart over time, and of the strip of days below it.
const PLOT: f64 = 190.0;
const STRIP: f64 = 24.0;
/// Room above the highest mark for its number.
const TOP: f64 = 10.0;
/// The width that lines are drawn in before they are stretched.
const WIDTH: f64 = 1_000.0;
/// Up to this number of places each value has a dot and a whisker, and beyond it a line and a band.
const MOST_DOTS: usize = 45;
/// At most this number of marks fits below a chart, and below one on a phone.
const MOST_MARKS: usize = 7;
const MOST_MARKS_OF_PHONES: usize = 4;

/// Values over time.
pub(super) struct OverTime {
    /// What it shows, for those who hear it.
    pub(super) name: String,
    /// How values are written.
    pub(super) scale: Scale,
    /// A value or none for each place.
    pub(super) cells: Vec<Option<Cell>>,
    /// Where days, weeks or months lie: the first place of each, how many it has, and its name.
    pub(super) marks: Vec<Mark>,
}

/// A day, week or month below a chart.
pub(super) struct Mark {
    /// Its first place.
    pub(super) first: usize,
    /// Its number of places.
    pub(super) places: usize,
    /// Its name.
    pub(super) name: String,
    /// Whether nothing was published of it.
    pub(super) is_missing: bool,
}

impl OverTime {
    /// The chart.
    pub(super) fn draw(&self) -> Markup {
        let places = self.cells.len().max(1);
        let cells: Vec<Option<Cell>> =
            self.cells.iter().map(|cell| cell.map(|cell| shown(self.scale, &cell))).collect();
        let axis = Axis::of(cells.iter().flatten());
        let percent = |place: f64| format!("{:.3}%", place / places as f64 * 100.0);
        let bottom = TOP + PLOT;
        let every = self.marks.len().div_ceil(MOST_MARKS).max(1);
        let is_crowded = self.marks.len() > MOST_MARKS_OF_PHONES;
        html! {
            div.plot {
                svg role="img" aria-label=(self.name) height=(bottom + STRIP) {
                    @for mark in self.marks.iter().filter(|mark| mark.is_missing) {
                        rect.missing x=(percent(mark.first as f64)) y=(TOP)
                            width=(percent(mark.places as f64)) height=(PLOT) {}
                    }
                    @for number in axis.marks() {
                        line.grid x1="0" x2="100%" y1=(place(axis.y(number))) y2=(place(axis.y(number))) {}
                        text.scale x="-8" y=(place(axis.y(number) + 4.0)) text-anchor="end" {
                            (self.scale.mark(number, axis.step))
                        }
                    }
                    @for (number, mark) in self.marks.iter().enumerate() {
                        @if number > 0 && places > self.marks.len() {
                            line.edge x1=(percent(mark.first as f64)) x2=(percent(mark.first as f64))
                                y1=(TOP) y2=(bottom) {}
                        }
                        @if number % every == 0 {
                            text.mark.second[is_crowded && number / every % 2 == 1] x=(percent(mark.first as f64 + mark.places as f64 / 2.0))
                                y=(bottom + 17.0) text-anchor="middle" { (mark.name) }
                        }
                    }
                    (line(&cells, &axis))
                }
            }
        }
    }
}

/// A cell with the numbers that people see.
fn shown(scale: Scale, cell: &Cell) -> Cell {
    Cell { of: cell.shown(scale), is_lost: cell.is_lost }
}

/// Values joined by a line, with a gap where a value is missing or says nothing.
fn line(cells: &[Option<Cell>], axis: &Axis) -> Markup {
    let places = cells.len().max(1) as f64;
    let across = |place: usize| (place as f64 + 0.5) / places;
    let at = |place: usize, value: f64| {
        format!("{:.1},{:.1}", across(place) * WIDTH, axis.y(value) - TOP)
    };
    let is_dots = cells.len() <= MOST_DOTS;
    let runs = runs(cells);
    let cells = || cells.iter().enumerate();
    html! {
        svg x="0" y=(TOP) width="100%" height=(PLOT) viewBox=(format!("0 0 {WIDTH} {PLOT}"))
            preserveAspectRatio="none" {
            @for run in &runs {
                @let line: Vec<String> = run.iter().map(|(place, cell)| at(*place, cell.of.value)).collect();
                @if !is_dots {
                    @let lows = run.iter().map(|(place, cell)| at(*place, cell.of.low));
                    @let highs = run.iter().rev().map(|(place, cell)| at(*place, cell.of.high));
                    polygon.band points=(lows.chain(highs).collect::<Vec<_>>().join(" ")) {}
                }
                polyline.value points=(line.join(" ")) {}
            }
        }
        @for (place, cell) in cells().filter_map(|(place, cell)| Some((place, cell.as_ref()?))) {
            @if is_dots || cell.is_lost { (whisker(axis, across(place), cell)) }
        }
    }
}

/// Values without a gap between them, by their places.
fn runs(cells: &[Option<Cell>]) -> Vec<Vec<(usize, &Cell)>> {
    let mut runs = vec![Vec::new()];
    for (place, cell) in cells.iter().enumerate() {
        match cell.as_ref().filter(|cell| !cell.is_lost) {
            Some(cell) => runs.last_mut().into_iter().for_each(|run| run.push((place, cell))),
            None => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// The interval of one value, and a dot at the value.
fn whisker(axis: &Axis, across: f64, cell: &Cell) -> Markup {
    let x = format!("{:.3}%", across * 100.0);
    let class = if cell.is_lost { "lost" } else { "clear" };
    html! {
        line class=(format!("whisker {class}")) x1=(x) x2=(x)
            y1=(place(axis.y(cell.of.high))) y2=(place(axis.y(cell.of.low))) {}
        @if cell.of.high > axis.most { (arrow(&x, TOP, class, "M-5,7 L0,0 L5,7 Z")) }
        @if cell.of.low < axis.least { (arrow(&x, TOP + PLOT, class, "M-5,-7 L0,0 L5,-7 Z")) }
        circle class=(format!("dot {class}")) cx=(x) cy=(place(axis.y(cell.of.value))) r="3" {}
    }
}

/// The head of an arrow where an interval leaves the chart.
fn arrow(x: &str, y: f64, class: &str, path: &str) -> Markup {
    html! {
        svg x=(x) y=(place(y)) overflow="visible" {
            path class=(format!("beyond {class}")) d=(path) {}
        }
    }
}

/// An axis from zero, or from below zero if values lie there, up to a round number.
struct Axis {
    least: f64,
    most: f64,
    step: f64,
}

impl Axis {
    /// The axis of values; intervals of what says nothing may leave it.
    fn of<'a>(cells: impl Iterator<Item = &'a Cell>) -> Self {
        let (mut least, mut most) = (0.0_f64, 0.0_f64);
        for cell in cells {
            let (low, high) = if cell.is_lost {
                (cell.of.value, cell.of.value)
            } else {
                (cell.of.low, cell.of.high)
            };
            (least, most) = (least.min(low), most.max(high));
        }
        let rough = ((most - least) / 4.0).max(1e-9);
        let power = 10.0_f64.powi(exponent(rough));
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * power >= rough);
        let step = step.unwrap_or(10.0) * power;
        Self { least: (least / step).floor() * step, most: (most / step).ceil() * step, step }
    }

    fn marks(&self) -> impl Iterator<Item = f64> {
        let (first, step) = (self.least, self.step);
        #[expect(clippy::cast_possible_truncation, reason = "an axis has at most six marks")]
        let last = ((self.most - first) / step).round() as i32;
        (0..=last).map(move |mark| first + f64::from(mark) * step)
    }

    /// How far down a value lies; never outside of the plot.
    fn y(&self, value: f64) -> f64 {
        let part = (value - self.least) / (self.most - self.least).max(1e-12);
        TOP + PLOT * (1.0 - part.clamp(0.0, 1.0))
    }
}

fn place(number: f64) -> String {
    format!("{number:.1}")
}

/// Bars with their intervals, each with its label and numbers beside it.
pub(super) struct Bars {
    /// How values are written.
    pub(super) scale: Scale,
    /// Label and value of each bar, from the top.
    pub(super) bars: Vec<(String, Cell)>,
}

impl Bars {
    /// The chart. The words beside each bar say the same, so the bars themselves are not read out.
    pub(super) fn draw(&self) -> Markup {
        let bars = self.bars.iter().map(|(label, cell)| (label, shown(self.scale, cell)));
        let bars: Vec<(&String, Cell)> = bars.collect();
        let clear = bars.iter().filter(|(_, cell)| !cell.is_lost).map(|(_, cell)| cell.of.high);
        let values = bars.iter().map(|(_, cell)| cell.of.value);
        let most = clear.chain(values).fold(0.0, f64::max).max(1e-12);
        // Sums and means may be below zero, and their bars then reach to the left.
        let least = bars.iter().map(|(_, cell)| cell.of.value).fold(0.0, f64::min);
        let part = |value: f64| ((value - least) / (most - least)).clamp(0.0, 1.0) * 100.0;
        let percent = |value: f64| format!("{:.2}%", part(value));
        let width = |value: f64| format!("{:.2}%", (part(value) - part(0.0)).abs());
        html! {
            ol.bars {
                @for (label, cell) in &bars {
                    @let remark = remark(self.scale, cell);
                    li.lost[cell.is_lost] {
                        span.label { (label) }
                        span.number {
                            b { (self.scale.value(&cell.of)) }
                            " " span.range { (self.scale.range(&cell.of)) }
                            @if !remark.is_empty() { " " span.note { (remark) } }
                        }
                        svg aria-hidden="true" height="14" {
                            rect.bar x=(percent(cell.of.value.min(0.0))) y="1" height="12"
                                width=(width(cell.of.value)) {}
                            line.whisker x1=(percent(cell.of.low)) x2=(percent(cell.of.high)) y1="7" y2="7" {}
                            @let class = if cell.is_lost { "lost" } else { "clear" };
                            @if cell.of.high > most { (arrow("100%", 7.0, class, "M-7,-5 L0,0 L-7,5 Z")) }
                            @if cell.of.low < least { (arrow("0%", 7.0, class, "M7,-5 L0,0 L7,5 Z")) }
                        }
                    }
                }
            }
        }
    }
}

/// The numbers behind a chart.
pub(super) struct Numbers {
    /// What the table holds.
    pub(super) caption: String,
    /// The names of the columns before the value.
    pub(super) keys: Vec<String>,
    /// How values are written.
    pub(super) scale: Scale,
    /// Keys and value of each row.
    pub(super) rows: Vec<(Vec<String>, Cell)>,
}

impl Numbers {
    /// The table, closed until it is asked for.
    pub(super) fn draw(&self) -> Markup {
        html! {
            details {
                summary { "Numbers" span.hidden { ": " (self.caption) } }
                div.scroll tabindex="0" role="region" aria-label=(self.caption) {
                    table {
                        thead { tr {
                            @for key in &self.keys { th scope="col" { (heading(key)) } }
                            @for name in ["value", "from", "to"] { th.number scope="col" { (name) } }
                            th scope="col" { "remark" }
                        } }
                        tbody {
                            @for (keys, cell) in &self.rows {
                                @let shown = cell.shown(self.scale);
                                tr.lost[cell.is_lost] {
                                    @for (place, key) in keys.iter().enumerate() {
                                        @if place == 0 { th scope="row" { (key) } } @else { td { (key) } }
                                    }
                                    @for number in [shown.value, shown.low, shown.high] {
                                        td.number { (self.scale.exact(number)) }
                                    }
                                    td { (remark(self.scale, cell)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::sum::Summand;

    fn cell(value: f64, is_lost: bool) -> Cell {
        let of = Summand { value, noise_sd: 1.0, low: value - 10.0, high: value + 10.0 };
        Cell { of, is_lost }
    }

    #[test]
    fn an_axis_begins_at_zero_and_ends_at_a_round_number_above_every_interval() {
        for (values, least, most) in [
            (vec![500.0, 740.0], 0.0, 800.0),
            (vec![990.0], 0.0, 1_000.0),
            (vec![-40.0, 85.0], -50.0, 100.0),
            (vec![], 0.0, 0.0),
        ] {
            let cells: Vec<Cell> = values.into_iter().map(|value| cell(value, false)).collect();
            let axis = Axis::of(cells.iter());
            assert!((axis.least - least).abs() < 1e-9 && (axis.most - most).abs() < 1e-9);
            let marks: Vec<f64> = axis.marks().collect();
            assert!(marks.len() <= 7 && marks.iter().any(|mark| mark.abs() < 1e-9), "{marks:?}");
            assert!((axis.y(most + 1e9) - TOP).abs() < 1e-9, "nothing leaves the plot");
        }
        // An interval that says nothing does not stretch the axis.
        let lost =
            Cell { of: Summand { value: 5.0, noise_sd: 0.0, low: 0.0, high: 1e9 }, is_lost: true };
        assert!(Axis::of([lost].iter()).most < 10.0);
    }

    #[test]
    fn a_range_that_leaves_the_chart_ends_in_an_arrow() {
        let wide = |is_lost| {
            let of = Summand { value: 50.0, noise_sd: 1.0, low: 0.0, high: 9_000.0 };
            Cell { of, is_lost }
        };
        for (last, arrows) in [(wide(true), 1), (wide(false), 0)] {
            let cells = [cell(40.0, false), last];
            let bars = cells.map(|cell| (String::new(), cell)).to_vec();
            let bars = Bars { scale: Scale::Count, bars }.draw().into_string();
            assert_eq!(bars.matches("class=\"beyond").count(), arrows, "{bars}");
            let over_time = OverTime {
                name: String::new(),
                scale: Scale::Count,
                cells: cells.map(Some).to_vec(),
                marks: Vec::new(),
            };
            let drawn = over_time.draw().into_string();
            assert_eq!(drawn.matches("class=\"beyond").count(), arrows, "{drawn}");
        }
    }

    #[test]
    fn lines_have_gaps_where_a_value_is_missing_or_says_nothing() {
        let cells = [Some(cell(1.0, false)), None, Some(cell(2.0, true)), Some(cell(3.0, false))];
        let places = |run: &Vec<(usize, &Cell)>| run.iter().map(|(place, _)| *place).collect();
        let found: Vec<Vec<usize>> = runs(&cells).iter().map(places).collect();
        assert_eq!(found, [vec![0], vec![3]]);
    }

    #[test]
    fn a_count_below_zero_is_shown_inside_its_own_range_and_a_sum_as_it_is() {
        let of = |value: f64, low: f64, high: f64| Summand { value, noise_sd: 1.0, low, high };
        for (scale, cell, expected) in [
            (Scale::Count, of(-44.0, 0.0, 22.0), of(0.0, 0.0, 22.0)),
            (Scale::Count, of(-65.0, -150.0, 20.0), of(0.0, 0.0, 20.0)),
            (Scale::Count, of(-165.0, -250.0, -80.0), of(0.0, 0.0, 0.0)),
            (Scale::Count, of(7.0, 0.0, 22.0), of(7.0, 0.0, 22.0)),
            (Scale::Real, of(-65.0, -150.0, 20.0), of(-65.0, -150.0, 20.0)),
        ] {
            let cell = Cell { of: cell, is_lost: false };
            assert_eq!(cell.shown(scale), expected);
            let bar = Bars { scale, bars: vec![(String::new(), cell)] }.draw().into_string();
            assert_eq!(bar.contains("possibly none"), scale == Scale::Count, "{bar}");
        }
    }

    #[test]
    fn a_bar_says_its_numbers_and_that_it_says_nothing() {
        let bars =
            vec![("DE & <b>".to_owned(), cell(40.0, false)), ("FR".to_owned(), cell(3.0, true))];
        let html = Bars { scale: Scale::Count, bars }.draw().into_string();
        assert!(html.contains("DE &amp; &lt;b&gt;") && html.contains("<b>40</b> "), "{html}");
        assert!(html.contains("30 to 50") && html.contains("says nothing"), "{html}");
        assert_eq!(html.matches("class=\"lost\"").count(), 1);
    }
}
