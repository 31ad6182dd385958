//! A condition as text for another engine. What engines evaluate differently is refused by name.

use super::node::{Comparison, Literal, Node};
use crate::{Error, Result};

/// The condition of this tree.
pub(super) fn of(
    node: &Node,
    column: &dyn Fn(&str) -> Result<String>,
    text: &dyn Fn(&str) -> String,
) -> Result<String> {
    let joined = |parts: &[Node], by: &str, none: &str| -> Result<String> {
        let parts: Vec<String> =
            parts.iter().map(|part| of(part, column, text)).collect::<Result<_>>()?;
        Ok(if parts.is_empty() { none.to_owned() } else { format!("({})", parts.join(by)) })
    };
    Ok(match node {
        Node::And(parts) => joined(parts, " AND ", "TRUE")?,
        Node::Or(parts) => joined(parts, " OR ", "FALSE")?,
        Node::Not(inner) => format!("(NOT {})", of(inner, column, text)?),
        Node::Null { column: name, negated } => {
            format!("({} IS {}NULL)", column(name)?, if *negated { "NOT " } else { "" })
        }
        Node::Like { .. } => return Err(refused("`LIKE`, whose escapes differ between engines")),
        Node::Literal(Literal::Boolean(value)) => {
            (if *value { "TRUE" } else { "FALSE" }).to_owned()
        }
        Node::Literal(_) | Node::Column(_) => NULL.to_owned(),
        Node::Compare(_, left, right) if is_null(left) || is_null(right) => NULL.to_owned(),
        Node::Compare(compare, left, right) => {
            let side = |node: &Node| match node {
                Node::Column(name) => column(name),
                Node::Literal(Literal::Text(value)) => Ok(text(value)),
                _ => Err(refused("a comparison with anything but a text")),
            };
            format!("({} {} {})", side(left)?, sign(*compare), side(right)?)
        }
    })
}

const NULL: &str = "CAST(NULL AS BOOLEAN)";

fn is_null(node: &Node) -> bool {
    matches!(node, Node::Literal(Literal::Null))
}

const fn sign(compare: Comparison) -> &'static str {
    match compare {
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}

fn refused(what: &str) -> Error {
    Error::usage(format!("`[logs] where` holds {what}, which a cluster cannot be asked yet"))
        .help("compare columns with texts by = <> < <= > >= or IN, or test them with IS NULL")
}

#[cfg(test)]
mod tests {
    use super::super::Condition;

    fn sql(text: &str) -> crate::Result<String> {
        let condition = Condition::parse(text, "[logs] where").unwrap();
        condition.sql(&|name| Ok(format!("<{name}>")), &|value| format!("'{value}'"))
    }

    #[test]
    fn conditions_keep_their_shape_and_their_three_values() {
        for (written, there) in [
            ("app <> 'x'", "(<app> <> 'x')"),
            ("app IN ('a', 'b')", "((<app> = 'a') OR (<app> = 'b'))"),
            ("NOT (a = 'x' AND b IS NOT NULL)", "(NOT ((<a> = 'x') AND (<b> IS NOT NULL)))"),
            ("a = NULL OR TRUE", "(CAST(NULL AS BOOLEAN) OR TRUE)"),
            ("a.b BETWEEN 'k' AND c", "((<a.b> >= 'k') AND (<a.b> <= <c>))"),
        ] {
            assert_eq!(sql(written).unwrap(), there, "{written}");
        }
    }

    #[test]
    fn what_engines_read_differently_is_refused_by_name() {
        for (written, named) in
            [("a LIKE 'x%'", "LIKE"), ("a > 3", "anything but a text"), ("a = TRUE", "text")]
        {
            let error = sql(written).unwrap_err();
            assert!(error.to_string().contains(named), "{written}: {error}");
        }
    }
}
