//! Which decimal mark the numbers of a column have, and which columns have marks that can mean two things.

use crate::release_file::decimal::Decimal;

/// What a comma in a number shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comma {
    /// Nothing: there is none, or the text is no number.
    None,
    /// A fraction stands behind it: `27,25`, `0,125`, `12345,678`.
    Fraction,
    /// A fraction or thousands stand behind it: `1,234`.
    Either,
    /// Thousands stand behind it, or behind a point: `1,234,567`, `1,234.56`, `1.234,56`.
    Thousands,
}

/// The decimal mark of these values: a comma if nearly all are numbers with one, and some can mean nothing
/// else.
pub(super) fn decimal_of<'v>(values: impl Iterator<Item = &'v str>) -> Decimal {
    let (mut all, mut commas, mut fractions, mut numbers) = (0_usize, 0_usize, 0_usize, 0_usize);
    for value in values {
        all += 1;
        match comma(value) {
            Comma::None => numbers += usize::from(value.trim().parse::<i64>().is_ok()),
            Comma::Fraction => fractions += 1,
            Comma::Either => commas += 1,
            Comma::Thousands => return Decimal::Point,
        }
    }
    let is_most = (commas + fractions + numbers) * 10 >= all * 9;
    if fractions > 0 && is_most { Decimal::Comma } else { Decimal::Point }
}

/// Whether at least one in ten of the values has a mark that stands or may stand between thousands, so that
/// it is not known which number it is.
pub(super) fn are_unclear<'v>(values: impl Iterator<Item = &'v str>) -> bool {
    let (mut all, mut unclear) = (0_usize, 0_usize);
    for value in values {
        all += 1;
        unclear += usize::from(matches!(comma(value), Comma::Either | Comma::Thousands));
    }
    unclear > 0 && unclear * 10 >= all
}

fn comma(value: &str) -> Comma {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = value.trim();
    let value = value.strip_prefix(['-', '+']).unwrap_or(value);
    let parts: Vec<&str> = value.split([',', '.']).collect();
    if !value.contains(',') || !parts.iter().all(|part| digits(part)) {
        return Comma::None;
    }
    match parts[..] {
        [whole, fraction] if fraction.len() == 3 && whole.len() <= 3 && !whole.starts_with('0') => {
            Comma::Either
        }
        [_, _] => Comma::Fraction,
        _ => Comma::Thousands,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_is_a_decimal_mark_where_it_can_be_nothing_else() {
        for (values, decimal, is_unclear) in [
            (&["27,25", "118,00", "8,5", "12"][..], Decimal::Comma, false),
            (&["-0,5", "+1,25"], Decimal::Comma, false),
            (&["0,125", "0,250"], Decimal::Comma, false),
            (&["12345,678"], Decimal::Comma, false),
            // One value that can mean nothing else decides what the others mean.
            (&["1,234", "27,25"], Decimal::Comma, true),
            (&["1,234", "2,345", "999"], Decimal::Point, true),
            (&["1,234,567", "27,25"], Decimal::Point, true),
            (&["1.234,56", "27,25"], Decimal::Point, true),
            (&["1,234.56", "27.25"], Decimal::Point, true),
            (&["27.25", "118"], Decimal::Point, false),
            (&["27,25", "a", "b"], Decimal::Point, false),
            (&["a, b", "1,b", ",5", "5,"], Decimal::Point, false),
            (&[], Decimal::Point, false),
        ] {
            assert_eq!(decimal_of(values.iter().copied()), decimal, "{values:?}");
            assert_eq!(are_unclear(values.iter().copied()), is_unclear, "{values:?}");
        }
    }
}
