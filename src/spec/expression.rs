//! Row-local conditions in SQL: parsed, checked against an allow-list, evaluated on Arrow columns.
//!
//! In comes the text of `where` or `share`; out goes a [`Condition`] that is total: it gives true,
//! false or null for every row and can neither fail nor look at another row. A comparison takes the
//! type of its literal, so that a column means the same in every file format; what cannot be
//! converted is null. Deliberately absent: functions, subqueries, aggregates, arithmetic, clocks.

use std::collections::BTreeSet;

use arrow_arith::boolean::{and_kleene, is_not_null, is_null, not, or_kleene};
use arrow_array::{Array, ArrayRef, BooleanArray, Datum, Float64Array, Scalar, StringArray};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_ord::cmp;
use arrow_schema::DataType;
use sqlparser::ast::{BinaryOperator, Expr, InTarget, UnaryOperator, Value};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::{Error, Result};

/// A checked row-local condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    text: String,
    node: Node,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Column(String),
    Literal(Literal),
    Compare(Comparison, Box<Node>, Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Null { column: String, negated: bool },
    Like { column: String, pattern: String, negated: bool },
}

#[derive(Debug, Clone, PartialEq)]
enum Literal {
    Text(String),
    Number(f64),
    Boolean(bool),
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Condition {
    /// Parses and checks `text`, which stands in `field` of the release file.
    ///
    /// # Errors
    /// Usage, naming the field, for text that is not SQL or holds anything off the allow-list.
    pub fn parse(text: &str, field: &str) -> Result<Self> {
        let refuse = |detail: &str| {
            Error::usage(format!("`{field}` cannot be used: {detail}")).help(
                "use columns, literals, = <> < <= > >=, AND, OR, NOT, IN, BETWEEN, LIKE, IS NULL; \
                 for example \"app <> 'healthcheck'\"",
            )
        };
        let mut parser = Parser::new(&GenericDialect {})
            .try_with_sql(text)
            .map_err(|_| refuse("it is not an SQL expression"))?;
        let expression = parser.parse_expr().map_err(|_| refuse("it is not an SQL expression"))?;
        if parser.peek_token().token != sqlparser::tokenizer::Token::EOF {
            return Err(refuse("text follows the expression"));
        }
        let node = build(&expression).map_err(|detail| refuse(&detail))?;
        if !node.is_condition() {
            return Err(refuse("it is a value, not a condition"));
        }
        Ok(Self { text: text.to_owned(), node })
    }

    /// The text as typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every column that the condition mentions.
    #[must_use]
    pub fn columns(&self) -> BTreeSet<&str> {
        let mut columns = BTreeSet::new();
        self.node.visit(&mut |column, _| {
            columns.insert(column);
        });
        columns
    }

    /// The columns used for more than a test for null.
    #[must_use]
    pub fn columns_read(&self) -> BTreeSet<&str> {
        let mut columns = BTreeSet::new();
        self.node.visit(&mut |column, only_null_test| {
            if !only_null_test {
                columns.insert(column);
            }
        });
        columns
    }

    /// Evaluates the condition on `rows` rows; `column` gives an array of that length, or `None`
    /// where the file lacks the column (all null).
    ///
    /// # Shapes
    /// One boolean per row; null where SQL gives null.
    ///
    /// # Errors
    /// Internal, when an array has a type that Arrow cannot compare (no row value is quoted).
    pub fn evaluate(
        &self,
        rows: usize,
        column: &dyn Fn(&str) -> Option<ArrayRef>,
    ) -> Result<BooleanArray> {
        evaluate(&self.node, rows, column).map_err(|_| {
            Error::internal(format!("the condition `{}` cannot be evaluated", self.text))
        })
    }
}

impl Node {
    fn is_condition(&self) -> bool {
        !matches!(self, Self::Literal(Literal::Text(_) | Literal::Number(_)) | Self::Column(_))
    }

    fn visit<'a>(&'a self, see: &mut dyn FnMut(&'a str, bool)) {
        match self {
            Self::Column(name) | Self::Like { column: name, .. } => see(name, false),
            Self::Null { column, .. } => see(column, true),
            Self::Literal(_) => {}
            Self::Compare(_, left, right) | Self::And(left, right) | Self::Or(left, right) => {
                left.visit(see);
                right.visit(see);
            }
            Self::Not(inner) => inner.visit(see),
        }
    }
}

/// What the allow-list says of a part: its node, or what is wrong with it.
type Checked<T> = std::result::Result<T, String>;

fn build(expression: &Expr) -> Checked<Node> {
    match expression {
        Expr::Nested(inner) => build(inner),
        Expr::Identifier(name) => Ok(Node::Column(name.value.clone())),
        Expr::CompoundIdentifier(parts) => {
            // A dotted name such as id.orig_h is one column of the log, not a path.
            Ok(Node::Column(
                parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join("."),
            ))
        }
        Expr::Value(value) => literal(&value.value).map(Node::Literal),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => Ok(Node::Not(Box::new(condition(expr)?))),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match build(expr)? {
            Node::Literal(Literal::Number(number)) => Ok(Node::Literal(Literal::Number(-number))),
            _ => Err("arithmetic is not available".to_owned()),
        },
        Expr::BinaryOp { left, op, right } => binary(left, op, right),
        Expr::IsNull(inner) => null_test(inner, false),
        Expr::IsNotNull(inner) => null_test(inner, true),
        Expr::In { expr, target: InTarget::List(list), negated, global: false } => {
            let column = build(expr)?;
            let any = list
                .iter()
                .map(|item| comparison(Comparison::Equal, column.clone(), build(item)?))
                .reduce(|left, right| Ok(Node::Or(Box::new(left?), Box::new(right?))))
                .unwrap_or_else(|| Err("an empty IN list matches nothing".to_owned()))?;
            Ok(negate(any, *negated))
        }
        Expr::Between { expr, negated, low, high } => {
            let column = build(expr)?;
            let above = comparison(Comparison::GreaterOrEqual, column.clone(), build(low)?)?;
            let below = comparison(Comparison::LessOrEqual, column, build(high)?)?;
            Ok(negate(Node::And(Box::new(above), Box::new(below)), *negated))
        }
        Expr::Like { negated, any: false, expr, pattern, escape_char: None } => {
            match (build(expr)?, build(pattern)?) {
                (Node::Column(column), Node::Literal(Literal::Text(pattern))) => {
                    Ok(Node::Like { column, pattern, negated: *negated })
                }
                _ => Err("LIKE takes a column and a text pattern".to_owned()),
            }
        }
        Expr::Function(function) => Err(format!("the function {} is not available", function.name)),
        Expr::Subquery(_) | Expr::Exists { .. } | Expr::In { .. } => {
            Err("a subquery looks at other rows".to_owned())
        }
        other => Err(format!("`{other}` is not available here")),
    }
}

fn literal(value: &Value) -> Checked<Literal> {
    match value {
        Value::Number(digits, _) => digits
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map(Literal::Number)
            .ok_or_else(|| "a number is too large".to_owned()),
        Value::SingleQuotedString(text) => Ok(Literal::Text(text.clone())),
        Value::Boolean(boolean) => Ok(Literal::Boolean(*boolean)),
        Value::Null => Ok(Literal::Null),
        other => Err(format!("the literal {other} is not available")),
    }
}

fn binary(left: &Expr, operator: &BinaryOperator, right: &Expr) -> Checked<Node> {
    let compare = match operator {
        BinaryOperator::And => {
            return Ok(Node::And(Box::new(condition(left)?), Box::new(condition(right)?)));
        }
        BinaryOperator::Or => {
            return Ok(Node::Or(Box::new(condition(left)?), Box::new(condition(right)?)));
        }
        BinaryOperator::Eq => Comparison::Equal,
        BinaryOperator::NotEq => Comparison::NotEqual,
        BinaryOperator::Lt => Comparison::Less,
        BinaryOperator::LtEq => Comparison::LessOrEqual,
        BinaryOperator::Gt => Comparison::Greater,
        BinaryOperator::GtEq => Comparison::GreaterOrEqual,
        other => return Err(format!("the operator {other} is not available")),
    };
    comparison(compare, build(left)?, build(right)?)
}

fn comparison(compare: Comparison, left: Node, right: Node) -> Checked<Node> {
    let plain = |node: &Node| matches!(node, Node::Column(_) | Node::Literal(_));
    let constant = |node: &Node| matches!(node, Node::Literal(_));
    if !plain(&left) || !plain(&right) {
        return Err("a comparison takes columns and literals".to_owned());
    }
    if constant(&left) && constant(&right) {
        return Err("a comparison of two literals is the same for every row".to_owned());
    }
    Ok(Node::Compare(compare, Box::new(left), Box::new(right)))
}

fn condition(expression: &Expr) -> Checked<Node> {
    let node = build(expression)?;
    if node.is_condition() { Ok(node) } else { Err("AND, OR and NOT take conditions".to_owned()) }
}

fn null_test(inner: &Expr, negated: bool) -> Checked<Node> {
    match build(inner)? {
        Node::Column(column) => Ok(Node::Null { column, negated }),
        _ => Err("IS NULL takes a column".to_owned()),
    }
}

fn negate(node: Node, negated: bool) -> Node {
    if negated { Node::Not(Box::new(node)) } else { node }
}

type Evaluated<T> = std::result::Result<T, arrow_schema::ArrowError>;

fn evaluate(
    node: &Node,
    rows: usize,
    column: &dyn Fn(&str) -> Option<ArrayRef>,
) -> Evaluated<BooleanArray> {
    match node {
        Node::And(left, right) => {
            and_kleene(&evaluate(left, rows, column)?, &evaluate(right, rows, column)?)
        }
        Node::Or(left, right) => {
            or_kleene(&evaluate(left, rows, column)?, &evaluate(right, rows, column)?)
        }
        Node::Not(inner) => not(&evaluate(inner, rows, column)?),
        Node::Null { column: name, negated } => match (column(name), negated) {
            (Some(array), false) => is_null(&logical(&array)?),
            (Some(array), true) => is_not_null(&logical(&array)?),
            (None, negated) => Ok(BooleanArray::from(vec![!negated; rows])),
        },
        Node::Like { column: name, pattern, negated } => {
            let Some(array) = column(name) else { return Ok(BooleanArray::new_null(rows)) };
            let text = cast_or_null(&array, &DataType::Utf8)?;
            let pattern = Scalar::new(StringArray::from(vec![pattern.as_str()]));
            if *negated {
                arrow_string::like::nlike(&text, &pattern)
            } else {
                arrow_string::like::like(&text, &pattern)
            }
        }
        Node::Compare(compare, left, right) => compare_nodes(*compare, left, right, rows, column),
        Node::Literal(Literal::Boolean(value)) => Ok(BooleanArray::from(vec![*value; rows])),
        Node::Literal(_) | Node::Column(_) => Ok(BooleanArray::new_null(rows)),
    }
}

fn compare_nodes(
    compare: Comparison,
    left: &Node,
    right: &Node,
    rows: usize,
    column: &dyn Fn(&str) -> Option<ArrayRef>,
) -> Evaluated<BooleanArray> {
    let target = match (left, right) {
        (Node::Literal(literal), _) | (_, Node::Literal(literal)) => match literal {
            Literal::Number(_) => DataType::Float64,
            Literal::Boolean(_) => DataType::Boolean,
            Literal::Text(_) => DataType::Utf8,
            Literal::Null => return Ok(BooleanArray::new_null(rows)),
        },
        _ => DataType::Utf8,
    };
    let operand = |node: &Node| -> Evaluated<Option<Box<dyn Datum>>> {
        Ok(match node {
            Node::Column(name) => match column(name) {
                Some(array) => Some(Box::new(cast_or_null(&array, &target)?) as Box<dyn Datum>),
                None => None,
            },
            Node::Literal(Literal::Number(number)) => {
                Some(Box::new(Scalar::new(Float64Array::from(vec![*number]))) as Box<dyn Datum>)
            }
            Node::Literal(Literal::Boolean(value)) => {
                Some(Box::new(Scalar::new(BooleanArray::from(vec![*value]))) as Box<dyn Datum>)
            }
            Node::Literal(Literal::Text(text)) => {
                Some(Box::new(Scalar::new(StringArray::from(vec![text.as_str()]))) as Box<dyn Datum>)
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

/// Dictionary columns hide nulls in their values; the text form shows them.
fn logical(array: &ArrayRef) -> Evaluated<ArrayRef> {
    match array.data_type() {
        DataType::Dictionary(_, values) => cast_or_null(array, values),
        _ => Ok(array.clone()),
    }
}

/// Converts, giving null where a value does not convert, and all null where the types never do.
fn cast_or_null(array: &ArrayRef, to: &DataType) -> Evaluated<ArrayRef> {
    if array.data_type() == to {
        return Ok(array.clone());
    }
    let options = CastOptions { safe: true, ..CastOptions::default() };
    Ok(cast_with_options(array, to, &options)
        .unwrap_or_else(|_| arrow_array::new_null_array(to, array.len())))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Int64Array, StringArray};

    use super::*;

    fn evaluate(text: &str) -> Vec<Option<bool>> {
        let app: ArrayRef =
            Arc::new(StringArray::from(vec![Some("a"), Some("b"), None, Some("7")]));
        let code: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2), None, Some(7)]));
        let lookup = |name: &str| match name {
            "app" => Some(app.clone()),
            "code" | "id.code" => Some(code.clone()),
            _ => None,
        };
        Condition::parse(text, "where").unwrap().evaluate(4, &lookup).unwrap().iter().collect()
    }

    #[test]
    fn conditions_follow_sql_with_nulls() {
        let (t, f) = (Some(true), Some(false));
        assert_eq!(evaluate("app = 'a'"), [t, f, None, f]);
        assert_eq!(evaluate("app <> 'a'"), [f, t, None, t]);
        assert_eq!(evaluate("NOT (app = 'a') OR app IS NULL"), [f, t, t, t]);
        assert_eq!(evaluate("code >= 2 AND code < 7"), [f, t, None, f]);
        assert_eq!(evaluate("code BETWEEN 2 AND 7"), [f, t, None, t]);
        assert_eq!(evaluate("app IN ('a', 'b')"), [t, t, None, f]);
        assert_eq!(evaluate("app NOT IN ('a', 'b')"), [f, f, None, t]);
        assert_eq!(evaluate("app LIKE '_'"), [t, t, None, t]);
        assert_eq!(evaluate("id.code = 1"), [t, f, None, f]);
        assert_eq!(evaluate("app = code"), [f, f, None, t]);
        assert_eq!(evaluate("code > -1"), [t, t, None, t]);
    }

    #[test]
    fn what_does_not_convert_is_null_and_a_missing_column_is_null() {
        assert_eq!(evaluate("app > 5"), [None, None, None, Some(true)]);
        assert_eq!(evaluate("code = '7'"), [Some(false), Some(false), None, Some(true)]);
        assert_eq!(evaluate("nowhere = 1"), [None; 4]);
        assert_eq!(evaluate("nowhere IS NULL"), [Some(true); 4]);
        assert_eq!(evaluate("app = NULL"), [None; 4]);
    }

    #[test]
    fn anything_that_could_look_beyond_the_row_is_refused_by_name() {
        for (text, word) in [
            ("app = (SELECT max(app) FROM logs)", "subquery"),
            ("max(app) = 'a'", "function max"),
            ("random() > 0.5", "function random"),
            ("now() IS NULL", "function"),
            ("code + 1 = 2", "operator"),
            ("app", "value"),
            ("'a'", "value"),
            ("1 = 1", "literals"),
            ("app = 'a'; DROP TABLE x", "follows"),
            ("app = 'a", "not an SQL"),
            ("", "not an SQL"),
            ("EXISTS (SELECT 1)", "subquery"),
            ("CASE WHEN app = 'a' THEN true END", "not available"),
        ] {
            let error = Condition::parse(text, "where").unwrap_err();
            assert!(error.to_string().starts_with("`where` cannot be used"), "{text}: {error}");
            assert!(error.to_string().contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn columns_that_are_only_tested_for_null_are_told_apart() {
        let condition = Condition::parse("client_ip IS NOT NULL AND app = 'x'", "where").unwrap();
        assert_eq!(condition.columns().into_iter().collect::<Vec<_>>(), ["app", "client_ip"]);
        assert_eq!(condition.columns_read().into_iter().collect::<Vec<_>>(), ["app"]);
    }
}
