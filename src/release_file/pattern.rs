//! `[logs] pattern` and `skip`: lines of text, taken apart by a regular expression.
//!
//! The pattern matches a whole line: what a person writes into a line cannot be taken for another
//! part of it as long as the parts before it cannot match it as well. Matching takes linear time,
//! so that no line can hold a run up.

use regex::bytes::{Regex, RegexBuilder};

use super::parse::Lines;
use super::raw::RawLogs;
use crate::Result;

/// How a line is taken apart.
#[derive(Debug, Clone)]
pub struct Pattern {
    whole: Regex,
    skip: Option<Regex>,
}

impl Pattern {
    /// Checks the fields.
    pub(super) fn parse(raw: &RawLogs, lines: &Lines<'_>) -> Result<Option<Self>> {
        let compile = |field: &str, given: &toml::Spanned<String>, text: &str| {
            // Bytes, not letters: a log may hold lines that are no UTF-8. They are rejects.
            let built = RegexBuilder::new(text).unicode(false).build();
            built.map_err(|error| {
                let why = match error {
                    regex::Error::CompiledTooBig(_) => "is too large",
                    _ => "is no regular expression",
                };
                lines.usage(given.span(), &format!("`[logs] {field}` {why}")).help(
                    "docs/release-file.md has examples; groups have names, as in (?<requester>\\S+), and \
                     there is no look-around",
                )
            })
        };
        let Some(given) = &raw.pattern else {
            return match &raw.skip {
                None => Ok(None),
                Some(skip) => Err(lines
                    .usage(skip.span(), "`[logs] skip` needs `pattern`")
                    .help("it is about lines of text that the pattern does not match")),
            };
        };
        // The text is tried as typed first, so that its brackets cannot close those around it.
        compile("pattern", given, given.get_ref())?;
        let whole = compile("pattern", given, &format!("\\A(?:{})\\z", given.get_ref()))?;
        if whole.capture_names().flatten().next().is_none() {
            return Err(lines
                .usage(given.span(), "`[logs] pattern` has no group with a name")
                .help("the named groups are the columns, as in '(?<requester>\\S+) (?<target>\\S+) .*'"));
        }
        let skip = raw.skip.as_ref().map(|given| {
            let skip = compile("skip", given, given.get_ref())?;
            if skip.is_match(b"") {
                return Err(lines
                    .usage(given.span(), "`[logs] skip` is found in every line")
                    .help("then no line would be a reject: name words of the lines to leave out"));
            }
            Ok(skip)
        });
        Ok(Some(Self { whole, skip: skip.transpose()? }))
    }

    /// The names of its groups: the columns of a log.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.whole.capture_names().flatten()
    }

    /// The expression, whose groups count from 1; those without a name are no columns.
    pub const fn whole(&self) -> &Regex {
        &self.whole
    }

    /// Whether a line that the pattern does not match is of another kind.
    pub fn skips(&self, line: &[u8]) -> bool {
        self.skip.as_ref().is_some_and(|skip| skip.is_match(line))
    }
}
