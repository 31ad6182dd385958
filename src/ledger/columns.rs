//! How the ledger's types become SQLite values and come back.
//!
//! Out: integers of at most 63 bits and texts. Back: each value is parsed, never trusted, so that a
//! malformed value in a file that was edited by hand is an error and not a wrong sum. Floats appear
//! in the terms only.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

use super::event::Event;
use super::state::{EntryId, State};
use super::terms::Conversion;
use crate::release_file::day::Day;
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};

/// Implements both directions for a type that is a count.
macro_rules! count_column {
    ($type:ty, $out:expr, $back:expr) => {
        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                i64::try_from($out(*self))
                    .map(ToSqlOutput::from)
                    .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let stored = value.as_i64()?;
                let count = u64::try_from(stored).map_err(|_| FromSqlError::OutOfRange(stored))?;
                Ok($back(count))
            }
        }
    };
}

count_column!(NanoRho, NanoRho::nano, NanoRho::new);
count_column!(AttoDelta, AttoDelta::atto, AttoDelta::new);
count_column!(EntryId, |id: EntryId| id.0, EntryId);

/// Implements both directions for a type that is one word.
macro_rules! word_column {
    ($type:ty) => {
        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.word()))
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                Self::parse(value.as_str()?)
                    .ok_or_else(|| FromSqlError::Other("an unknown word".into()))
            }
        }
    };
}

word_column!(State);
word_column!(Event);
word_column!(Conversion);

impl ToSql for Day {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.to_string()))
    }
}

impl FromSql for Day {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(|error: crate::Error| FromSqlError::Other(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_past_63_bits_are_refused_and_not_wrapped() {
        let most = u64::try_from(i64::MAX).unwrap();
        assert!(NanoRho::new(most).to_sql().is_ok());
        assert!(NanoRho::new(most + 1).to_sql().is_err());
        assert!(AttoDelta::new(u64::MAX).to_sql().is_err());
        assert!(NanoRho::column_result(ValueRef::Integer(-1)).is_err());
        assert!(NanoRho::column_result(ValueRef::Real(1.0)).is_err());
    }

    #[test]
    fn words_and_days_are_parsed() {
        assert!(State::column_result(ValueRef::Text(b"drawn")).is_ok());
        assert!(State::column_result(ValueRef::Text(b"Drawn")).is_err());
        assert!(Event::column_result(ValueRef::Text(b"refunded")).is_err());
        assert!(Day::column_result(ValueRef::Text(b"2026-02-30")).is_err());
    }
}
