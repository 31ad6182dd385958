//! Evaluation of a condition on Arrow columns, with SQL's three values.

use arrow_arith::boolean::{and_kleene, is_not_null, is_null, not, or_kleene};
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Datum, Float64Array, Scalar, StringViewArray, new_null_array,
};
use arrow_cast::cast;
use arrow_ord::cmp;
use arrow_schema::DataType;

use super::super::decimal::Decimal;
use super::super::value_text;
use super::node::{Comparison, Literal, Node};

/// Arrow's error for types that it cannot compare.
pub(super) type Evaluated<T> = std::result::Result<T, arrow_schema::ArrowError>;

/// Evaluates a condition on `rows` rows, as SQL does.
pub(super) fn evaluate(
    node: &Node,
    rows: usize,
    decimal: Decimal,
    column: &dyn Fn(&str) -> Option<ArrayRef>,
) -> Evaluated<BooleanArray> {
    match node {
        Node::And(parts) => {
            parts.iter().try_fold(BooleanArray::from(vec![true; rows]), |met, part| {
                and_kleene(&met, &evaluate(part, rows, decimal, column)?)
            })
        }
        Node::Or(parts) => {
            parts.iter().try_fold(BooleanArray::from(vec![false; rows]), |met, part| {
                or_kleene(&met, &evaluate(part, rows, decimal, column)?)
            })
        }
        Node::Not(inner) => not(&evaluate(inner, rows, decimal, column)?),
        Node::Null { column: name, negated } => match (column(name), negated) {
            (Some(array), false) => is_null(&logical(&array)?),
            (Some(array), true) => is_not_null(&logical(&array)?),
            (None, negated) => Ok(BooleanArray::from(vec![!negated; rows])),
        },
        Node::Like { column: name, pattern, negated } => {
            let Some(array) = column(name) else { return Ok(BooleanArray::new_null(rows)) };
            let text = cast_or_null(&array, &DataType::Utf8View);
            let pattern = Scalar::new(StringViewArray::from(vec![pattern.as_str()]));
            if *negated {
                arrow_string::like::nlike(&text, &pattern)
            } else {
                arrow_string::like::like(&text, &pattern)
            }
        }
        Node::Compare(compare, left, right) => {
            compare_nodes(*compare, [left, right], rows, decimal, column)
        }
        Node::Literal(Literal::Boolean(value)) => Ok(BooleanArray::from(vec![*value; rows])),
        Node::Literal(_) | Node::Column(_) => Ok(BooleanArray::new_null(rows)),
    }
}

fn compare_nodes(
    compare: Comparison,
    [left, right]: [&Node; 2],
    rows: usize,
    decimal: Decimal,
    column: &dyn Fn(&str) -> Option<ArrayRef>,
) -> Evaluated<BooleanArray> {
    let target = match (left, right) {
        (Node::Literal(literal), _) | (_, Node::Literal(literal)) => match literal {
            Literal::Number(_) => DataType::Float64,
            Literal::Boolean(_) => DataType::Boolean,
            Literal::Text(_) => DataType::Utf8View,
            Literal::Null => return Ok(BooleanArray::new_null(rows)),
        },
        _ => DataType::Utf8View,
    };
    let operand = |node: &Node| -> Evaluated<Option<Box<dyn Datum>>> {
        Ok(match node {
            Node::Column(name) => match column(name) {
                Some(array) if target == DataType::Float64 => {
                    let numbers = cast_or_null(&decimal.with_points(&array)?, &target);
                    Some(Box::new(numbers) as Box<dyn Datum>)
                }
                Some(array) => Some(Box::new(cast_or_null(&array, &target)) as Box<dyn Datum>),
                None => None,
            },
            Node::Literal(Literal::Number(number)) => {
                Some(Box::new(Scalar::new(Float64Array::from(vec![*number]))) as Box<dyn Datum>)
            }
            Node::Literal(Literal::Boolean(value)) => {
                Some(Box::new(Scalar::new(BooleanArray::from(vec![*value]))) as Box<dyn Datum>)
            }
            Node::Literal(Literal::Text(text)) => {
                Some(Box::new(Scalar::new(StringViewArray::from(vec![text.as_str()])))
                    as Box<dyn Datum>)
            }
            _ => None,
        })
    };
    let (Some(left), Some(right)) = (operand(left)?, operand(right)?) else {
        return Ok(BooleanArray::new_null(rows));
    };
    match compare {
        Comparison::Equal => cmp::eq(left.as_ref(), right.as_ref()),
        Comparison::NotEqual => cmp::neq(left.as_ref(), right.as_ref()),
        Comparison::Less => cmp::lt(left.as_ref(), right.as_ref()),
        Comparison::LessOrEqual => cmp::lt_eq(left.as_ref(), right.as_ref()),
        Comparison::Greater => cmp::gt(left.as_ref(), right.as_ref()),
        Comparison::GreaterOrEqual => cmp::gt_eq(left.as_ref(), right.as_ref()),
    }
}

/// Dictionary columns hide nulls in their values; the unpacked form shows them.
fn logical(array: &ArrayRef) -> Evaluated<ArrayRef> {
    match array.data_type() {
        DataType::Dictionary(_, values) => cast(array, values),
        _ => Ok(array.clone()),
    }
}

/// Converts, giving null where a value does not convert, and all null where the types never do. What is
/// text in all but name is read as text.
fn cast_or_null(array: &ArrayRef, to: &DataType) -> ArrayRef {
    let text = || value_text::values(array).map(|text| Arc::new(text) as ArrayRef);
    let converted = match array.data_type() {
        same if same == to => Ok(array.clone()),
        _ if *to == DataType::Utf8View => text(),
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::Dictionary(_, _) => text().and_then(|text| cast(&text, to)),
        _ => cast(array, to),
    };
    converted.unwrap_or_else(|_| new_null_array(to, array.len()))
}
