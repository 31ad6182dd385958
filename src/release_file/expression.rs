//! Row-local conditions in SQL: parsed, checked against an allow-list, evaluated on Arrow columns.
//!
//! In: the text of `where` or `share`. Out: a [`Condition`] that is total: it gives true, false or
//! null for every row and can neither fail nor look at another row. A comparison takes the type of
//! its literal, so that a column means the same in every file format; what cannot be converted is
//! null. Functions, subqueries, aggregates, arithmetic and clocks are absent on purpose.

mod build;
mod evaluate;
mod node;
mod sql;

use std::collections::BTreeSet;

use arrow_array::{ArrayRef, BooleanArray};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use super::decimal::Decimal;
use crate::{Error, Result};
use build::build;
use evaluate::evaluate;
use node::Node;

/// The longest text of a condition, in bytes. The parser nests what one operator connects, and the stack
/// must hold it.
const MOST_BYTES: usize = 100_000;

/// A checked row-local condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    text: String,
    node: Node,
}

impl Condition {
    /// Parses and checks `text`, which stands in `field` of the release file.
    ///
    /// # Errors
    /// Usage, naming the field, for text that is not SQL or holds anything off the allow-list.
    ///
    /// # Examples
    /// ```
    /// use pointillist::release_file::expression::Condition;
    ///
    /// let condition = Condition::parse("route = 'sms' AND latency_ms > 200", "share")?;
    /// assert!(condition.columns().iter().eq(["latency_ms", "route"].iter()));
    /// // An answer may not depend on other rows.
    /// assert!(Condition::parse("latency_ms > avg(latency_ms)", "share").is_err());
    /// # Ok::<(), pointillist::Error>(())
    /// ```
    pub fn parse(text: &str, field: &str) -> Result<Self> {
        let refuse = |detail: &str| {
            Error::usage(format!("`{field}` cannot be used: {detail}")).help(
                "use columns, literals, = <> < <= > >=, AND, OR, NOT, IN, BETWEEN, LIKE, IS NULL; \
                 for example \"app <> 'healthcheck'\"",
            )
        };
        if text.len() > MOST_BYTES {
            return Err(refuse(&format!("it is longer than {MOST_BYTES} bytes")));
        }
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
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every column that the condition mentions.
    pub fn columns(&self) -> BTreeSet<&str> {
        let mut columns = BTreeSet::new();
        self.node.visit(&mut |column, _| {
            columns.insert(column);
        });
        columns
    }

    /// The column that this one is compared with, if it stands on the right: it may be a value without its quotes.
    pub fn compared_with(&self, name: &str) -> Option<&str> {
        let mut found = None;
        self.node.pairs(&mut |left, right| {
            if right == name {
                found = Some(left);
            }
        });
        found
    }

    /// Every column with each text that it is compared with for equality.
    pub fn texts(&self) -> Vec<(&str, &str)> {
        let mut texts = Vec::new();
        self.node.texts(&mut |column, text| texts.push((column, text)));
        texts
    }

    /// The columns used for more than a test for null.
    pub fn columns_read(&self) -> BTreeSet<&str> {
        let mut columns = BTreeSet::new();
        self.node.visit(&mut |column, only_null_test| {
            if !only_null_test {
                columns.insert(column);
            }
        });
        columns
    }

    /// The condition in the SQL of another engine, in which every column is text; `column` writes a column
    /// and `text` a text there.
    ///
    /// # Errors
    /// Whatever `column` fails with; usage, for a part that engines evaluate differently.
    pub fn sql(
        &self,
        column: &dyn Fn(&str) -> Result<String>,
        text: &dyn Fn(&str) -> String,
    ) -> Result<String> {
        sql::of(&self.node, column, text)
    }

    /// Evaluates the condition on `rows` rows; `column` gives an array of that length, or `None`
    /// if the file lacks the column (all null). Numbers in text have the mark `decimal`.
    ///
    /// # Shapes
    /// One boolean per row; null where SQL gives null.
    ///
    /// # Errors
    /// Internal, when an array has a type that Arrow cannot compare (no row value is quoted).
    pub fn evaluate(
        &self,
        rows: usize,
        decimal: Decimal,
        column: &dyn Fn(&str) -> Option<ArrayRef>,
    ) -> Result<BooleanArray> {
        evaluate(&self.node, rows, decimal, column).map_err(|_| {
            Error::internal(format!("the condition `{}` cannot be evaluated", self.text))
        })
    }
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
        let condition = Condition::parse(text, "where").unwrap();
        condition.evaluate(4, Decimal::Point, &lookup).unwrap().iter().collect()
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
    fn a_long_condition_fits_into_a_small_stack() {
        let values: Vec<String> = (0..9_000).map(|value| format!("'{value}'")).collect();
        let long_in = format!("app IN ({})", values.join(", "));
        let long_or = format!("app = 'a'{}", " OR app = '7'".repeat(7_000));
        let too_long = format!("app = 'a'{}", " OR app = '7'".repeat(9_000));
        let (t, f) = (Some(true), Some(false));
        for (text, met) in [(long_in, [f, f, None, t]), (long_or, [t, f, None, t])] {
            let condition = Condition::parse(&text, "where").unwrap();
            let evaluated = move || {
                let values = [Some("a"), Some("b"), None, Some("7")];
                let app: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
                assert_eq!(condition.columns().len(), 1);
                condition.clone().evaluate(4, Decimal::Point, &|_| Some(app.clone())).unwrap()
            };
            let thread = std::thread::Builder::new().stack_size(128 << 10).spawn(evaluated);
            assert_eq!(thread.unwrap().join().unwrap().iter().collect::<Vec<_>>(), met);
        }
        let error = Condition::parse(&too_long, "where").unwrap_err();
        assert!(error.to_string().contains("longer than 100000 bytes"), "{error}");
    }

    #[test]
    fn columns_that_are_only_tested_for_null_are_distinguished() {
        let condition = Condition::parse("client_ip IS NOT NULL AND app = 'x'", "where").unwrap();
        assert_eq!(condition.columns().into_iter().collect::<Vec<_>>(), ["app", "client_ip"]);
        assert_eq!(condition.columns_read().into_iter().collect::<Vec<_>>(), ["app"]);
    }
}
