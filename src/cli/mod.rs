//! The command line: what was typed → a command's run → text for people or one JSON object.

mod args;
mod ledger;
mod output;
mod simulate;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use output::Output;

/// Parses the process's arguments, runs the command, reports a failure once.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are not failures; clap chooses the stream. A closed pipe is no news.
            let _closed = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let output = Output::new(arguments.json);
    let result = match &arguments.command {
        Command::Simulate(asked) => simulate::run(asked, &output),
        Command::Ledger { verb } => ledger::run(verb, &output),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.failure(&error);
            ExitCode::from(error.kind().exit_code())
        }
    }
}
