//! Numbers as people write them.

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
}
