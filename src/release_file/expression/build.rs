//! The allow-list: from any SQL expression to the tree of a row-local condition, or a refusal.

use sqlparser::ast::{BinaryOperator, Expr, InTarget, UnaryOperator, Value};

use super::node::{Comparison, Literal, Node};

/// What the allow-list says of a part: its node, or what is wrong with it.
pub(super) type Checked<T> = std::result::Result<T, String>;

/// Turns a parsed expression into a condition's tree, or says what is not on the allow-list.
pub(super) fn build(expression: &Expr) -> Checked<Node> {
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
            if list.is_empty() {
                return Err("an empty IN list matches nothing".to_owned());
            }
            let equal = |item| comparison(Comparison::Equal, column.clone(), build(item)?);
            Ok(negate(Node::Or(list.iter().map(equal).collect::<Checked<_>>()?), *negated))
        }
        Expr::Between { expr, negated, low, high } => {
            let column = build(expr)?;
            let above = comparison(Comparison::GreaterOrEqual, column.clone(), build(low)?)?;
            let below = comparison(Comparison::LessOrEqual, column, build(high)?)?;
            Ok(negate(Node::And(vec![above, below]), *negated))
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
        BinaryOperator::And => return chain(left, operator, right).map(Node::And),
        BinaryOperator::Or => return chain(left, operator, right).map(Node::Or),
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

/// The conditions that one operator connects, which the parser nests to the left.
fn chain(mut left: &Expr, operator: &BinaryOperator, right: &Expr) -> Checked<Vec<Node>> {
    let mut parts = vec![condition(right)?];
    while let Expr::BinaryOp { left: before, op, right } = left
        && op == operator
    {
        parts.push(condition(right)?);
        left = before;
    }
    parts.push(condition(left)?);
    parts.reverse();
    Ok(parts)
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
