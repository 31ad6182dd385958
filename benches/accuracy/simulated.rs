//! Days of the simulator's users, written as a log and counted from the same rows.

use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use jiff::civil::date;
use pointillist::phone::CallingCodes;
use pointillist::release_file::keys::OTHER;
use pointillist::simulate::{Format, Settings, for_each_chunk, write};

use crate::asked::COUNTRIES;
use crate::log::Log;
use crate::world::APPS;

/// How many digits of a target the prefixes have that are asked for.
const PREFIX_DIGITS: usize = 6;
/// How many digits of a number a prefix leaves open at least.
const OPEN_DIGITS: usize = 4;

/// Some days, Monday the first, with this number of lookups and of requesters each.
pub(crate) fn settings(lookups: u64, requesters: u64, seed: u64) -> Settings {
    Settings {
        start: date(2026, 1, 5),
        days: 1,
        lookups_per_day: lookups,
        requesters,
        seed,
        format: Format::Parquet,
    }
}

/// Writes all days below a folder and counts them.
pub(crate) fn log(settings: &Settings, folder: &Path) -> Log {
    write(settings, &folder.join("lookups"), &|_| {}).expect("a log");
    let mut log = Log::default();
    for day in 0..settings.days {
        for_each_chunk(settings, day, |batch| {
            count(&mut log, &batch);
            Ok(())
        })
        .expect("the simulator's rows");
    }
    log
}

fn count(log: &mut Log, batch: &RecordBatch) {
    let column = |name: &str| batch.column_by_name(name).expect("a column");
    let text = |name: &str| column(name).as_string::<i32>();
    let times = column("requested_at").as_primitive::<TimestampMicrosecondType>();
    let latency = column("latency_ms").as_primitive::<Float64Type>();
    let (requester, target) = (text("requester"), text("target"));
    let (app, route) = (text("app"), text("route"));
    let codes = CallingCodes::shipped();
    for row in 0..batch.num_rows() {
        let hour = (times.value(row) / 3_600_000_000 % 24).to_string();
        let digits = target.value(row).trim_start_matches('+');
        let country = codes.country_of(digits.as_bytes()).map(|country| codes.name(country));
        let country = country.filter(|country| COUNTRIES.contains(country)).unwrap_or(OTHER);
        let app = Some(app.value(row)).filter(|app| APPS.contains(app)).unwrap_or(OTHER);
        let has_prefix = digits.len() >= PREFIX_DIGITS + OPEN_DIGITS;
        let prefix =
            if has_prefix { format!("+{}", &digits[..PREFIX_DIGITS]) } else { OTHER.to_owned() };
        let keys = [
            ("hour", hour.as_str()),
            ("target_country", country),
            ("app", app),
            ("route", route.value(row)),
            ("target_prefix", &prefix),
        ];
        let number = if latency.is_valid(row) { latency.value(row) } else { f64::NAN };
        let requester = requester.value(row).trim_start_matches('+').parse().expect("a number");
        log.add(requester, &keys, number);
    }
}
