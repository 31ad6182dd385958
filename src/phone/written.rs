//! Numbers that a program wrote as floats or decimals: `4366412345678.0`, `4.36641E+12`, `-14155550123`.
//!
//! The phone library takes a point or a hyphen for punctuation and a letter for a key of a telephone,
//! and would read other people's numbers.

use std::borrow::Cow;

/// What is to be dialled; `None` for the text of a number that may have lost digits.
///
/// Digits, a point and zeros are the whole number. With an exponent digits may be lost, and no phone
/// number is below zero or between two whole ones; but a point within or behind the first six digits
/// stands where people write one.
pub(super) fn as_dialled(text: &str) -> Option<&str> {
    const AREA_DIGITS: usize = 6;
    let number = text.trim();
    if number.starts_with(['-', '\u{2212}']) || has_exponent(number) {
        return None;
    }
    let Some((whole, fraction)) = number.split_once('.') else { return Some(text) };
    let digits = whole.strip_prefix('+').unwrap_or(whole);
    if !are_digits(digits) || !are_digits(fraction) {
        return Some(text);
    }
    if fraction.bytes().all(|digit| digit == b'0') {
        return Some(whole);
    }
    (digits.len() <= AREA_DIGITS).then_some(text)
}

/// A number that begins with its calling code, behind `+`, `00` or nothing: the same behind `+`.
pub(super) fn with_plus(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.contains(['+', '\u{ff0b}']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("+{}", text.strip_prefix("00").unwrap_or(text)))
}

fn has_exponent(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    let is_mantissa = are_digits(whole.strip_prefix('+').unwrap_or(whole)) && are_digits(fraction);
    is_mantissa && are_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
