//! A condition as a tree of what the allow-list knows.

/// A part of a condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Column(String),
    Literal(Literal),
    Compare(Comparison, Box<Node>, Box<Node>),
    /// Lists, since a tree as deep as a list is long would outgrow the stack of a thread that reads logs.
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Null {
        column: String,
        negated: bool,
    },
    Like {
        column: String,
        pattern: String,
        negated: bool,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Number(f64),
    Boolean(bool),
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Node {
    /// Whether it is true, false or null, and not a value.
    pub(super) fn is_condition(&self) -> bool {
        !matches!(self, Self::Literal(Literal::Text(_) | Literal::Number(_)) | Self::Column(_))
    }

    /// Shows `see` every column with each text that it is compared with for equality.
    pub(super) fn texts<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a str)) {
        match self {
            Self::Compare(Comparison::Equal | Comparison::NotEqual, left, right) => {
                match (&**left, &**right) {
                    (Self::Column(column), Self::Literal(Literal::Text(text)))
                    | (Self::Literal(Literal::Text(text)), Self::Column(column)) => {
                        see(column, text);
                    }
                    _ => {}
                }
            }
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.texts(see)),
            Self::Not(inner) => inner.texts(see),
            _ => {}
        }
    }

    /// Shows `see` both columns of each comparison of two.
    pub(super) fn pairs<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a str)) {
        match self {
            Self::Compare(_, left, right) => {
                if let (Self::Column(left), Self::Column(right)) = (&**left, &**right) {
                    see(left, right);
                }
            }
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.pairs(see)),
            Self::Not(inner) => inner.pairs(see),
            _ => {}
        }
    }

    /// Shows every column to `see`, with whether it is only tested for null there.
    pub(super) fn visit<'a>(&'a self, see: &mut dyn FnMut(&'a str, bool)) {
        match self {
            Self::Column(name) | Self::Like { column: name, .. } => see(name, false),
            Self::Null { column, .. } => see(column, true),
            Self::Literal(_) => {}
            Self::Compare(_, left, right) => {
                left.visit(see);
                right.visit(see);
            }
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.visit(see)),
            Self::Not(inner) => inner.visit(see),
        }
    }
}
