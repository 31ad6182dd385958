//! `[logs] decimal`: what stands between the whole part and the fraction of a number in text.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray};
use arrow_schema::{ArrowError, DataType};

use super::parse::Lines;
use super::raw::RawLogs;
use super::value_text;
use crate::Result;

/// A decimal mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Decimal {
    /// `27.25`
    #[default]
    Point,
    /// `27,25`
    Comma,
}

impl Decimal {
    pub(super) fn parse(raw: &RawLogs, lines: &Lines<'_>) -> Result<Self> {
        let Some(given) = &raw.decimal else { return Ok(Self::default()) };
        match given.get_ref().as_str() {
            "." => Ok(Self::Point),
            "," => Ok(Self::Comma),
            _ => Err(lines.usage(given.span(), "`[logs] decimal` is no decimal mark").help(
                "write \",\" for numbers such as 27,25, or remove it for those such as 27.25",
            )),
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Point => Self::Comma,
            Self::Comma => Self::Point,
        }
    }

    /// A column of text with points in place of decimal commas, null for a text with a point, which would
    /// stand between thousands. All else stays as it is.
    pub(crate) fn with_points(self, array: &ArrayRef) -> std::result::Result<ArrayRef, ArrowError> {
        if self == Self::Point || !is_text(array.data_type()) {
            return Ok(array.clone());
        }
        let texts = value_text::values(array)?;
        let texts = texts.iter().map(|text| self.pointed(text?));
        Ok(Arc::new(texts.collect::<StringViewArray>()))
    }

    /// A text with a point as its decimal mark; `None` if it is no number with this mark.
    pub(crate) fn pointed(self, text: &str) -> Option<String> {
        match self {
            Self::Point => Some(text.to_owned()),
            Self::Comma => (!text.contains('.')).then(|| text.replacen(',', ".", 1)),
        }
    }
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_text(values),
        kind => kind.is_string() || kind.is_binary(),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, Int8Type};
    use arrow_array::{BinaryArray, DictionaryArray, Float64Array};
    use arrow_cast::cast;

    use super::*;

    const TEXTS: [&str; 10] =
        ["27,25", "-0,5", "12", "1.5", "1,234", "1.234,56", "1,234,567", "x", "", "1,5e1"];

    fn numbers(decimal: Decimal, array: &ArrayRef) -> Vec<Option<f64>> {
        let texts = decimal.with_points(array).unwrap();
        let numbers = cast(&texts, &DataType::Float64).unwrap();
        numbers.as_primitive::<Float64Type>().iter().collect()
    }

    #[test]
    fn a_number_has_one_mark_at_most_and_it_is_the_declared_one() {
        let with_comma = [
            Some(27.25),
            Some(-0.5),
            Some(12.0),
            None,
            Some(1.234),
            None,
            None,
            None,
            None,
            Some(15.0),
        ];
        let with_point = [None, None, Some(12.0), Some(1.5), None, None, None, None, None, None];
        let texts: ArrayRef = Arc::new(StringViewArray::from(TEXTS.to_vec()));
        let bytes: ArrayRef = Arc::new(BinaryArray::from(TEXTS.map(str::as_bytes).to_vec()));
        let codes: DictionaryArray<Int8Type> = TEXTS.into_iter().collect();
        let codes: ArrayRef = Arc::new(codes);
        for array in [&texts, &bytes, &codes] {
            assert_eq!(numbers(Decimal::Comma, array), with_comma, "{}", array.data_type());
        }
        assert_eq!(numbers(Decimal::Point, &texts), with_point);
    }

    #[test]
    fn what_is_no_text_has_no_mark() {
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![Some(27.25), None]));
        assert_eq!(numbers(Decimal::Comma, &floats), [Some(27.25), None]);
    }
}
