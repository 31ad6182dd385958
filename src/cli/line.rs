//! The line of a release file that a message is about, with a caret under the place.
//!
//! Messages name fields by one convention: `[table] field`, question `name`, and words of the file between
//! backquotes. The place is found by these names, so that checks need not carry places around; a
//! message that names nothing of the file is shown without a line.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

type Value<'t> = Spanned<DeValue<'t>>;

/// A place in a release file.
pub(super) struct ShownLine {
    pub(super) line: usize,
    pub(super) column: usize,
    /// The line and the caret, ready to be printed below a message.
    pub(super) shown: String,
}

/// Finds what a message, or else its hint, is about in the text of the release file `file`.
pub(super) fn place_of(
    message: &str,
    hint: Option<&str>,
    file: &str,
    text: &str,
) -> Option<ShownLine> {
    let typed = by_position(message, file, text);
    let named = || {
        let document = DeTable::parse(text).ok()?;
        let document = document.get_ref();
        let of_hint = || {
            let fields = quoted(hint?).filter(|name| name.starts_with('['));
            fields.filter_map(|field| path(document, field)).next()
        };
        by_names(message, document).or_else(of_hint)
    };
    let is_named = typed.is_none();
    let range = typed.or_else(named)?;
    Some(shown(&range, file, text, is_named))
}

/// The place of a message that says line and column itself.
fn by_position(message: &str, file: &str, text: &str) -> Option<Range<usize>> {
    let rest = message.strip_prefix(file)?.strip_prefix(": line ")?;
    let (line, rest) = rest.split_once(", column ")?;
    let (line, column): (usize, usize) =
        (line.parse().ok()?, rest.split(':').next()?.parse().ok()?);
    let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let start = before + text[before..].chars().take(column - 1).map(char::len_utf8).sum::<usize>();
    let rest = text[start..].lines().next().unwrap_or_default();
    let quote = rest.chars().next().filter(|first| "\"'".contains(*first));
    let length = match quote {
        Some(quote) => rest[1..].find(quote).map_or(rest.len(), |end| end + 2),
        None => rest.find([' ', ',', ']', '}', '=', '#']).unwrap_or(rest.len()).max(1),
    };
    Some(start..(start + length).min(text.len()))
}

fn by_names(message: &str, document: &DeTable<'_>) -> Option<Range<usize>> {
    let names: Vec<&str> = quoted(message).collect();
    if message.starts_with("the release name") {
        return document.get("name").map(Spanned::span);
    }
    if let Some(rest) = message.strip_prefix("the question name `") {
        let question = question(document, rest.split('`').next()?)?;
        return Some(question.get_ref().as_table()?.get("name")?.span());
    }
    if let Some(rest) = message.split("question `").nth(1) {
        let name = rest.split('`').next()?;
        let question = question(document, name)?;
        let in_question = names.iter().skip_while(|known| **known != name).skip(1);
        let own = in_question.filter_map(|name| within(question.get_ref(), name)).next();
        let listed = || {
            let (_, keys) = document.get_key_value("keys")?;
            names.iter().filter_map(|name| within(keys.get_ref(), name)).next()
        };
        let title = || Some(question.get_ref().as_table()?.get("name")?.span());
        return own.or_else(listed).or_else(title);
    }
    // Conditions name themselves `question NAME: field`.
    if let Some((name, field)) = names
        .first()
        .and_then(|name| name.strip_prefix("question ").and_then(|rest| rest.split_once(": ")))
    {
        return within(question(document, name)?.get_ref(), field);
    }
    if let Some(field) = names.iter().find(|name| name.starts_with('[')) {
        let range = path(document, field)?;
        let mut inside = names.iter().filter_map(|name| {
            let found = value_at(document, field).and_then(|value| inside(value, name));
            found.filter(|found| found.start >= range.start && found.end <= range.end)
        });
        return inside.next_back().or(Some(range));
    }
    // Of two questions with one name, the later one is shown.
    if message.starts_with("two questions") {
        return document.get("question")?.get_ref().as_array()?.iter().rev().find_map(|question| {
            let title = question.get_ref().as_table()?.get("name")?;
            (title.get_ref().as_str() == names.first().copied()).then(|| title.span())
        });
    }
    let columns = document.get("logs").and_then(|logs| logs.get_ref().as_table()?.get("columns"));
    let ask = document.get("question");
    let places = [columns, ask, document.get("logs")].into_iter().flatten();
    let places: Vec<&Value<'_>> = places.collect();
    let find = |name: &&str| places.iter().find_map(|value| within(value.get_ref(), name));
    // Names come first, since values of keys may be the same words.
    let keys = document.get("keys").and_then(|keys| keys.get_ref().as_table());
    let top = |name: &&str| {
        let list = keys.and_then(|keys| keys.get(*name));
        list.or_else(|| document.get(*name)).map(Spanned::span)
    };
    let anywhere = |name: &&str| document.values().find_map(|value| text_with(value, name));
    let found = names.iter().find_map(find).or_else(|| names.iter().find_map(top));
    found.or_else(|| names.iter().find_map(anywhere))
}

/// What stands between backquotes.
fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split('`').skip(1).step_by(2).filter(|name| !name.is_empty())
}

fn question<'d, 't>(document: &'d DeTable<'t>, name: &str) -> Option<&'d Value<'t>> {
    let questions = document.get("question")?.get_ref().as_array()?;
    questions.iter().find(|question| {
        let title = question.get_ref().as_table().and_then(|question| question.get("name"));
        title.and_then(|title| title.get_ref().as_str()) == Some(name)
    })
}

/// The value of `[table] field`.
fn value_at<'d, 't>(document: &'d DeTable<'t>, field: &str) -> Option<&'d DeValue<'t>> {
    let (table, field) = field.strip_prefix('[')?.split_once(']')?;
    let table = document.get(table)?.get_ref();
    let field = field.split('=').next().unwrap_or_default().trim();
    let mut parts = field.split('.').filter(|part| !part.is_empty());
    parts.try_fold(table, |value, part| Some(value.as_table()?.get(part)?.get_ref()))
}

/// The place of `[table] field`, or of the table where it has no such field.
fn path(document: &DeTable<'_>, name: &str) -> Option<Range<usize>> {
    let (table, field) = name.strip_prefix('[')?.split_once(']')?;
    let (key, value) = document.get_key_value(table.trim_matches('['))?;
    let field = field.split('=').next().unwrap_or_default().trim();
    let within = |value: &DeValue<'_>, part: &str| Some(value.as_table()?.get(part)?.span());
    let own = match field.split_once('.') {
        Some((outer, part)) => {
            value.get_ref().as_table().and_then(|table| within(table.get(outer)?.get_ref(), part))
        }
        None => within(value.get_ref(), field),
    };
    Some(own.unwrap_or_else(|| key.span()))
}

/// The place of a name in a value: of the field with this name, or of a text that is the name or
/// has it as a word.
fn within(value: &DeValue<'_>, name: &str) -> Option<Range<usize>> {
    let field = name.split(" = ").next().unwrap_or(name);
    if let Some(table) = value.as_table() {
        if let Some(value) = table.get(field) {
            return Some(value.span());
        }
        return table.values().find_map(|value| text_with(value, name));
    }
    value
        .as_array()?
        .iter()
        .find_map(|value| within(value.get_ref(), name).or_else(|| text_with(value, name)))
}

/// The place of a name in a table or a list: of a field itself, or of a text.
fn inside(value: &DeValue<'_>, name: &str) -> Option<Range<usize>> {
    let key = value.as_table().and_then(|table| table.get_key_value(name));
    key.map(|(key, _)| key.span()).or_else(|| within(value, name))
}

fn text_with(value: &Value<'_>, name: &str) -> Option<Range<usize>> {
    match value.get_ref() {
        DeValue::String(text) => {
            let is_word = |word: &str| word == name;
            let mut words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            (text == name || words.any(is_word)).then(|| value.span())
        }
        DeValue::Array(values) => values.iter().find_map(|value| text_with(value, name)),
        DeValue::Table(table) => {
            let key = table.keys().find(|key| key.get_ref() == name).map(Spanned::span);
            key.or_else(|| table.values().find_map(|value| text_with(value, name)))
        }
        _ => None,
    }
}

/// The line of a range, with carets under the part of it that lies in this line.
fn shown(range: &Range<usize>, file: &str, text: &str, with_place: bool) -> ShownLine {
    /// Longer lines are shown in part.
    const MOST: usize = 100;
    let start = range.start.min(text.len());
    let begin = text[..start].rfind('\n').map_or(0, |end| end + 1);
    let line = text[..start].matches('\n').count() + 1;
    let whole = text[begin..].lines().next().unwrap_or_default();
    let column = text[begin..start].chars().count() + 1;
    let end = range.end.clamp(start, begin + whole.len().max(start - begin));
    let carets = text[start..end].chars().count().max(1);
    let skipped = if column > MOST { column - 20 } else { 0 };
    let part: String = whole.chars().skip(skipped).take(MOST).collect();
    let carets = carets.min(MOST.saturating_sub(column - 1 - skipped)).max(1);
    let number = line.to_string();
    let margin = " ".repeat(number.len());
    let mut shown = String::new();
    if with_place {
        shown.push_str(&format!("{margin}--> {file}: line {line}, column {column}\n"));
    }
    shown.push_str(&format!(
        "{margin} |\n{number} | {}\n{margin} | {}{}",
        part.trim_end(),
        " ".repeat(column - 1 - skipped),
        "^".repeat(carets)
    ));
    ShownLine { line, column, shown }
}
