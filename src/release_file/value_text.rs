//! One text for each value, whatever type a writer chose for its column: `12`, `12.0` as a float
//! and `12.00` as a decimal all read `12`. Keys are looked up and conditions compared by this text.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{ArrayRef, StringViewArray};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType};

/// The values of a column as text, null for bytes that are not UTF-8. Adding zero takes the sign off a
/// zero.
pub(crate) fn values(array: &ArrayRef) -> Result<StringViewArray, ArrowError> {
    match array.data_type() {
        DataType::Float16 => values(&cast(array, &DataType::Float32)?),
        DataType::Float32 => {
            let numbers = array.as_primitive::<Float32Type>().iter();
            Ok(numbers.map(|number| number.map(|number| (number + 0.0).to_string())).collect())
        }
        DataType::Float64 => {
            let numbers = array.as_primitive::<Float64Type>().iter();
            Ok(numbers.map(|number| number.map(|number| (number + 0.0).to_string())).collect())
        }
        scaled if scaled.is_decimal() => {
            let texts = cast(array, &DataType::Utf8View)?;
            Ok(texts.as_string_view().iter().map(|text| text.map(shortened)).collect())
        }
        DataType::Dictionary(_, inner) if !inner.is_string() => values(&cast(array, inner)?),
        DataType::Utf8View => Ok(array.as_string_view().clone()),
        _ => Ok(cast(array, &DataType::Utf8View)?.as_string_view().clone()),
    }
}

/// A decimal without zeros at the end of its fraction.
fn shortened(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::Int8Type;
    use arrow_array::{
        BinaryArray, Decimal128Array, DictionaryArray, Float64Array, PrimitiveArray,
    };

    use super::*;

    fn texts(array: &ArrayRef) -> Vec<Option<String>> {
        values(array).unwrap().iter().map(|text| text.map(str::to_owned)).collect()
    }

    fn some<const N: usize>(all: [Option<&str>; N]) -> Vec<Option<String>> {
        all.into_iter().map(|text| text.map(str::to_owned)).collect()
    }

    #[test]
    fn a_value_has_the_text_that_other_formats_give_it() {
        let floats: ArrayRef =
            Arc::new(Float64Array::from(vec![Some(200.0), Some(0.5), Some(1e300), None]));
        let read = texts(&floats);
        assert_eq!(read[..2], some([Some("200"), Some("0.5")]));
        assert_eq!((read[2].as_ref().unwrap().parse(), &read[3]), (Ok(1e300), &None));
        let narrow = cast(&floats.slice(0, 2), &DataType::Float16).unwrap();
        assert_eq!(texts(&narrow), some([Some("200"), Some("0.5")]));
        let cents = Decimal128Array::from(vec![Some(20_000), Some(-50), Some(0)]);
        let cents: ArrayRef = Arc::new(cents.with_precision_and_scale(10, 2).unwrap());
        assert_eq!(texts(&cents), some([Some("200"), Some("-0.5"), Some("0")]));
        let codes = PrimitiveArray::<Int8Type>::from(vec![Some(1), Some(0), None]);
        let bytes: ArrayRef = Arc::new(BinaryArray::from_vec(vec![b"12", b"\xff"]));
        let coded: ArrayRef = Arc::new(DictionaryArray::new(codes, bytes));
        assert_eq!(texts(&coded), some([None, Some("12"), None]));
    }
}
