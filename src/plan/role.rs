//! What measured tables are for.

/// What a measured table is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// How many requesters each class of activity has.
    Look,
    /// What the days of one class's requesters look like; several questions share it.
    Shapes,
    /// A class's sums of the number of one question.
    Sums {
        /// The name of the question.
        question: String,
    },
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
}

impl Role {
    /// Whether the table alone holds the answer to this question.
    pub fn answers(&self, name: &str) -> bool {
        matches!(self, Self::Own { question } if question == name)
    }
}
