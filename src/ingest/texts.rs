//! Columns of any plain type as text.
//!
//! An identifier is exact or it is none: a number that is not whole, or so large that its type
//! cannot hold the next whole number too, names nobody.

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, StringViewArray};
use arrow_cast::cast;
use arrow_schema::DataType;

use crate::release_file::value_text;
use crate::{Error, Result};

/// Whether a 64-bit float is a whole number and stands for no other one.
pub(super) fn is_exact(number: f64) -> bool {
    const SEVERAL_FROM: f64 = (1_u64 << 53) as f64;
    number.fract() == 0.0 && number.abs() < SEVERAL_FROM
}

/// Whether a column of this type can hold identifiers.
pub(super) fn can_identify(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => can_identify(values),
        DataType::Float64 | DataType::Null => true,
        other => is_text(other) || other.is_integer() || other.is_decimal(),
    }
}

/// Whether values of a type have one obvious form as text.
pub(super) fn is_plain(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_plain(values),
        DataType::Boolean | DataType::Null => true,
        other => is_text(other) || other.is_primitive(),
    }
}

/// Whether a column of this type holds numbers, or text that may say some.
pub(super) fn can_be_number(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => can_be_number(values),
        other => is_plain(other) && (other.is_numeric() || !other.is_primitive()),
    }
}

/// Whether values of a type are text, or bytes that may be.
const fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Utf8View
            | DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
    )
}

/// The values of a column as text, null for bytes that are not UTF-8.
pub(super) fn values(array: &ArrayRef) -> Result<StringViewArray> {
    value_text::values(array).map_err(|_| unreadable())
}

/// The identifiers of a column that [`can_identify`], null where a value is not exact.
pub(super) fn identifiers(array: &ArrayRef) -> Result<StringViewArray> {
    match array.data_type() {
        DataType::Float64 => {
            let numbers = array.as_primitive::<Float64Type>().iter();
            let exact = numbers.map(|number| number.filter(|number| is_exact(*number)));
            Ok(exact.map(|number| number.map(|number| (number + 0.0).to_string())).collect())
        }
        scaled if scaled.is_decimal() => {
            let texts = values(array)?;
            Ok(texts.iter().map(|text| text.filter(|text| !text.contains('.'))).collect())
        }
        DataType::Dictionary(_, inner) if !inner.is_string() => {
            identifiers(&cast(array, inner).map_err(|_| unreadable())?)
        }
        _ => values(array),
    }
}

fn unreadable() -> Error {
    Error::input("a column cannot be read as text")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::{Decimal256Type, Int8Type};
    use arrow_array::{
        Decimal128Array, Decimal256Array, DictionaryArray, Float64Array, Int64Array,
        PrimitiveArray, UInt64Array,
    };
    use arrow_buffer::i256;

    use super::*;

    fn texts(read: Result<StringViewArray>) -> Vec<Option<String>> {
        read.unwrap().iter().map(|text| text.map(str::to_owned)).collect()
    }

    fn some<const N: usize>(all: [Option<&str>; N]) -> Vec<Option<String>> {
        all.into_iter().map(|text| text.map(str::to_owned)).collect()
    }

    fn decimals(values: Vec<Option<i128>>, precision: u8, scale: i8) -> ArrayRef {
        let array = Decimal128Array::from(values);
        Arc::new(array.with_precision_and_scale(precision, scale).unwrap())
    }

    #[test]
    fn an_identifier_is_the_same_in_every_type_of_number_or_none() {
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![
            Some(4_366_412_345_678.0),
            Some(4_366_412_345_678.5),
            Some(9_007_199_254_740_991.0),
            Some(9_007_199_254_740_992.0),
            Some(-5.0),
            Some(f64::NAN),
            Some(f64::INFINITY),
            None,
        ]));
        assert_eq!(
            texts(identifiers(&floats)),
            some([
                Some("4366412345678"),
                None,
                Some("9007199254740991"),
                None,
                Some("-5"),
                None,
                None,
                None
            ])
        );
        let scaled = decimals(vec![Some(436_641_234_567_800), Some(436_641_234_567_850)], 38, 2);
        assert_eq!(texts(identifiers(&scaled)), some([Some("4366412345678"), None]));
        let whole = decimals(vec![Some(4_366_412_345_600)], 20, 0);
        assert_eq!(texts(identifiers(&whole)), some([Some("4366412345600")]));
        let hundreds = decimals(vec![Some(43_664)], 20, -2);
        assert_eq!(texts(identifiers(&hundreds)), some([Some("4366400")]));
        let wide: PrimitiveArray<Decimal256Type> =
            Decimal256Array::from(vec![i256::from_i128(120)]);
        let wide: ArrayRef = Arc::new(wide.with_precision_and_scale(50, 1).unwrap());
        assert_eq!(texts(identifiers(&wide)), some([Some("12")]));
        let keys = PrimitiveArray::<Int8Type>::from(vec![Some(1), Some(0), None]);
        let coded = DictionaryArray::new(keys, Arc::new(Float64Array::from(vec![7.0, 7.5])));
        let coded: ArrayRef = Arc::new(coded);
        assert_eq!(texts(identifiers(&coded)), some([None, Some("7"), None]));
        let whole: ArrayRef = Arc::new(Int64Array::from(vec![i64::MIN, i64::MAX]));
        assert_eq!(
            texts(identifiers(&whole)),
            some([Some("-9223372036854775808"), Some("9223372036854775807")])
        );
        let whole: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
        assert_eq!(texts(identifiers(&whole)), some([Some("18446744073709551615")]));
    }

    #[test]
    fn types_without_exact_values_identify_nobody() {
        for refused in [
            DataType::Float16,
            DataType::Float32,
            DataType::Boolean,
            DataType::Date32,
            DataType::Timestamp(arrow_schema::TimeUnit::Second, None),
            DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Float32)),
        ] {
            assert!(!can_identify(&refused), "{refused}");
        }
        for read in [DataType::UInt8, DataType::Decimal32(9, 2), DataType::Float64] {
            assert!(can_identify(&read), "{read}");
        }
    }
}
