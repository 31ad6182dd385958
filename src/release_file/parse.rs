//! The text of a release file → its fields as typed, or a refusal that names the line and the column.

use std::ops::Range;

use super::nearest::nearest;
use super::raw::RawReleaseFile;
use super::{schema, typed};
use crate::{Error, Result};

/// The text of a release file, for messages that name a line of it.
pub(crate) struct Lines<'t> {
    pub(crate) text: &'t str,
    pub(crate) file: &'t str,
}

impl Lines<'_> {
    /// A refusal of what stands at this place.
    pub(crate) fn usage(&self, at: Range<usize>, message: &str) -> Error {
        let before = &self.text[..at.start.min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
        Error::usage(format!("{}: line {line}, column {column}: {message}", self.file))
    }
}

/// Reads the text of a release file.
///
/// # Errors
/// Usage, naming `file`, the line and the column, and for an unknown field the nearest known one.
pub(crate) fn parse(text: &str, file: &str) -> Result<RawReleaseFile> {
    toml::from_str(text).map_err(|error| {
        let message = error.message();
        let span = error.span();
        let start = span.as_ref().map_or(0, |span| span.start.min(text.len()));
        let begin = text[..start].rfind('\n').map_or(0, |end| end + 1);
        let line = text[begin..].lines().next().unwrap_or_default();
        let shown = typed::plain(&message.replace('\n', " "), line);
        let failure = match span {
            Some(span) => Lines { text, file }.usage(span, &shown),
            None => Error::usage(format!("{file}: {shown}")),
        };
        if begin == 0 && !file.ends_with(".toml") {
            return failure.help(
                "give a release file, which is written in TOML; `pointillist init LOGS` writes one for logs",
            );
        }
        if let Some(example) = typed::example(message, line, &line[start - begin..]) {
            return failure.help(example);
        }
        if let Some(help) = instead(message) {
            return failure.help(help);
        }
        if let Some(help) = elsewhere(message) {
            return failure.help(help);
        }
        match nearest_known(message) {
            Some(nearest) => failure.help(format!("did you mean `{nearest}`?")),
            None if message.contains("unknown field") => failure.help(typed::known(message)),
            None => failure.help("docs/release-file.md lists every field with its type"),
        }
    })
}

/// What to use in place of a field of a question that other programs have and this one has not.
fn instead(message: &str) -> Option<&'static str> {
    if !message.contains("`quantiles`") {
        return None;
    }
    let typed = message.strip_prefix("unknown field `")?.split('`').next()?;
    match typed {
        "max" | "min" => Some(
            "an extreme is the value of one row, which no noise hides; ask for `quantiles` close to it, \
             for example quantiles = [0.01, 0.99], with `of` and `range`",
        ),
        "median" | "percentile" | "percentiles" => {
            Some("ask for quantiles = [0.5], or others between 0 and 1, with `of` and `range`")
        }
        "avg" | "average" => Some("ask for `mean`"),
        "group_by" | "groupby" => Some("name the keys in `by`"),
        "limit" => Some("the largest rows of a count are `top`, for example top = 10"),
        "order_by" | "sort" => Some("remove it: rows stand in the order of the keys"),
        "sql" | "query" | "select" => Some(
            "questions have fields, for example count = \"lookups\" and by = [\"hour\"]; \
             docs/release-file.md lists them",
        ),
        "epsilon" => Some(
            "all questions share `[ledger] epsilon`; `weight` gives one a larger part of it than others",
        ),
        "where" | "filter" => Some(
            "a condition for all questions is `where` in [logs]; one part of all is a `share`, or a key \
             in `by`",
        ),
        _ => None,
    }
}

/// Where a field belongs that stands in a wrong table.
fn elsewhere(message: &str) -> Option<String> {
    let typed = message.strip_prefix("unknown field `")?.split('`').next()?;
    let homes = schema::homes_of(typed);
    (!homes.is_empty()).then(|| format!("`{typed}` belongs {}", homes.join(" or ")))
}

/// The known field most like the unknown one, where one is alike enough to be meant.
fn nearest_known(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("unknown field ")?;
    let mut quoted = rest.split('`').skip(1).step_by(2);
    let typed = quoted.next()?;
    let is_longer = |known: &&str| known.len() > 3 && typed.starts_with(*known);
    quoted.clone().find(is_longer).or_else(|| nearest(typed, quoted, 0.7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_is_named_with_its_place_and_the_nearest_known_one() {
        let text = "name = \"x\"\n[logs]\npath = \"a\"\n[ledger]\nepsilonn = 1.0\ndelta = 1e-6\n";
        let error = parse(text, "release.toml").unwrap_err();
        assert!(error.to_string().contains("release.toml: line 5"), "{error}");
        assert!(error.to_string().contains("unknown field `epsilonn`"), "{error}");
        assert_eq!(error.hint(), Some("did you mean `epsilon`?"));
    }

    #[test]
    fn a_wrong_type_is_named_with_its_place() {
        let text = "name = 3\n";
        let error = parse(text, "release.toml").unwrap_err();
        assert!(error.to_string().starts_with("release.toml: line 1, column 8:"), "{error}");
    }

    #[test]
    fn a_field_of_other_programs_names_what_is_here_instead() {
        let head = "name = \"x\"\n[logs]\npath = \"a\"\n[ledger]\nepsilon = 1.0\ndelta = 1e-6\n";
        for (typed, here) in [
            ("max = \"latency_ms\"", "quantiles = [0.01, 0.99]"),
            ("median = \"latency_ms\"", "quantiles = [0.5]"),
            ("avg = \"latency_ms\"", "`mean`"),
            ("group_by = [\"hour\"]", "`by`"),
            ("where = \"app = 'calls'\"", "`share`"),
        ] {
            let text = format!("{head}[[question]]\nname = \"q\"\n{typed}\n");
            let error = parse(&text, "r.toml").expect_err("a field that is none");
            assert!(error.hint().expect("a hint").contains(here), "{typed}: {error}");
        }
    }
}
