//! One error type for every stage: what went wrong, where, how to repair it, and whose fault it is.
//!
//! A message names files, lines, columns, fields and bounds. It never holds a value of a log row:
//! the constructors take finished text, and each stage writes that text from public facts only.

use std::error::Error as StdError;

/// The result of a fallible stage.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure that a person can act on.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: Kind,
    message: String,
    help: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Whose fault a failure is; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The budget or a policy forbids it, or an operator must look.
    Refused,
    /// The command line or the release file is wrong.
    Usage,
    /// The logs are missing, damaged or of another shape than declared.
    Input,
    /// The operating system refused to read or write.
    Io,
    /// Another process holds the ledger.
    Busy,
    /// A signal asked the run to stop.
    Stopped,
    /// The program broke one of its own rules.
    Internal,
}

impl Kind {
    /// The process exit code of this kind.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Input => 65,
            Self::Internal => 70,
            Self::Io => 74,
            Self::Busy | Self::Stopped => 75,
        }
    }

    /// The word that `--json` prints for this kind.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Usage => "usage",
            Self::Input => "input",
            Self::Io => "io",
            Self::Busy => "busy",
            Self::Stopped => "stopped",
            Self::Internal => "internal",
        }
    }
}

impl Error {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), help: None, source: None }
    }

    /// The budget or a policy forbids it (exit 1).
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// The command line or the release file is wrong (exit 2).
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// The logs cannot be read as declared (exit 65).
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input, message)
    }

    /// The operating system refused (exit 74).
    pub fn io(message: impl Into<String>) -> Self {
        Self::new(Kind::Io, message)
    }

    /// Another process holds the ledger (exit 75).
    pub fn busy(message: impl Into<String>) -> Self {
        Self::new(Kind::Busy, message)
    }

    /// A signal asked the run to stop; running again goes on (exit 75).
    pub fn stopped(message: impl Into<String>) -> Self {
        Self::new(Kind::Stopped, message)
    }

    /// The program broke one of its own rules (exit 70).
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// Adds how to repair it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the cause, whose own text must hold no value of a row.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same failure as another kind and in other words; its cause and its help stay.
    #[must_use]
    pub fn reworded(mut self, kind: Kind, words: impl FnOnce(String) -> String) -> Self {
        self.kind = kind;
        self.message = words(self.message);
        self
    }

    /// Whose fault it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// How to repair it, if that is known.
    pub fn hint(&self) -> Option<&str> {
        self.help.as_deref()
    }
}
