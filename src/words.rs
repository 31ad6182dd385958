//! Numbers as people write them, and sentences that several commands say.

use jiff::Timestamp;

/// How requesters count in the classes of activity.
pub const CLASSES_ARE: &str = "A requester between two of these numbers counts in part at each. One with fewer than 8 \
     lookups counts at 8 as a fraction: with 2 lookups as 2/8. So the rows add up to fewer than all requesters.";

/// What a row of lookups, and its interval, miss.
pub const ONE_HEAVY: &str = "If one requester makes more than about a tenth of a row's lookups, most of that \
     requester's lookups may be missing in the row, and the row's interval may lie too low.";

/// What the odds of a promise leave open.
pub const RARELY: &str = "In rare cases the files may raise the odds beyond this limit. Delta limits how rare that is: at 1e-6, the \
     odds exceed twice the limit in at most 2 of a million cases.";

/// Digits in groups of three, those behind a point as they are: `1,234.5678`.
pub fn grouped_digits(number: &str) -> String {
    let whole = number.split('.').next().unwrap_or_default().len();
    let mut text = String::with_capacity(number.len() * 4 / 3);
    for (place, digit) in number.chars().enumerate() {
        if place > 0 && place < whole && (whole - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A whole number: `1,234,567`.
pub fn grouped(number: u64) -> String {
    grouped_digits(&number.to_string())
}

/// A number and what it counts: `1 day`, `1,200 days`.
pub fn several(number: usize, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {one}{plural}", grouped(number as u64))
}

/// An instant in UTC, to the second.
pub fn instant(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An epsilon in words: three decimals below one and two from there on, rounded up, so that no text promises
/// more than its figure.
pub fn short_epsilon(epsilon: f64) -> String {
    let (decimals, steps) = if epsilon < 1.0 { (3, 1e3) } else { (2, 1e2) };
    let up = (epsilon * steps - 1e-9).ceil().abs() / steps;
    grouped_digits(&format!("{up:.decimals$}"))
}

/// A delta in words, in three digits at most, rounded up likewise: `9e-7`, and `0.05` where it is that large.
pub fn short_delta(delta: f64) -> String {
    let step = 10_f64.powf(delta.max(f64::MIN_POSITIVE).log10().floor() - 2.0);
    let up = (delta / step - 1e-6).ceil().abs() * step;
    if up >= 1e-3 {
        return format!("{up:.5}").trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    let text = format!("{up:.2e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = if digits.contains('.') { digits.trim_end_matches('0') } else { digits };
    format!("{}e{exponent}", digits.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(grouped_digits("1234567.8901"), "1,234,567.8901");
        assert_eq!([several(1, "day"), several(1_200, "day")], ["1 day", "1,200 days"]);
    }

    #[test]
    fn instants_are_written_to_the_second() {
        let at: Timestamp = "2026-12-30T12:13:00.007948387Z".parse().unwrap();
        assert_eq!(instant(at), "2026-12-30T12:13:00Z");
    }

    #[test]
    fn what_is_shown_promises_no_more_than_its_figure() {
        for (delta, shown) in [
            (9e-7, "9e-7"),
            (1e-6 - 1e-7, "9e-7"),
            (1.231e-6, "1.24e-6"),
            (9.999e-7, "1e-6"),
            (1.2e-6, "1.2e-6"),
            (1.0, "1"),
            (0.049_51, "0.0496"),
            (0.001, "0.001"),
            (0.0, "0e0"),
        ] {
            assert_eq!(short_delta(delta), shown);
        }
        for (epsilon, shown) in [
            (0.825_4, "0.826"),
            (0.825, "0.825"),
            (1.0, "1.00"),
            (24.421, "24.43"),
            (4_703.6, "4,703.60"),
            (0.0, "0.000"),
        ] {
            assert_eq!(short_epsilon(epsilon), shown);
        }
    }
}
