//! Lookups as Arrow columns of the raw log.
//!
//! Here a lookup gets what the service adds: the answer, the latency, the client's address.
//! All of it follows from the lookup itself, so equal lookups give equal rows.

use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, Float64Array, RecordBatch, TimestampMicrosecondArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

use super::asks::{APPS, Ask};
use super::chance::{Chance, Purpose};
use super::lookups::Day;
use super::population::Population;
use crate::{Error, Result};

/// Spread of the logarithm of latency.
const LATENCY_SIGMA: f64 = 0.85;
/// A lookup that fails waits about this long, in milliseconds, if it is answered at all.
const LATE: f64 = 9_000.0;
/// Share of failed lookups that are answered late, and of others whose latency got lost.
const FAILED_ANSWERED: f64 = 0.4;
const LATENCY_LOST: f64 = 0.004;
/// Longest wait before the service gives up.
const LATENCY_MOST: f64 = 60_000.0;

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new("requester", DataType::Utf8, false),
        Field::new("target", DataType::Utf8, false),
        Field::new("requested_at", time, false),
        Field::new("client_ip", DataType::Utf8, true),
        Field::new("app", DataType::Utf8, true),
        Field::new("route", DataType::Utf8, false),
        Field::new("latency_ms", DataType::Float64, true),
    ]))
});

/// The columns of a simulated log, in the order in which every format writes them.
///
/// # Shapes
/// `requester`, `target` (E.164), `requested_at` (UTC), `client_ip` (null ok), `app` (null ok),
/// `route` (`messenger` or `sms`), `latency_ms` (null ok).
///
/// # Units
/// `requested_at` counts microseconds since 1970; `latency_ms` is in milliseconds, to a tenth.
pub fn schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// The rows of one slice of a day, by time; there may be none.
pub(super) fn batch(day: &Day<'_>, slice: usize) -> Result<RecordBatch> {
    let asks = day.slice(slice);
    let population = day.population;
    let text = |width: usize| StringBuilder::with_capacity(asks.len(), asks.len() * width);
    let (mut requesters, mut targets, mut addresses) = (text(13), text(13), text(15));
    let (mut apps, mut routes) = (text(8), text(9));
    let mut times = Vec::with_capacity(asks.len());
    let mut latencies = Vec::with_capacity(asks.len());
    for ask in &asks {
        let at = day.midnight + ask.moment();
        times.push(at);
        let requester = population.number_of(ask.requester);
        for (number, column) in [(requester, &mut requesters), (ask.target, &mut targets)] {
            population.write_number(number, column).map_err(broken)?;
            column.append_value("");
        }
        match population.address_of(ask.requester) {
            Some(address) => {
                write!(addresses, "{address}").map_err(broken)?;
                addresses.append_value("");
            }
            None => addresses.append_null(),
        }
        apps.append_option(APPS[ask.app()].name);
        let registered = population.registered(ask.target, at);
        routes.append_value(if registered { "messenger" } else { "sms" });
        latencies.push(latency(population, day.midnight, *ask));
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(requesters.finish()),
        Arc::new(targets.finish()),
        Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")),
        Arc::new(addresses.finish()),
        Arc::new(apps.finish()),
        Arc::new(routes.finish()),
        Arc::new(Float64Array::from(latencies)),
    ];
    RecordBatch::try_new(schema(), columns).map_err(broken)
}

/// Milliseconds until the answer, to a tenth.
fn latency(population: &Population, midnight: i64, ask: Ask) -> Option<f64> {
    let (first, second) = ask.key();
    let first = first ^ midnight as u64;
    let mut chance = Chance::new(population.seed, Purpose::Latency, first, second);
    let typical = if ask.failed() {
        if !chance.happens(FAILED_ANSWERED) {
            return None;
        }
        LATE * chance.log_normal(0.4)
    } else if chance.happens(LATENCY_LOST) {
        return None;
    } else {
        let home = population.home_of(ask.requester);
        population.settled(home).country.latency * chance.log_normal(LATENCY_SIGMA)
    };
    Some(libm::round(typical.min(LATENCY_MOST) * 10.0) / 10.0)
}

fn broken(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::internal("simulated lookups do not fit into columns").because(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::population::Habit;

    #[test]
    fn habits_are_not_columns() {
        // A reader must find out about bots from the rows, as with a real log.
        let names: Vec<_> = schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(
            names,
            ["requester", "target", "requested_at", "client_ip", "app", "route", "latency_ms"]
        );
        let population = Population::new(1, 2_000);
        assert!((0..2_000).any(|person| population.requester(person).habit != Habit::Person));
    }
}
