//! `[logs] delimiter`, `quote`, `escape`, `comment`, `header`, `null` and `decimal`: how text is divided into
//! fields, what stands for none, and how numbers are written.
//!
//! What is declared replaces what the name of a file stands for, and the rest stays. So one place
//! decides how a file is divided, and readers take its [`Marks`].

use super::columns::Columns;
use super::decimal::Decimal;
pub use super::marks::{Heading, Marks, Null};
use super::parse::Lines;
use super::pattern::Pattern;
use super::raw::{RawHeader, RawLogs};
use crate::{Error, Result};

/// The field of the decimal mark, which is about text in files of every format.
pub const DECIMAL: &str = "[logs] decimal";

/// What a release file says about text; nothing as a rule.
#[derive(Debug, Clone, Default)]
pub struct Dialect {
    /// `Some(None)` for runs of blanks.
    delimiter: Option<Option<u8>>,
    quote: Option<Option<u8>>,
    escape: Option<u8>,
    null: Option<Null>,
    decimal: Decimal,
    comment: Option<u8>,
    header: Option<Heading>,
    names: Vec<String>,
    pattern: Option<Pattern>,
    facts: Vec<(&'static str, String)>,
}

impl Dialect {
    /// Checks the fields, and that they have the columns that the mapping names.
    pub(super) fn parse(raw: &RawLogs, columns: &Columns, lines: &Lines<'_>) -> Result<Self> {
        let (header, names) = match raw.header.as_ref().map(|header| (header.get_ref(), header)) {
            None => (None, Vec::new()),
            Some((RawHeader::Is(true), _)) => (Some(Heading::First), Vec::new()),
            Some((RawHeader::Is(false), _)) => {
                let last = columns.last_position();
                let names = (1..=last).map(|place| place.to_string()).collect();
                (Some(Heading::Positions), names)
            }
            Some((RawHeader::Names(names), at)) => {
                require_names(names).map_err(|error| at_line(lines, at.span(), &error))?;
                (Some(Heading::Listed), names.clone())
            }
            Some((RawHeader::Mark(mark), at)) => {
                if !matches!(mark.as_str(), "#fields" | "#Fields:") {
                    return Err(lines.usage(at.span(), "`[logs] header` cannot be read").help(
                        "write false, a list of names, or \"#fields\" where lines that begin so name the columns",
                    ));
                }
                (Some(Heading::Fields), Vec::new())
            }
        };
        let byte = |field, given: &Option<toml::Spanned<String>>| {
            given.as_ref().map(|given| parse_byte(field, given, lines)).transpose()
        };
        let delimiter = match &raw.delimiter {
            Some(blanks) if blanks.get_ref() == "blanks" => Some(None),
            given => byte("delimiter", given)?.map(Some),
        };
        let quote = match &raw.quote {
            Some(none) if none.get_ref().is_empty() => Some(None),
            given => byte("quote", given)?.map(Some),
        };
        let (comment, escape) = (byte("comment", &raw.comment)?, byte("escape", &raw.escape)?);
        let (pattern, null) = (Pattern::parse(raw, lines)?, parse_null(raw, lines)?);
        let (decimal, facts) = (Decimal::parse(raw, lines)?, facts(raw));
        let dialect = Self {
            delimiter,
            quote,
            escape,
            null,
            decimal,
            comment,
            header,
            names,
            pattern,
            facts,
        };
        dialect.require_sense(raw, lines)?;
        dialect.require_columns(raw, columns, lines)?;
        Ok(dialect)
    }

    /// The pattern that takes all lines of text apart, if one is declared.
    pub const fn pattern(&self) -> Option<&Pattern> {
        self.pattern.as_ref()
    }

    /// The names of the columns, where the release file has them.
    pub fn names(&self) -> Option<Vec<&str>> {
        match (&self.pattern, self.header) {
            (Some(pattern), _) => Some(pattern.names().collect()),
            (None, Some(Heading::Listed | Heading::Positions)) => {
                Some(self.names.iter().map(String::as_str).collect())
            }
            _ => None,
        }
    }

    /// Whether columns are called by their positions.
    pub fn has_positions(&self) -> bool {
        self.header == Some(Heading::Positions)
    }

    /// Whether the fields of text that is not JSON are divided as declared, whatever its file is called.
    pub const fn is_declared(&self) -> bool {
        self.delimiter.is_some()
            || self.quote.is_some()
            || self.escape.is_some()
            || self.comment.is_some()
            || self.header.is_some()
    }

    /// The word for no value, if one is declared.
    pub const fn null(&self) -> Option<Null> {
        self.null
    }

    /// The decimal mark of numbers in text, in files of every format.
    pub const fn decimal(&self) -> Decimal {
        self.decimal
    }

    /// The marks of a file: those that are declared, and otherwise `named`, those of its name.
    pub fn marks(&self, named: Marks) -> Marks {
        let separator = self.delimiter.unwrap_or(named.separator);
        let header = self.header.unwrap_or(named.header);
        // Files that are called .tsv and logs of Zeek have no quotes.
        let has_quotes = !matches!(separator, None | Some(b'\t')) && header != Heading::Fields;
        Marks {
            separator,
            quote: self.quote.unwrap_or(if has_quotes { Some(b'"') } else { None }),
            comment: self.comment.or((header == Heading::Fields).then_some(b'#')),
            header,
            escape: self.escape,
            null: self.null.or(if header == Heading::Fields {
                Some(Null::HYPHEN)
            } else {
                named.null
            }),
        }
    }

    /// What is declared, by field.
    pub fn facts(&self) -> &[(&'static str, String)] {
        &self.facts
    }

    /// The declared fields that decide who the people of a row are: with another value the same
    /// rows would be of other people. Of a listed header only the places of requester, target and
    /// time are among them, so that a log may get more columns.
    pub fn identity(&self, columns: &Columns) -> Vec<(&'static str, String)> {
        let fields = ["delimiter", "quote", "escape", "null", "pattern"];
        let fields = fields.map(|field| format!("[logs] {field}"));
        let facts = self.facts.iter().filter(|(field, _)| fields.iter().any(|one| one == field));
        let mut identity: Vec<_> = facts.cloned().collect();
        if self.header == Some(Heading::Listed) {
            let place = |column| self.names.iter().position(|name| name == column);
            let reads = ["requester", "target", "requested_at"].map(|name| columns.reads(name));
            let places =
                reads.iter().flatten().filter_map(|column| Some((place(column)? + 1).to_string()));
            let places = places.collect::<Vec<_>>().join(", ");
            identity.push(("[logs] header", format!("who, whom and when in columns {places}")));
        }
        identity
    }

    /// Refuses a mapping of columns that the log does not have, where the release file lists them.
    fn require_columns(&self, raw: &RawLogs, columns: &Columns, lines: &Lines<'_>) -> Result<()> {
        for (name, given) in &raw.columns {
            if given.get_ref().has_positions() != (self.has_positions() && columns.is_read(name)) {
                let what = match self.has_positions() {
                    true => {
                        format!("`[logs] columns.{name}` is no position, and the log has no header")
                    }
                    false => format!("`[logs] columns.{name}` is a position"),
                };
                return Err(lines.usage(given.span(), &what).help(
                    "positions count from 1 and go with header = false; otherwise columns have names",
                ));
            }
        }
        let Some(names) = self.names() else { return Ok(()) };
        let declared = [
            raw.header.as_ref().map(toml::Spanned::span),
            raw.pattern.as_ref().map(toml::Spanned::span),
        ];
        let here = declared.into_iter().flatten().next().unwrap_or_default();
        let mapped = raw.columns.keys().map(String::as_str);
        for name in ["requester", "target", "requested_at"].into_iter().chain(mapped) {
            let at = raw.columns.get(name).map_or(here.clone(), toml::Spanned::span);
            if let Some(column) = columns.reads(name).iter().find(|name| !names.contains(name)) {
                let help = match self.has_positions() {
                    true => format!("say where it is, as in columns = {{ {name} = 1 }}"),
                    false => format!("the log's columns are declared as {}", names.join(", ")),
                };
                let what =
                    format!("`{name}` would read the column `{column}`, which is not declared");
                return Err(lines.usage(at, &what).help(help));
            }
        }
        Ok(())
    }

    fn require_sense(&self, raw: &RawLogs, lines: &Lines<'_>) -> Result<()> {
        let refuse = |at: &toml::Spanned<String>, what: &str, help: &str| {
            Err(lines.usage(at.span(), what).help(help.to_owned()))
        };
        if let (Some(pattern), true) = (&raw.pattern, self.is_declared()) {
            let what = "`[logs] pattern` stands beside `delimiter`, `quote`, `escape`, `comment` or `header`";
            return refuse(pattern, what, "a pattern takes whole lines apart: remove the others");
        }
        let marks = self.marks(Marks::CSV);
        let used = [marks.separator, marks.quote, marks.escape, marks.comment];
        for (field, value) in [
            ("quote", &raw.quote),
            ("escape", &raw.escape),
            ("comment", &raw.comment),
            ("delimiter", &raw.delimiter),
        ] {
            let Some(value) = value else { continue };
            let byte = single(value.get_ref());
            if byte.is_some() && used.iter().filter(|mark| **mark == byte).count() > 1 {
                let what = format!("`[logs] {field}` is also another mark");
                return refuse(value, &what, "delimiter, quote, escape and comment must differ");
            }
        }
        if let (Some(escape), None) = (&raw.escape, marks.quote) {
            let what = "`[logs] escape` stands in a log without quotes";
            return refuse(escape, what, "it is about quotes within quotes: add `quote`");
        }
        match &raw.quote {
            Some(quote) if marks.header == Heading::Fields && marks.has_long_records() => refuse(
                quote,
                "`[logs] quote` stands beside a header in `#fields`",
                "quoted fields could hold lines that look like one: remove `quote`",
            ),
            _ => Ok(()),
        }
    }
}

/// A character that can divide text; control characters but for tab, letters and digits cannot.
fn single(text: &str) -> Option<u8> {
    let [byte] = text.as_bytes() else { return None };
    let can = byte.is_ascii_punctuation() || matches!(byte, b'\t' | b' ' | 1..=8 | 28..=31);
    can.then_some(*byte)
}

/// A mark of one character.
fn parse_byte(field: &str, given: &toml::Spanned<String>, lines: &Lines<'_>) -> Result<u8> {
    single(given.get_ref()).ok_or_else(|| {
        lines
            .usage(given.span(), &format!("`[logs] {field}` is not one ASCII character"))
            .help("for example \";\", \"\\t\" or, between fields, \"blanks\"")
    })
}

/// What stands for no value.
fn parse_null(raw: &RawLogs, lines: &Lines<'_>) -> Result<Option<Null>> {
    let Some(given) = &raw.null else { return Ok(None) };
    let word = given.get_ref().as_bytes();
    if word.is_empty() || word.len() > Null::LONGEST {
        let what = "`[logs] null` is no word of 1 to 15 bytes";
        return Err(lines
            .usage(given.span(), what)
            .help("for example \"-\" or '\\N'; a field that is empty stands for no value anyway"));
    }
    Ok(Some(Null::of(word)))
}

fn require_names(names: &[String]) -> Result<()> {
    let help = "name every column of the log in its order, each by another name";
    let is_bad = names
        .iter()
        .enumerate()
        .any(|(place, name)| name.is_empty() || names[..place].contains(name));
    if names.is_empty() || is_bad {
        return Err(
            Error::usage("`[logs] header` has no name for some column, or one for two").help(help)
        );
    }
    Ok(())
}

fn at_line(lines: &Lines<'_>, at: std::ops::Range<usize>, error: &Error) -> Error {
    lines.usage(at, &error.to_string()).help(error.hint().unwrap_or_default().to_owned())
}

fn facts(raw: &RawLogs) -> Vec<(&'static str, String)> {
    let header = raw.header.as_ref().map(|header| match header.get_ref() {
        RawHeader::Is(is) => is.to_string(),
        RawHeader::Mark(mark) => mark.clone(),
        RawHeader::Names(names) => names.join(", "),
    });
    let text = |field, given: &Option<toml::Spanned<String>>| {
        given.as_ref().map(|given| (field, given.get_ref().clone()))
    };
    let texts = [
        text("[logs] delimiter", &raw.delimiter),
        text("[logs] quote", &raw.quote),
        text("[logs] escape", &raw.escape),
        text("[logs] null", &raw.null),
        text(DECIMAL, &raw.decimal),
        text("[logs] comment", &raw.comment),
        text("[logs] pattern", &raw.pattern),
        text("[logs] skip", &raw.skip),
        header.map(|header| ("[logs] header", header)),
    ];
    texts.into_iter().flatten().collect()
}
