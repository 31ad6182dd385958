//! Tips for arguments that do not fit: what was probably meant.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::release_file::day::Day;

/// The same error with a tip in place of that of the parser, where it is known what was meant.
pub(super) fn with_tip(mut error: clap::Error) -> clap::Error {
    let typed: Vec<String> =
        std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    if let Some(tip) = tip(error.kind(), &typed) {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
    error
}

fn tip(kind: ErrorKind, typed: &[String]) -> Option<String> {
    let command = typed.iter().skip(1).find(|argument| !argument.starts_with('-'))?;
    let day = || typed.iter().find(|argument| argument.parse::<Day>().is_ok());
    let number = || typed.iter().find(|argument| argument.parse::<u64>().is_ok());
    match (kind, command.as_str()) {
        (ErrorKind::UnknownArgument, "run") => day()
            .map(|day| format!("for one day write '--day {day}', for several '--from' and '--to'")),
        (ErrorKind::UnknownArgument, "plan") => number()
            .map(|number| format!("for a day of {number} lookups write '--lookups {number}'")),
        (ErrorKind::MissingRequiredArgument, "report") => {
            Some("say which file to write: add '--html report.html'".to_owned())
        }
        _ => None,
    }
}
