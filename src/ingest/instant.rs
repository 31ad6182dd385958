//! A fast path for instants as most logs write them: `2026-01-31T08:00:00.123456Z`.
//!
//! It reads texts exactly as the calendar library does, and leaves all other texts to that library.

/// Reads an RFC 3339 instant in UTC to whole microseconds, rounded down; `naive_is_utc` says that one
/// without an offset is in UTC too. `None` for every other text, whether it is an instant or not.
#[inline]
pub(super) fn utc_micros(text: &[u8], naive_is_utc: bool) -> Option<i64> {
    let (head, tail) = text.split_first_chunk::<19>()?;
    let is_shaped = head[4] == b'-'
        && head[7] == b'-'
        && matches!(head[10], b'T' | b' ')
        && head[13] == b':'
        && head[16] == b':';
    let year = two(head, 0)? * 100 + two(head, 2)?;
    let (month, day) = (two(head, 5)?, two(head, 8)?);
    let (hour, minute, second) = (two(head, 11)?, two(head, 14)?, two(head, 17)?);
    // The calendar's edges and leap seconds are left to the library.
    let is_clock = hour < 24 && minute < 60 && second < 60;
    if !is_shaped || !is_clock || !(1..9999).contains(&year) {
        return None;
    }
    let (micros, zone) = fraction(tail)?;
    let is_utc = match zone {
        b"Z" | b"+00:00" => true,
        b"" => naive_is_utc,
        _ => false,
    };
    let seconds = (hour * 60 + minute) * 60 + second;
    is_utc.then_some((days(year, month, day)? * 86_400 + seconds) * 1_000_000 + micros)
}

/// Reads the stamp of an access log, `17/May/2015:10:05:03 +0000` in brackets or not; `None` for every other
/// text.
#[inline]
pub(super) fn stamp_micros(text: &[u8]) -> Option<i64> {
    const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let text = text.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or(text);
    let text: &[u8; 26] = text.try_into().ok()?;
    let marks = [text[2], text[6], text[11], text[14], text[17], text[20]];
    let month = MONTHS.chunks_exact(3).position(|name| *name == text[3..6])?;
    let year = two(text, 7)? * 100 + two(text, 9)?;
    let (hour, minute, second) = (two(text, 12)?, two(text, 15)?, two(text, 18)?);
    let (hours, minutes) = (two(text, 22)?, two(text, 24)?);
    let is_clock = hour < 24 && minute < 60 && second < 60 && hours < 24 && minutes < 60;
    if marks != *b"//::: " || !is_clock || !(1_000..9_999).contains(&year) {
        return None;
    }
    let offset = (hours * 60 + minutes) * 60;
    let offset = match text[21] {
        b'+' => offset,
        b'-' => -offset,
        _ => return None,
    };
    let day = days(year, i64::try_from(month).ok()? + 1, two(text, 0)?)?;
    Some((day * 86_400 + (hour * 60 + minute) * 60 + second - offset) * 1_000_000)
}

/// The microseconds of a fraction, where there is one, and what stands behind it.
#[inline]
fn fraction(tail: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', rest)) = tail.split_first() else { return Some((0, tail)) };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&digits) {
        return None;
    }
    let kept = rest[..digits.min(6)].iter();
    let number = kept.fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    const TENS: [i64; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
    Some((number * TENS[6 - digits.min(6)], &rest[digits..]))
}

#[inline(always)]
fn two<const N: usize>(text: &[u8; N], at: usize) -> Option<i64> {
    let (tens, ones) = (text[at].wrapping_sub(b'0'), text[at + 1].wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then_some(i64::from(tens) * 10 + i64::from(ones))
}

/// Days since 1970-01-01 of a date that exists, from year 1 on.
#[inline]
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    const LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longer = i64::from(is_leap && month == 2);
    let length = LENGTHS.get(usize::try_from(month - 1).ok()?)? + longer;
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    Some(year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::DateTime;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn library(text: &str) -> Option<i64> {
        let instant = text.parse::<Timestamp>().ok().or_else(|| {
            let naive = text.parse::<DateTime>().ok()?;
            TimeZone::UTC.to_timestamp(naive).ok()
        })?;
        i64::try_from(instant.as_nanosecond().div_euclid(1_000)).ok()
    }

    #[test]
    fn every_day_of_the_calendar_is_the_librarys() {
        for number in (-719_161..2_932_000_i64).step_by(1) {
            let text = Timestamp::from_second(number * 86_400 + 3_661).unwrap().to_string();
            assert_eq!(utc_micros(text.as_bytes(), false), library(&text), "{text}");
        }
    }

    #[test]
    fn the_usual_forms_are_read_here() {
        let read = |text: &str| utc_micros(text.as_bytes(), false);
        assert_eq!(read("1970-01-01T00:00:01Z"), Some(1_000_000));
        assert_eq!(read("1970-01-01 00:00:01.5+00:00"), Some(1_500_000));
        assert_eq!(read("1969-12-31T23:59:59.999999999Z"), Some(-1));
        assert_eq!(stamp_micros(b"[01/Jan/1970:01:00:01 +0100]"), Some(1_000_000));
        assert_eq!(stamp_micros(b"31/Dec/1969:23:59:59 -0000"), Some(-1_000_000));
        assert_eq!(read("1970-01-01T00:00:01"), None);
        assert_eq!(utc_micros(b"1970-01-01T00:00:01.000001", true), Some(1_000_001));
    }

    proptest! {
        /// A stamp is read as the reader of all spellings reads it, or not at all.
        #[test]
        fn a_stamp_means_what_its_spelling_does(
            text in "\\[?[0-3][0-9]/(Jan|Feb|May|Dec|jun)/[0-2][0-9]{3}:[0-2][0-9]:[0-6][0-9]:[0-6][0-9] [-+ ][0-2][0-9][0-6][0-9]\\]?",
        ) {
            use super::super::spelling::{Spelling, read};
            if let Some(micros) = stamp_micros(text.as_bytes()) {
                let Spelling::Time(time, Some(offset)) = read(&text) else {
                    return Err(TestCaseError::fail(text));
                };
                prop_assert_eq!(offset.to_timestamp(time).unwrap().as_microsecond(), micros);
            }
        }

        /// What is read here the library reads alike, and what it refuses is refused here.
        #[test]
        fn nothing_is_read_otherwise_than_by_the_library(
            text in "(0|1|2|9)[0-9]{3}-[0-3][0-9]-[0-4][0-9][T t][0-3][0-9]:[0-7][0-9]:[0-7][0-9]([.,][0-9]{0,11})?(Z|z|\\+00:00|-00:00|\\+01:00|)( |x)?",
        ) {
            if let Some(micros) = utc_micros(text.as_bytes(), true) {
                prop_assert_eq!(Some(micros), library(&text));
            }
        }
    }
}
