//! The time column of a log → UTC microseconds; what cannot be an instant is null.
//!
//! Units and zones are declared, never guessed. All arithmetic is on integers and rounds down, so
//! that an instant before 1970 does not move towards it; only floats are rounded to the nearest
//! microsecond.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float64Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, BinaryViewArray, Float64Array, Int64Array, PrimitiveArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit as ArrowUnit};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::instant::{stamp_micros, utc_micros};
use super::spelling::{self, Spelling};
use crate::release_file::day::{EARLIEST_MICROS, LATEST_MICROS};
use crate::release_file::logs::{Logs, TimeUnit};
use crate::release_file::time_format::Written;
use crate::{Error, Result};

/// Whether a column of this type can hold times, given what is declared.
pub(super) fn check_type(data_type: &DataType, logs: &Logs) -> Result<()> {
    let column = logs.shown("requested_at");
    match data_type {
        DataType::Timestamp(_, _) => Ok(()),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ok(()),
        DataType::Dictionary(_, values) => check_type(values, logs),
        number if number.is_integer() && !logs.time_formats.is_empty() => Ok(()),
        number if number.is_integer() || number.is_floating() => match logs.time_unit {
            Some(_) => Ok(()),
            None => Err(Error::input(format!("the time column `{column}` holds numbers"))
                .help("declare their unit: `[logs] time_unit = \"s\"`, \"ms\", \"us\" or \"ns\"")),
        },
        other => Err(Error::input(format!("the time column `{column}` has the type {other}"))
            .help("times are timestamps, text such as 2026-01-31T08:00:00Z, or epochs with `time_unit`")),
    }
}

/// Converts a column that [`check_type`] accepts.
///
/// # Shapes
/// One instant per row; null where the row has none or it lies outside the years 1 to 9999.
pub(super) fn to_micros(array: &ArrayRef, logs: &Logs) -> Result<Int64Array> {
    let failed =
        || Error::input(format!("the time column `{}` cannot be read", logs.shown("requested_at")));
    let micros = match array.data_type() {
        DataType::Timestamp(unit, zone) => {
            let instants = instants(array, unit);
            if zone.is_none() && logs.time_zone != TimeZone::UTC {
                scaled(&instants, |value| naive_micros(value, &logs.time_zone))
            } else {
                instants
            }
        }
        DataType::Dictionary(_, values) => {
            return to_micros(&cast(array, values).map_err(|_| failed())?, logs);
        }
        DataType::BinaryView => from_text(array.as_binary_view(), logs),
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary => {
            let text = cast(array, &DataType::Utf8View).map_err(|_| failed())?;
            from_text(&text.as_string_view().clone().to_binary_view(), logs)
        }
        number if number.is_integer() && !logs.time_formats.is_empty() => {
            let text = cast(array, &DataType::Utf8View).map_err(|_| failed())?;
            from_text(&text.as_string_view().clone().to_binary_view(), logs)
        }
        number if number.is_floating() => {
            let unit = logs.time_unit.ok_or_else(failed)?;
            let numbers = cast(array, &DataType::Float64).map_err(|_| failed())?;
            from_float(numbers.as_primitive::<Float64Type>(), unit)
        }
        _ => {
            let unit = logs.time_unit.ok_or_else(failed)?;
            let numbers = cast(array, &DataType::Int64).map_err(|_| failed())?;
            scaled(numbers.as_primitive::<Int64Type>(), |value| whole_micros(value, unit))
        }
    };
    let sane = |value: &i64| (EARLIEST_MICROS..LATEST_MICROS).contains(value);
    if micros.null_count() == 0 && micros.values().iter().all(sane) {
        return Ok(micros);
    }
    Ok(micros.iter().map(|value| value.filter(sane)).collect())
}

fn instants(array: &ArrayRef, unit: &ArrowUnit) -> Int64Array {
    match unit {
        ArrowUnit::Second => scaled(array.as_primitive::<TimestampSecondType>(), |value| {
            value.checked_mul(1_000_000)
        }),
        ArrowUnit::Millisecond => {
            scaled(array.as_primitive::<TimestampMillisecondType>(), |value| {
                value.checked_mul(1_000)
            })
        }
        ArrowUnit::Microsecond => {
            array.as_primitive::<TimestampMicrosecondType>().reinterpret_cast::<Int64Type>()
        }
        ArrowUnit::Nanosecond => scaled(array.as_primitive::<TimestampNanosecondType>(), |value| {
            Some(value.div_euclid(1_000))
        }),
    }
}

fn scaled<T>(array: &PrimitiveArray<T>, convert: impl Fn(i64) -> Option<i64>) -> Int64Array
where
    T: arrow_array::types::ArrowPrimitiveType<Native = i64>,
{
    array.iter().map(|value| value.and_then(&convert)).collect()
}

fn whole_micros(value: i64, unit: TimeUnit) -> Option<i64> {
    match unit {
        TimeUnit::Seconds => value.checked_mul(1_000_000),
        TimeUnit::Milliseconds => value.checked_mul(1_000),
        TimeUnit::Microseconds => Some(value),
        TimeUnit::Nanoseconds => Some(value.div_euclid(1_000)),
    }
}

fn from_float(numbers: &Float64Array, unit: TimeUnit) -> Int64Array {
    let factor = match unit {
        TimeUnit::Seconds => 1e6,
        TimeUnit::Milliseconds => 1e3,
        TimeUnit::Microseconds => 1.0,
        TimeUnit::Nanoseconds => 1e-3,
    };
    numbers
        .iter()
        .map(|number| {
            // A binary fraction of a second is nearest to the microsecond that was written.
            let micros = (number? * factor).round();
            #[expect(clippy::cast_possible_truncation, reason = "checked to lie in the calendar")]
            (micros.abs() < LATEST_MICROS as f64).then_some(micros as i64)
        })
        .collect()
}

fn from_text(text: &BinaryViewArray, logs: &Logs) -> Int64Array {
    let naive_is_utc = logs.time_zone == TimeZone::UTC;
    if logs.time_formats.is_empty() {
        return each(text, |text| {
            utc_micros(text, naive_is_utc)
                .or_else(|| stamp_micros(text))
                .or_else(|| parse_time(trimmed(text)?, logs.time_unit, &logs.time_zone))
        });
    }
    each(text, |text| match logs.time_formats.read(trimmed(text)?)? {
        Written::Instant(instant) => micros_of(instant),
        Written::Local(time) => local_micros(time, &logs.time_zone),
    })
}

fn trimmed(text: &[u8]) -> Option<&str> {
    std::str::from_utf8(text).ok().map(str::trim)
}

fn each(text: &BinaryViewArray, instant: impl Fn(&[u8]) -> Option<i64>) -> Int64Array {
    /// Stands for none; no instant of the calendar is as early.
    const NONE: i64 = i64::MIN;
    let instant = &instant;
    let instants: Vec<i64> = if text.null_count() == 0 {
        (0..text.len()).map(|row| instant(text.value(row)).unwrap_or(NONE)).collect()
    } else {
        text.iter().map(|text| text.and_then(instant).unwrap_or(NONE)).collect()
    };
    let nulls = instants.contains(&NONE).then(|| {
        NullBuffer::new(BooleanBuffer::collect_bool(instants.len(), |row| instants[row] != NONE))
    });
    Int64Array::new(instants.into(), nulls)
}

/// Reads a decimal epoch (when a unit is declared), an instant with an offset, or a naive time.
fn parse_time(text: &str, unit: Option<TimeUnit>, zone: &TimeZone) -> Option<i64> {
    if let Some(unit) = unit
        && let Some(micros) = decimal_micros(text, unit)
    {
        return Some(micros);
    }
    if has_impossible_offset(text) {
        return None;
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return micros_of(instant);
    }
    // A bare date is a day, not an instant. A naive time has a clock behind its date and nothing
    // else: the library would pass over an impossible offset, and over a zone in brackets.
    let is_clock = |letter: char| letter.is_ascii_digit() || ":.,Tt ".contains(letter);
    let has_clock = |clock: &str| !clock.is_empty() && clock.chars().all(is_clock);
    let naive = text.get(10..).filter(|clock| has_clock(clock));
    match naive.and_then(|_| text.parse::<DateTime>().ok()) {
        Some(time) => local_micros(time, zone),
        None => match spelling::read(text) {
            Spelling::Time(time, None) => local_micros(time, zone),
            Spelling::Time(time, Some(offset)) => micros_of(offset.to_timestamp(time).ok()?),
            _ => None,
        },
    }
}

/// An instant of the calendar library, which has nanoseconds, rounded down to microseconds.
fn micros_of(instant: Timestamp) -> Option<i64> {
    i64::try_from(instant.as_nanosecond().div_euclid(1_000)).ok()
}

/// Whether an instant has an offset of a day or more, which the library would accept.
fn has_impossible_offset(text: &str) -> bool {
    let clock = text.get(10..).and_then(|clock| clock.split('[').next()).unwrap_or_default();
    let hours = clock.rfind(['+', '-']).and_then(|sign| clock.get(sign + 1..sign + 3));
    hours.and_then(|hours| hours.parse::<u8>().ok()).is_some_and(|hours| hours > 23)
}

fn naive_micros(value: i64, zone: &TimeZone) -> Option<i64> {
    let naive = TimeZone::UTC.to_datetime(Timestamp::from_microsecond(value).ok()?);
    local_micros(naive, zone)
}

/// In a repeated hour the first reading counts; a skipped hour is read as if the clock had not
/// been moved.
fn local_micros(naive: DateTime, zone: &TimeZone) -> Option<i64> {
    micros_of(zone.to_ambiguous_timestamp(naive).compatible().ok()?)
}

/// Reads `123`, `-1.5` or `1575413122.764317` exactly, digit by digit.
fn decimal_micros(text: &str, unit: TimeUnit) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 30 || !plain(whole) || !plain(fraction) {
        return None;
    }
    let shift = match unit {
        TimeUnit::Seconds => 6,
        TimeUnit::Milliseconds => 3,
        TimeUnit::Microseconds => 0,
        TimeUnit::Nanoseconds => -3_i32,
    };
    let read = |digits: &[u8]| {
        digits.iter().fold(0_i128, |number, digit| number * 10 + i128::from(digit - b'0'))
    };
    // Nine digits of fraction are kept beside the whole. Further ones cannot reach a microsecond, except
    // that a number below zero is rounded down to the next one.
    let (kept, dropped) = fraction.as_bytes().split_at(fraction.len().min(9));
    let is_cut = dropped.iter().any(|digit| *digit != b'0');
    let billionths = read(whole.as_bytes()).checked_mul(1_000_000_000)?
        + read(kept) * 10_i128.pow(9 - kept.len() as u32);
    let signed = if negative { -billionths - i128::from(is_cut) } else { billionths };
    let divisor = 10_i128.checked_pow(u32::try_from(9 - shift).ok()?)?;
    i64::try_from(signed.div_euclid(divisor)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str, unit: Option<TimeUnit>) -> Option<i64> {
        parse_time(text, unit, &TimeZone::UTC)
    }

    #[test]
    fn text_times_mean_the_same_on_every_host() {
        assert_eq!(utc("2021-09-14T00:30:00", None), Some(1_631_579_400_000_000));
        assert_eq!(utc("2021-09-14T00:30:00Z", None), Some(1_631_579_400_000_000));
        assert_eq!(utc("2021-09-14 00:30:00", None), Some(1_631_579_400_000_000));
        assert_eq!(utc("2023-11-05T01:40:00-07:00", None), Some(1_699_173_600_000_000));
        assert_eq!(utc("2024-11-28 23:59:00.312", None), Some(1_732_838_340_312_000));
        let new_york = TimeZone::get("America/New_York").unwrap();
        assert_eq!(parse_time("2021-09-14T00:30:00", None, &new_york), Some(1_631_593_800_000_000));
    }

    #[test]
    fn epochs_need_their_unit_and_are_exact() {
        assert_eq!(utc("1459814400", Some(TimeUnit::Seconds)), Some(1_459_814_400_000_000));
        assert_eq!(utc("1459814400", Some(TimeUnit::Milliseconds)), Some(1_459_814_400_000));
        assert_eq!(utc("1459814400", None), None);
        assert_eq!(utc("1575413122.764317", Some(TimeUnit::Seconds)), Some(1_575_413_122_764_317));
        assert_eq!(utc("-1500", Some(TimeUnit::Milliseconds)), Some(-1_500_000));
        assert_eq!(utc("-0.0000001", Some(TimeUnit::Seconds)), Some(-1));
        assert_eq!(utc("-0.0000000001", Some(TimeUnit::Seconds)), Some(-1));
        assert_eq!(utc("-0.0000000000", Some(TimeUnit::Seconds)), Some(0));
        assert_eq!(utc("1999", Some(TimeUnit::Nanoseconds)), Some(1));
    }

    #[test]
    fn a_zone_without_its_offset_and_an_offset_that_cannot_be_are_no_instants() {
        for text in [
            "2026-03-01T10:00:00[Europe/Paris]",
            "2026-03-01T10:00:00[!Europe/Paris]",
            "2026-03-01T10:00:00[u-ca=iso8601]",
            "2026-03-01T10:00:00+25:00",
            "2026-03-01T10:00:00-25:00",
            "2026-03-01T10:00:00+01:60",
            "2026-03-01T10:00:00 +99",
            "2026-03-01T10:00:00Y",
        ] {
            for zone in ["UTC", "Europe/Paris"] {
                assert_eq!(parse_time(text, None, &TimeZone::get(zone).unwrap()), None, "{text}");
            }
        }
        // The offset counts, whatever zone is named beside it.
        let nine = utc("2026-03-01T09:00:00Z", None);
        assert_eq!(utc("2026-03-01T10:00:00+01:00[Europe/Paris]", None), nine);
        assert_eq!(utc("2026-03-01T10:00:00+01:00", None), nine);
        assert_eq!(utc("2026-03-01t09:00:00.000000001", None), nine);
    }

    #[test]
    fn what_is_no_instant_is_null() {
        for text in
            ["", "-", "yesterday", "2026-02-30T00:00:00Z", "2026-01-01", "12:30", "1e9", "NaN"]
        {
            assert_eq!(utc(text, Some(TimeUnit::Seconds)), None, "{text}");
        }
    }
}
