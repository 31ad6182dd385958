//! Lookups as Arrow columns of the raw log.
//!
//! Here a lookup gets what the service adds: the answer, the latency, the client's address.
//! All of it follows from the lookup itself, so equal lookups give equal rows.

use std::sync::{Arc, LazyLock};

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_buffer::BooleanBufferBuilder;
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
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
/// Share of the answers that come late, and share of the answers whose latency got lost.
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
#[must_use]
pub fn schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// The rows of one slice of a day, by time; `None` if there are none.
pub(super) fn batch(day: &Day<'_>, slice: usize) -> Result<RecordBatch> {
    let asks = day.slice(slice);
    let population = day.population;
    let mut requesters = Text::new(asks.len(), 13);
    let mut targets = Text::new(asks.len(), 13);
    let mut addresses = Text::new(asks.len(), 15);
    let mut apps = Text::new(asks.len(), 8);
    let mut routes = Text::new(asks.len(), 9);
    let mut times = Vec::with_capacity(asks.len());
    let mut latencies = Vec::with_capacity(asks.len());
    for ask in &asks {
        let at = day.midnight + ask.moment();
        times.push(at);
        population.write_number(population.number_of(ask.requester), &mut requesters.text);
        requesters.end(true)?;
        population.write_number(ask.target, &mut targets.text);
        targets.end(true)?;
        let seen = population.write_address(ask.requester, &mut addresses.text);
        addresses.end(seen)?;
        let app = APPS[ask.app()].name;
        apps.text.extend_from_slice(app.unwrap_or_default().as_bytes());
        apps.end(app.is_some())?;
        let registered = population.registered(ask.target, at);
        routes.text.extend_from_slice(if registered { b"messenger" } else { b"sms" });
        routes.end(true)?;
        latencies.push(latency(population, day.midnight, *ask));
    }
    let columns: Vec<ArrayRef> = vec![
        requesters.finish()?,
        targets.finish()?,
        Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")),
        addresses.finish()?,
        apps.finish()?,
        routes.finish()?,
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

/// A column of text under construction.
#[derive(Debug)]
struct Text {
    text: Vec<u8>,
    ends: Vec<i32>,
    present: BooleanBufferBuilder,
}

impl Text {
    fn new(rows: usize, width: usize) -> Self {
        let mut ends = Vec::with_capacity(rows + 1);
        ends.push(0);
        let text = Vec::with_capacity(rows * width);
        Self { text, ends, present: BooleanBufferBuilder::new(rows) }
    }

    /// Ends a row.
    fn end(&mut self, present: bool) -> Result<()> {
        self.ends.push(i32::try_from(self.text.len()).map_err(broken)?);
        self.present.append(present);
        Ok(())
    }

    fn finish(mut self) -> Result<ArrayRef> {
        let ends = OffsetBuffer::new(ScalarBuffer::from(self.ends));
        let nulls = NullBuffer::new(self.present.finish());
        let nulls = (nulls.null_count() > 0).then_some(nulls);
        let array = StringArray::try_new(ends, Buffer::from_vec(self.text), nulls);
        Ok(Arc::new(array.map_err(broken)?))
    }
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
