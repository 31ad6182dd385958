//! Numbers, days and questions as people write them.

use serde_json::Value;

use super::output::Cell;
use crate::publish::sum::Summand;
use crate::release_file::day::Day;
use crate::words::grouped_digits;

/// How the values of a question are written.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Scale {
    /// Whole numbers.
    Count,
    /// Parts of one, written in percent.
    Share,
    /// Other numbers.
    Real,
}

impl Scale {
    /// The scale of what a file asks.
    pub(super) fn of(asks: &str) -> Self {
        match asks {
            "share" => Self::Share,
            "sum" | "mean" | "quantiles" => Self::Real,
            _ => Self::Count,
        }
    }

    /// The value, as exact as its interval lets it be: two digits of half of the interval are kept.
    pub(super) fn value(self, of: &Summand) -> String {
        self.at(of.value, self.step(of), f64::round)
    }

    /// The interval, rounded outwards to the same digits. A small end keeps two digits of its own,
    /// so that an interval that begins above zero is also written so.
    pub(super) fn range(self, of: &Summand) -> String {
        let step = |end: f64| {
            let own = exponent(end * self.factor()) - 1;
            let own = if self == Self::Count { own.max(0) } else { own.max(-3) };
            if end == 0.0 { self.step(of) } else { self.step(of).min(own) }
        };
        let (low, high) = (of.low, of.high);
        let end = |end: f64, round| self.at(end, step(end), round);
        format!("{} to {}", end(low, f64::floor), end(high, f64::ceil))
    }

    /// A number of a table, with two decimals, and more where it is small.
    pub(super) fn exact(self, number: f64) -> String {
        match self {
            Self::Count => self.at(number, 0, f64::round),
            Self::Share => self.at(number, -2, f64::round),
            Self::Real => self.at(number, (exponent(number) - 3).clamp(-9, -2), f64::round),
        }
    }

    /// A number beside an axis whose marks are this far apart.
    pub(super) fn mark(self, number: f64, apart: f64) -> String {
        self.at(number, exponent(apart * self.factor()), f64::round)
    }

    /// A hundred for percent.
    const fn factor(self) -> f64 {
        match self {
            Self::Share => 100.0,
            Self::Count | Self::Real => 1.0,
        }
    }

    /// The power of ten that a value and its interval are rounded to.
    fn step(self, of: &Summand) -> i32 {
        let half = (of.high - of.low) / 2.0 * self.factor();
        // Three digits of a value without an interval.
        let step =
            if half > 0.0 { exponent(half) - 1 } else { exponent(of.value * self.factor()) - 2 };
        if self == Self::Count { step.max(0) } else { step.clamp(-3, 9) }
    }

    fn at(self, number: f64, step: i32, round: fn(f64) -> f64) -> String {
        let factor = 10.0_f64.powi(step);
        // A number that is a whole number of steps but for its last bits is not rounded to the next
        // one.
        let steps = number * self.factor() / factor;
        let near = steps.round();
        let steps = if (steps - near).abs() < 1e-6 { near } else { round(steps) };
        let decimals = usize::try_from(-step).unwrap_or(0);
        let text = grouped_digits(&format!("{:.decimals$}", (steps * factor).abs()));
        let sign = if steps < 0.0 { "−" } else { "" };
        let unit = if self == Self::Share { " %" } else { "" };
        format!("{sign}{text}{unit}")
    }
}

/// The power of ten of a number's first digit; 0 of zero.
pub(super) fn exponent(number: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "a power of ten is small")]
    let exponent = (number.abs().log10() + 1e-9).floor() as i32;
    if number == 0.0 { 0 } else { exponent }
}

/// `11 January 2026`.
pub(super) fn date(day: Day) -> String {
    written(day, "%-d %B %Y")
}

/// A day in a format of its own.
pub(super) fn written(day: Day, format: &str) -> String {
    day.date().strftime(format).to_string()
}

/// The first and the last of several days, with as much of the first as differs.
pub(super) fn span(first: Day, last: Day) -> String {
    let (start, end) = (first.date(), last.date());
    let format = if start == end {
        return date(last);
    } else if start.year() != end.year() {
        "%-d %B %Y"
    } else if start.month() != end.month() {
        "%-d %B"
    } else {
        "%-d"
    };
    format!("{} to {}", written(first, format), date(last))
}

/// Days as ranges: `5 to 7 January 2026, 9 January 2026`.
pub(super) fn ranges(days: &[Day]) -> String {
    let mut ranges: Vec<(Day, Day)> = Vec::new();
    for day in days {
        match ranges.last_mut().filter(|(_, last)| last.next() == Some(*day)) {
            Some((_, last)) => *last = *day,
            None => ranges.push((*day, *day)),
        }
    }
    ranges.into_iter().map(|(first, last)| span(first, last)).collect::<Vec<_>>().join(", ")
}

/// What a file asks, as a title. Files of earlier versions say less of it.
pub(super) fn title(facts: &Value, keys: &[String]) -> String {
    let details = &facts["details"];
    let of = details["of"].as_str().map_or(String::new(), |of| {
        // A number is named with its range, which a title need not repeat.
        format!(" of {}", of.split(" in ").next().unwrap_or(of))
    });
    let by: Vec<&str> = keys.iter().map(String::as_str).filter(|key| !OWN.contains(key)).collect();
    let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ")) };
    let is_plain_distinct = details["at_least"].as_u64().is_none_or(|least| least < 2);
    if facts["asks"] == "distinct" && is_plain_distinct && keys == ["target_country"] {
        return "Requesters who asked about numbers in each country".to_owned();
    }
    let what = match facts["asks"].as_str().unwrap_or_default() {
        "count" => "Lookups".to_owned(),
        "share" => match details["condition"].as_str() {
            Some(condition) => format!("Share of lookups where {condition}"),
            None => "Share of lookups".to_owned(),
        },
        "sum" => format!("Sum{of}"),
        "mean" => format!("Mean{of}"),
        "quantiles" => format!("Quantiles{of}"),
        "histogram" => "Requesters by how many lookups they make".to_owned(),
        _ => match (details["at_least"].as_u64(), details["of"].as_str()) {
            (Some(least @ 2..), None) => format!("Requesters with {least} lookups or more"),
            (Some(least @ 2..), Some(_)) => {
                format!("Requesters who ask about {least} targets or more")
            }
            _ => "Requesters".to_owned(),
        },
    };
    format!("{what}{by}")
}

/// Columns that stand between keys and values, and are no keys of a release file.
pub(super) const OWN: [&str; 3] = [QUANTILE, OWN_LOW, "bin_high"];
/// The column that says which quantile a row is.
pub(super) const QUANTILE: &str = "quantile";
const OWN_LOW: &str = "bin_low";

/// The heading of a column of keys.
pub(super) fn heading(key: &str) -> &str {
    match key {
        OWN_LOW => "lookups, from",
        "bin_high" => "to",
        key => key,
    }
}

/// A quantile's name.
fn quantile(at: &str) -> String {
    match at.parse::<f64>() {
        Ok(half) if (half - 0.5).abs() < 1e-12 => "Median".to_owned(),
        Ok(at) => {
            let percent = format!("{:.6}", at * 100.0);
            format!("{} % quantile", percent.trim_end_matches('0').trim_end_matches('.'))
        }
        Err(_) => at.to_owned(),
    }
}

/// The title of one quantile of a question with this title.
pub(super) fn quantile_title(at: &str, title: &str) -> String {
    format!("{}{}", quantile(at), title.strip_prefix("Quantiles").unwrap_or_default())
}

/// A row's keys as one label.
pub(super) fn label(keys: &[String], names: &[String]) -> String {
    if let ([low, high], [OWN_LOW, _]) =
        (keys, names.iter().map(String::as_str).collect::<Vec<_>>().as_slice())
    {
        let low = grouped_digits(low);
        return match high.as_str() {
            "" => format!("{low} or more"),
            high if grouped_digits(high) == low => low,
            high => format!("{low} to {}", grouped_digits(high)),
        };
    }
    let words = keys
        .iter()
        .zip(names)
        .map(|(key, name)| if name == QUANTILE { quantile(key) } else { key.clone() });
    words.collect::<Vec<_>>().join(" · ")
}

impl Cell {
    /// The numbers as people see them: noise may take a value out of what is possible, and with it out of
    /// its own range. Sums take the value as it is.
    pub(super) fn shown(&self, scale: Scale) -> Summand {
        let least = if scale == Scale::Count { 0.0 } else { f64::NEG_INFINITY };
        let (low, high) = (self.of.low.max(least), self.of.high.max(least));
        Summand { value: self.of.value.max(low).min(high), low, high, ..self.of }
    }
}

/// The words after a value that says nothing, and after a count that may be zero.
pub(super) fn remark(scale: Scale, cell: &Cell) -> &'static str {
    match cell.is_lost {
        true => "says nothing",
        false if scale == Scale::Count && cell.of.low <= 0.0 => "possibly none",
        false => "",
    }
}

/// What one has to know before adding up the rows of a question about requesters.
pub(super) fn not_to_be_added(asks: &str, keys: &[String]) -> &'static str {
    match asks {
        "histogram" => {
            "Sums of bins are less exact than a question that asks for the requesters with that many lookups. "
        }
        "distinct" if !keys.is_empty() => "A requester of several rows counts in each. ",
        _ => "",
    }
}

/// Words as a sentence that others follow.
pub(super) fn sentence(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!("{words}. ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_keep_what_their_interval_lets_them_keep_and_ranges_never_shrink() {
        for (scale, value, low, high, expected) in [
            (Scale::Count, 15_744.0, 11_491.0, 20_539.0, "15,700: 11,400 to 20,600"),
            (Scale::Count, 297_412.0, 263_118.0, 333_987.0, "297,000: 263,000 to 334,000"),
            (Scale::Count, 3.0, 0.0, 7.0, "3: 0 to 7"),
            (Scale::Real, 7_800.0, 478.77, 60_000.0, "8,000: 470 to 60,000"),
            (Scale::Count, 1_900.0, 31.0, 12_400.0, "1,900: 31 to 12,400"),
            (Scale::Count, -15.0, -100.0, 70.0, "−15: −100 to 70"),
            (Scale::Count, 7.0, 7.0, 7.0, "7: 7 to 7"),
            (Scale::Share, 0.3754, 0.3281, 0.4246, "37.5 %: 32.8 % to 42.5 %"),
            (Scale::Share, 0.5, 0.0, 1.0, "50 %: 0 % to 100 %"),
            (Scale::Real, 53.27, 49.71, 57.19, "53.3: 49.7 to 57.2"),
            (Scale::Real, 1_234.5, -7e6, 1.8e7, "0: −7,000,000 to 18,000,000"),
            (Scale::Real, 0.001_2, 0.001_2, 0.001_2, "0.001: 0.001 to 0.002"),
        ] {
            let of = Summand { value, noise_sd: 0.0, low, high };
            assert_eq!(format!("{}: {}", scale.value(&of), scale.range(&of)), expected);
        }
        assert_eq!(Scale::Count.exact(1_234_567.0), "1,234,567");
        assert_eq!(Scale::Share.exact(0.123_456), "12.35 %");
        assert_eq!(Scale::Share.mark(0.15, 0.05), "15 %");
        assert_eq!(Scale::Real.mark(2_500.0, 500.0), "2,500");
    }

    #[test]
    fn days_are_written_as_people_write_them() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        for (first, last, expected) in [
            ("2026-01-05", "2026-01-05", "5 January 2026"),
            ("2026-01-05", "2026-01-11", "5 to 11 January 2026"),
            ("2026-01-28", "2026-02-03", "28 January to 3 February 2026"),
            ("2025-12-31", "2026-01-01", "31 December 2025 to 1 January 2026"),
        ] {
            assert_eq!(span(day(first), day(last)), expected);
        }
        let days = ["2026-01-05", "2026-01-06", "2026-01-08"].map(day);
        assert_eq!(ranges(&days), "5 to 6 January 2026, 8 January 2026");
    }

    #[test]
    fn titles_say_what_was_asked() {
        let keys = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        for (facts, names, expected) in [
            (json!({ "asks": "count" }), vec!["hour", "app"], "Lookups by hour, app"),
            (
                json!({ "asks": "quantiles", "details": { "of": "ms in bins of [1, 9]" } }),
                vec!["quantile"],
                "Quantiles of ms",
            ),
            (json!({ "asks": "quantiles" }), vec!["app", "quantile"], "Quantiles by app"),
            (
                json!({ "asks": "share", "details": { "condition": "route = 'sms'" } }),
                vec![],
                "Share of lookups where route = 'sms'",
            ),
            (
                json!({ "asks": "distinct", "details": { "at_least": 50 } }),
                vec![],
                "Requesters with 50 lookups or more",
            ),
            (
                json!({ "asks": "distinct", "details": { "at_least": 9, "of": "targets" } }),
                vec![],
                "Requesters who ask about 9 targets or more",
            ),
            (json!({ "asks": "distinct", "details": { "at_least": 1 } }), vec![], "Requesters"),
        ] {
            assert_eq!(title(&facts, &keys(&names)), expected);
        }
        assert_eq!(quantile_title("0.5", "Quantiles of ms"), "Median of ms");
        assert_eq!(quantile_title("0.999", "Quantiles of ms"), "99.9 % quantile of ms");
        let bins = keys(&["bin_low", "bin_high"]);
        for (bin, expected) in [
            (["3", "3"], "3"),
            (["1000", "1999"], "1,000 to 1,999"),
            (["5000", ""], "5,000 or more"),
        ] {
            assert_eq!(label(&keys(&bin), &bins), expected);
        }
    }
}
