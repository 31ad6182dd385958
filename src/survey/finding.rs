//! Something that the owner of logs should know.

/// Something that the owner should know.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// What it is about: a reason of rejects, a field of the release file, or a key.
    pub about: String,
    /// What was seen, and what would mend it.
    pub text: String,
}

impl Finding {
    pub(super) fn new(about: &str, text: impl Into<String>) -> Self {
        Self { about: about.to_owned(), text: text.into() }
    }
}
