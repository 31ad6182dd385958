//! Instants as RFC 3339 text in UTC, in columns and in the payloads of the journal.

use jiff::Timestamp;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

/// An instant as a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant(pub(super) Timestamp);

impl ToSql for Instant {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.to_string()))
    }
}

impl FromSql for Instant {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        let instant: Timestamp =
            text.parse().map_err(|error: jiff::Error| FromSqlError::Other(error.into()))?;
        // Another spelling of the same instant is an edit.
        if instant.to_string() != text {
            return Err(FromSqlError::Other("an instant in another spelling".into()));
        }
        Ok(Self(instant))
    }
}

/// Writes an instant into a payload; for `#[serde(with = ...)]`, as is [`deserialize`].
pub(super) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(at)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    String::deserialize(from)?.parse().map_err(|_| D::Error::custom("no instant"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_parsed_and_other_spellings_are_refused() {
        for text in ["yesterday", "2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05.0Z"] {
            assert!(Instant::column_result(ValueRef::Text(text.as_bytes())).is_err(), "{text}");
        }
        let exact: Timestamp = "2026-01-02T03:04:05.678901234Z".parse().unwrap();
        let text = exact.to_string();
        let back = Instant::column_result(ValueRef::Text(text.as_bytes())).unwrap();
        assert_eq!(back, Instant(exact));
    }
}
