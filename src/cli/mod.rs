//! The command line: what was typed → a command's run → text for people or one JSON object.

mod args;
mod audit;
mod check;
mod cluster_args;
mod compare;
mod days;
mod demo;
mod explain;
mod guarded;
mod hold;
mod hold_args;
mod hold_numbers;
mod hold_warnings;
mod init;
mod inspect;
mod ledger;
mod line;
mod output;
mod packaging;
mod packaging_args;
mod plan;
mod progress;
mod published;
mod retain;
mod retain_args;
mod rollup;
mod run;
mod simulate;
mod simulate_args;
mod size;
mod sql;
mod status;
mod tips;

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::{Error, Result};
use args::{Arguments, Command};
use output::Output;
use tips::with_tip;

/// Parses the process's arguments, runs the command, reports a failure once.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let error = with_tip(error);
            // Help and version are not failures; clap chooses the stream.
            let output = Output::new(false, false, None);
            output.note(error.print().and_then(|()| std::io::stdout().flush()));
            let code = if error.use_stderr() { 2 } else { 0 };
            return ended(Ok(code), &output);
        }
    };
    silence_panics();
    if arguments.verbose {
        // Steps are public facts: files, bytes, entries, states; never rows or counts of them.
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_writer(std::io::stderr)
            .with_target(false)
            .without_time()
            .init();
    }
    let release = release_file(&arguments.command);
    let output = Output::new(arguments.json, arguments.quiet, release)
        .of_logs(names_logs(&arguments.command));
    ended(caught(|| dispatch(&arguments.command, &output)), &output)
}

/// Reports how a command ended. A result that could not be written is a failure too.
fn ended(outcome: Result<u8>, output: &Output) -> ExitCode {
    let code = match (outcome, output.written()) {
        (Ok(code), Ok(())) => code,
        (Ok(_), Err(error)) => {
            output.explained(&error);
            error.kind().exit_code()
        }
        (Err(error), _) => {
            output.failure(&error);
            error.kind().exit_code()
        }
    };
    ExitCode::from(code)
}

fn dispatch(command: &Command, output: &Output) -> Result<u8> {
    match command {
        Command::Demo { out } => demo::run(out, output).map(|()| 0),
        Command::Init(asked) => init::run(asked, output).map(|()| 0),
        Command::Check(asked) => check::run(asked, output),
        Command::Plan(asked) => plan::run(asked, output).map(|()| 0),
        Command::Explain { release } => explain::run(release, output).map(|()| 0),
        Command::Sql(asked) => sql::run(asked, output).map(|()| 0),
        Command::Audit(asked) => audit::run(asked, output),
        Command::Status(asked) => status::run(asked, output),
        Command::Run(asked) => run::run(asked, output),
        Command::Compare(asked) => compare::run(asked, output).map(|()| 0),
        Command::Export { out, question, csv } => {
            published::export(out, question, csv, output).map(|()| 0)
        }
        Command::Retain(asked) => retain::run(asked, output),
        Command::Hold { verb } => hold::run(verb, output).map(|()| 0),
        Command::Inspect { file } => inspect::run(file, output).map(|()| 0),
        Command::Manifest { out, registry } => {
            published::manifest(out, *registry, output).map(|()| 0)
        }
        Command::Report { out, html } => published::page(out, html, output).map(|()| 0),
        Command::Rollup(asked) => rollup::run(asked, output).map(|()| 0),
        Command::Simulate(asked) => simulate::run(asked, output).map(|()| 0),
        Command::Ledger { verb } => ledger::run(verb, output),
        Command::Packaging(asked) => packaging::run(asked, output).map(|()| 0),
    }
}

/// Whether an option of a command names the logs.
const fn names_logs(command: &Command) -> bool {
    match command {
        Command::Check(asked) => asked.logs.is_some(),
        Command::Run(asked) => asked.logs.is_some(),
        Command::Retain(asked) => asked.logs.is_some(),
        _ => false,
    }
}

/// Runs a command; a fault of the program is an error like others, and never silence.
fn caught(command: impl FnOnce() -> Result<u8>) -> Result<u8> {
    catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|_| {
        Err(Error::internal("the program gave up at a fault of its own")
            .help("run it again with --verbose, which says where in the code, and report that"))
    })
}

/// The release file that a command reads.
fn release_file(command: &Command) -> Option<&Path> {
    match command {
        Command::Check(asked) => Some(&asked.release),
        Command::Plan(asked) => Some(&asked.release),
        Command::Explain { release } => Some(release),
        Command::Sql(asked) => Some(&asked.release),
        Command::Run(asked) => Some(&asked.release),
        Command::Status(asked) => Some(&asked.release),
        Command::Rollup(asked) => Some(&asked.release),
        Command::Retain(asked) => Some(&asked.release),
        _ => None,
    }
}

/// Reports only the place of a panic, because its message may quote what was being decoded.
fn silence_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if let Some(place) = panic.location() {
            tracing::debug!(file = place.file(), line = place.line(), "gave up");
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_an_error_with_a_code_of_its_own() {
        let code = |error: Error| error.kind().exit_code();
        assert_eq!(caught(|| Ok(1)).unwrap(), 1);
        assert_eq!(caught(|| Err(Error::usage("x"))).map_err(code), Err(2));
        assert_eq!(caught(|| std::panic::panic_any(())).map_err(code), Err(70));
    }
}
