//! What measured tables are for.

use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::kinds::Contribution;

/// What a measured table is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// All lookups: finer tables are raked to it.
    Total,
    /// Lookups by some axes: counts and shares are answered from all of these and the total.
    Marginal,
    /// The answer to one question.
    Own {
        /// The name of the question.
        question: String,
    },
    /// Finds private prefixes for one question.
    PrefixRound {
        /// The name of the question.
        question: String,
    },
    /// The answer to one question, by the private prefixes that were found.
    PrefixCounts {
        /// The name of the question.
        question: String,
    },
}

impl Role {
    /// The question that the table is for alone; `None` if several share it.
    #[must_use]
    pub fn question(&self) -> Option<&str> {
        match self {
            Self::Total | Self::Marginal => None,
            Self::Own { question }
            | Self::PrefixRound { question }
            | Self::PrefixCounts { question } => Some(question),
        }
    }

    /// Whether the table alone holds the answer to this question.
    #[must_use]
    pub fn answers(&self, name: &str) -> bool {
        match self {
            Self::Own { question } | Self::PrefixCounts { question } => question == name,
            Self::Total | Self::Marginal | Self::PrefixRound { .. } => false,
        }
    }

    /// The role of a table in a plan that was frozen before plans named roles. Tables were distinguished
    /// by what they held and by their names; a name with a space is not a question's.
    pub(super) fn of_older(name: &str, axes: &[Axis], contribution: &Contribution) -> Self {
        let question = || name.to_owned();
        match contribution {
            Contribution::Layers(_) => Self::Total,
            Contribution::Lookups if axes.is_empty() => Self::Total,
            Contribution::Lookups if name.contains(' ') => Self::Marginal,
            Contribution::PrefixWeights(_) => {
                let before = name.split_once(": keys, ").map(|(question, _)| question.to_owned());
                Self::PrefixRound { question: before.unwrap_or_else(question) }
            }
            Contribution::PrefixCounts(_) => Self::PrefixCounts { question: question() },
            _ => Self::Own { question: question() },
        }
    }
}
