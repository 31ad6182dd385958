//! A command's result goes to stdout, as text or as one JSON object; failures go to stderr as text.
//!
//! Nothing else in the program writes to a stream, but for progress bars and `--verbose`.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::line;
use crate::{Error, Kind, Result, words};

/// Where a command's words go.
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    /// The release file that messages may be about.
    release: Option<PathBuf>,
    /// Whether `--logs` names the logs in place of `[logs] path`, which messages are about.
    by_option: bool,
    /// The warnings that `--json` adds to the result.
    warnings: RefCell<Vec<String>>,
    /// Why a result could not be written.
    unwritten: RefCell<Option<std::io::Error>>,
}

impl Output {
    pub(crate) fn new(json: bool, quiet: bool, release: Option<&Path>) -> Self {
        let release = release.map(Path::to_path_buf);
        let (warnings, unwritten) = (RefCell::new(Vec::new()), RefCell::new(None));
        Self { json, quiet, release, by_option: false, warnings, unwritten }
    }

    /// The same for a command whose logs an option may name.
    pub(crate) const fn of_logs(mut self, by_option: bool) -> Self {
        self.by_option = by_option;
        self
    }

    /// A message or a hint, which speaks of `--logs` if that option names the logs.
    fn about_logs(&self, text: &str) -> String {
        if !self.by_option {
            return text.to_owned();
        }
        text.replace("`[logs] path`", "`--logs`")
            .replace("the release file's folder", "the current folder")
    }

    /// The result of a command: `object` for programs, with all warnings, and `text` for people.
    pub(crate) fn result(&self, object: &Value, text: &str) {
        let text = if self.json {
            Cow::Owned(format!("{}\n", self.with_warnings(object.clone())))
        } else if self.quiet {
            return;
        } else {
            lines_of(text)
        };
        let mut stdout = std::io::stdout();
        self.note(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()));
    }

    /// Remembers that a result could not be written.
    pub(crate) fn note(&self, written: std::io::Result<()>) {
        if let Err(error) = written {
            self.unwritten.replace(Some(error));
        }
    }

    /// Whether all results were written. A reader that closed a pipe has read enough.
    ///
    /// # Errors
    /// I/O, for a disk that is full, and the like.
    pub(crate) fn written(&self) -> Result<()> {
        match self.unwritten.take() {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(unwritten(error)),
            _ => Ok(()),
        }
    }

    /// A warning about a command that succeeded; with `--json` it is part of the result.
    pub(crate) fn warning(&self, text: &str) {
        if self.json {
            self.warnings.borrow_mut().push(text.to_owned());
        } else {
            self.said(text);
        }
    }

    /// A warning about what is about to happen: on stderr before it does, whatever comes of the command.
    pub(crate) fn warning_before(&self, text: &str) {
        self.said(text);
        if self.json {
            self.warnings.borrow_mut().push(text.to_owned());
        }
    }

    fn said(&self, warning: &str) {
        let mark = mark("warning:", YELLOW);
        let _closed = writeln!(std::io::stderr(), "{mark} {}", lines_of(warning));
    }

    /// A line of progress on stderr, where that is a terminal and nobody asked for quiet. Its words come
    /// first and whole, and the bar has what they leave of the line.
    pub(crate) fn bar(&self, length: u64, words: &str) -> ProgressBar {
        if self.quiet {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(length);
        if let Ok(style) = ProgressStyle::with_template(&format!("{words} {{wide_bar}}")) {
            bar.set_style(style);
        }
        bar
    }

    fn with_warnings(&self, mut object: Value) -> Value {
        if let Value::Object(fields) = &mut object {
            fields.insert("warnings".to_owned(), json!(self.warnings.take()));
        }
        object
    }

    /// The failure of a command.
    pub(crate) fn failure(&self, error: &Error) {
        if self.json {
            let object = self.with_warnings(json!({ "error": self.placed(error) }));
            // The exit code says that it failed even where this cannot be read.
            let _closed = writeln!(std::io::stdout(), "{object}");
        } else {
            self.complaint(error);
        }
    }

    /// A failure as `--json` prints it.
    pub(crate) fn object(&self, error: &Error) -> Value {
        json!({
            "code": error.kind().exit_code(),
            "kind": error.kind().word(),
            "message": self.about_logs(&error.to_string()),
            "help": error.hint().map(|help| self.about_logs(help)),
        })
    }

    /// A failure as `--json` prints it, with the line of the release file that it is about.
    fn placed(&self, error: &Error) -> Value {
        let mut object = self.object(error);
        if let Some(place) = self.place(error) {
            object["line"] = json!(place.line);
            object["column"] = json!(place.column);
        }
        object
    }

    /// The line of the release file that a failure is about. Usage and input errors may be about
    /// any line, errors of other kinds only if they name a field.
    fn place(&self, error: &Error) -> Option<line::ShownLine> {
        let message = self.about_logs(&error.to_string());
        let hint = error.hint().map(|hint| self.about_logs(hint));
        let names_field = |text: &str| text.contains("`[");
        let is_of_file = match error.kind() {
            Kind::Usage | Kind::Input => true,
            Kind::Io => names_field(&message) || hint.as_deref().is_some_and(names_field),
            _ => names_field(&message),
        };
        let release = self.release.as_ref().filter(|_| is_of_file)?;
        let text = std::fs::read_to_string(release).ok()?;
        line::place_of(&message, hint.as_deref(), &release.display().to_string(), &text)
    }

    /// The failure of one part of a command that goes on. Each cause is printed once.
    pub(crate) fn complaint(&self, error: &Error) {
        if !self.json {
            self.explained(error);
        }
    }

    /// A failure in words on stderr, whatever form the result has.
    pub(crate) fn explained(&self, error: &Error) {
        let mut stderr = std::io::stderr();
        let mark = mark("error:", RED);
        let _closed = writeln!(stderr, "{mark} {}", lines_of(&self.about_logs(&error.to_string())));
        if let Some(place) = self.place(error) {
            let _closed = writeln!(stderr, "{}", lines_of(&place.shown));
        }
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            let _closed = writeln!(stderr, "  caused by: {}", lines_of(&inner.to_string()));
            cause = inner.source();
        }
        if let Some(help) = error.hint() {
            let _closed = writeln!(stderr, "hint: {}", lines_of(&self.about_logs(help)));
        }
    }
}

const RED: &str = "31";
const YELLOW: &str = "33";

/// The word in front of a message, in colour on a terminal unless `NO_COLOR` is set.
fn mark(word: &str, colour: &str) -> String {
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
    match std::io::stderr().is_terminal() && !is_plain {
        true => format!("\u{1b}[1;{colour}m{word}\u{1b}[0m"),
        false => word.to_owned(),
    }
}

/// A text for people that is safe for a terminal: no character in it moves the cursor, changes
/// colours or does worse; only ends of lines and tabs stay. Names of files and values of keys may
/// hold any character.
fn lines_of(text: &str) -> Cow<'_, str> {
    without_controls(text, |letter| letter == '\n' || letter == '\t')
}

/// A value of a key, or another text of one line, made safe for a terminal.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    without_controls(text, |_| false)
}

fn without_controls(text: &str, is_kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_bad = |letter: char| letter.is_control() && !is_kept(letter);
    if !text.chars().any(is_bad) {
        return Cow::Borrowed(text);
    }
    let letter = |letter: char| match is_bad(letter) {
        true => letter.escape_default().to_string(),
        false => letter.to_string(),
    };
    Cow::Owned(text.chars().map(letter).collect())
}

/// The most columns that a line for people has.
const COLUMNS: usize = 100;

/// How many columns a line for people may have: as many as the terminal has, but at most
/// [`COLUMNS`], which a file or a pipe gets too.
pub(super) fn columns() -> usize {
    let terminal = terminal_size::terminal_size_of(std::io::stdout());
    terminal.map_or(COLUMNS, |(width, _)| usize::from(width.0).clamp(20, COLUMNS))
}

/// Breaks lines so that they fit a page; a broken line goes on after this many spaces.
pub(super) fn wrapped(text: &str, indent: usize) -> String {
    wrapped_to(text, indent, columns())
}

/// The same for lines of at most `columns` characters.
pub(super) fn wrapped_to(text: &str, indent: usize, columns: usize) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        let mut column = 0;
        for word in line.split_inclusive(' ') {
            let width = word.chars().count();
            if column > 0 && column + word.trim_end().chars().count() > columns {
                wrapped.truncate(wrapped.trim_end_matches(' ').len());
                wrapped.push('\n');
                wrapped.push_str(&" ".repeat(indent));
                column = indent;
            }
            wrapped.push_str(word);
            column += width;
        }
        wrapped.push('\n');
    }
    wrapped
}

/// A number with three digits or more.
pub(super) fn short(number: f64) -> String {
    match number.abs() {
        size if size >= 99.95 => grouped(number),
        size if size >= 1.0 => format!("{number:.2}"),
        size if size > 0.0 => format!("{number:.4}"),
        _ => "0".to_owned(),
    }
}

/// An estimated number of people: whole, since a part of one is nobody.
pub(super) fn people(number: f64) -> String {
    if (f64::MIN_POSITIVE..1.0).contains(&number) {
        "fewer than 1".to_owned()
    } else {
        grouped(number)
    }
}

/// A number without decimals, with a comma before each three digits.
pub(super) fn grouped(number: f64) -> String {
    let whole = format!("{:.0}", number.abs());
    let sign = if number < 0.0 && whole != "0" { "-" } else { "" };
    let digits = whole.parse().map_or(whole, words::grouped);
    format!("{sign}{digits}")
}

/// The failure of a result that could not be written.
fn unwritten(error: std::io::Error) -> Error {
    Error::io("the result cannot be written to the standard output")
        .help("make room or name another file, and ask again; what the command did beside that is done")
        .because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_json_object_has_the_warnings_and_nothing_else_changes() {
        let output = Output::new(true, false, None);
        output.warning("a hold ends");
        assert_eq!(
            output.with_warnings(json!({ "days": 1 })),
            json!({ "days": 1, "warnings": ["a hold ends"] })
        );
        assert_eq!(output.with_warnings(json!({})), json!({ "warnings": [] }));
        // What a file says of itself may be anything.
        assert_eq!(output.with_warnings(json!([1])), json!([1]));
    }

    #[test]
    fn nothing_that_is_shown_moves_the_cursor_or_changes_colours() {
        for (text, line, lines) in [
            ("São Paulo", "São Paulo", "São Paulo"),
            ("a\u{1b}[31mb", "a\\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("a\u{9b}2J\u{7f}", "a\\u{9b}2J\\u{7f}", "a\\u{9b}2J\\u{7f}"),
            ("a\nb\tc\r", "a\\nb\\tc\\r", "a\nb\tc\\r"),
        ] {
            assert_eq!(plain(text), line);
            assert_eq!(lines_of(text), lines);
        }
    }

    #[test]
    fn numbers_are_written_as_people_write_them() {
        for (number, text) in [
            (0.0, "0"),
            (0.123_456, "0.1235"),
            (-12.345, "-12.35"),
            (99.96, "100"),
            (-999.6, "-1,000"),
            (1_234_567.4, "1,234,567"),
        ] {
            assert_eq!(short(number), text);
        }
        assert_eq!(grouped(12.0), "12");
    }
}
