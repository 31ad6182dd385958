//! Text whose fields have a mark between them: which mark, which quotes, and whether names come first.

use std::collections::HashMap;

use super::questions::quoted;
use super::text_division::{Called, TextDivision};
use super::words::{BETWEEN, has_port};
use crate::ingest::{looks_like_value, split};
use crate::release_file::dialect::Marks;
use crate::words::grouped;

/// What may stand between fields, of equally good ones the first.
const SEPARATORS: [u8; 7] = [b'\t', b';', b'|', b',', b'^', b'~', 1];
/// What a line that is no record may begin with.
const COMMENTS: [char; 3] = ['#', '%', '!'];
/// A lookup has three: who, whom and when.
const FEWEST: usize = 3;

/// Proposes how lines are divided by a mark; `named` is what the name of their file says.
pub(super) fn divided(lines: &[&str], named: Option<Marks>) -> Option<TextDivision> {
    let (comment, comments, records) = apart(lines);
    if let Some(header) = comments.iter().find(|line| is_fields_line(line)) {
        return Some(with_fields_line(header));
    }
    let separators = named.and_then(|named| named.separator).into_iter().chain(SEPARATORS);
    let all = separators.filter_map(|separator| Divided::of(&records, Some(separator)));
    // Of equally good ones the first is taken.
    let best = all.rev().max_by_key(|divided| divided.fields)?;
    Some(best.division(at_head(lines, &comments), comment, named))
}

/// Those of the comments that stand above the first record.
fn at_head<'c, 'l>(lines: &[&'l str], comments: &'c [&'l str]) -> &'c [&'l str] {
    let head = lines.iter().zip(comments).take_while(|(line, comment)| line == comment).count();
    &comments[..head]
}

/// Proposes how lines are divided where blanks alone stand between their fields. `is_text` is for
/// lines that no other proposal fits; without it, lines like sentences are left to a pattern.
pub(super) fn between_blanks(lines: &[&str], is_text: bool) -> Option<TextDivision> {
    let (comment, comments, records) = apart(lines);
    let divided = Divided::of(&records, None)?;
    let is_word = |field: &String| {
        BETWEEN.contains(&field.as_str())
            || field.contains('=')
            || field.ends_with([':', ']'])
            || has_port(field)
    };
    let sentences = divided.rows.iter().filter(|row| row.iter().any(is_word)).count();
    let is_plain = divided.is_even && sentences * 10 < records.len();
    let division = || divided.division(at_head(lines, &comments), comment, None);
    (is_plain || is_text).then(|| TextDivision { is_text, ..division() })
}

/// The mark that begins comments, if some lines are comments; these lines; and all others.
fn apart<'l>(lines: &[&'l str]) -> (Option<char>, Vec<&'l str>, Vec<&'l str>) {
    let begins = |mark: char| lines.iter().filter(|line| line.starts_with(mark)).count();
    let at_head = |mark: char| lines.iter().take_while(|line| line.starts_with(mark)).count();
    let is_comment = |mark: &char| {
        let comments = begins(*mark);
        comments > 0
            && (comments * 2 < lines.len() || comments == at_head(*mark) && comments < lines.len())
    };
    let comment = COMMENTS.into_iter().find(is_comment);
    let (comments, records) =
        lines.iter().partition(|line| comment.is_some_and(|mark| line.starts_with(mark)));
    (comment, comments, records)
}

fn is_fields_line(line: &str) -> bool {
    line.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("#fields"))
}

/// A log that names its columns behind `#fields`, in a file that neither its name nor its first
/// bytes show to be such a log.
fn with_fields_line(header: &str) -> TextDivision {
    let names = header.get(7..).unwrap_or_default().trim_start_matches(':').trim_start();
    let mark = names.chars().find(|letter| "\t,;|".contains(*letter));
    let mark = mark.map_or_else(|| "blanks".to_owned(), String::from);
    let settings = vec![
        (format!("delimiter = {}", quoted(&mark)), "# as in its line #fields".to_owned()),
        ("header = \"#fields\"".to_owned(), "# the line that names the columns".to_owned()),
    ];
    TextDivision { settings, ..TextDivision::default() }
}

/// Lines, divided.
struct Divided {
    marks: Marks,
    /// The fields of each line that can be divided.
    rows: Vec<Vec<String>>,
    /// How many fields nearly all of them have at least.
    fields: usize,
    /// Whether nearly all of them have exactly this many.
    is_even: bool,
    /// How many lines there are, or records where some have several.
    lines: usize,
}

/// The records of lines, some of which quotes may join, and how many records there are in all, with
/// those that cannot be divided.
fn records(lines: &[&str], marks: Marks) -> (Vec<Vec<String>>, usize) {
    const MOST_LINES: usize = 20;
    let (mut rows, mut count, mut at) = (Vec::new(), 0, 0);
    while at < lines.len() {
        let of = |lines: &[&str]| split(lines.join("\n").as_bytes(), marks);
        let joined = |length: usize| {
            let own = lines.get(at..at + length)?;
            let row = of(own)?;
            // A line that is a record by itself is always read as that.
            let is_one =
                own[1..].iter().all(|line| of(&[line]).is_none_or(|it| it.len() != row.len()));
            is_one.then_some((length, row))
        };
        let most = if marks.has_long_records() { MOST_LINES } else { 1 };
        let found = (1..=most).find_map(joined);
        count += 1;
        at += found.as_ref().map_or(1, |(length, _)| *length);
        rows.extend(found.map(|(_, row)| row));
    }
    (rows, count)
}

/// Words that stand for no value, of equally common ones the first.
pub(super) const NULLS: [&str; 4] = ["\\N", "NULL", "-", "null"];

/// The setting for the word that stands for no value in these rows: `\N` or `-` if any row has it,
/// a longer word only if one row in a hundred does.
pub(super) fn null_in<'r>(rows: impl Iterator<Item = Vec<&'r str>>) -> Option<(String, String)> {
    let (mut counts, mut all) = ([0_usize; NULLS.len()], 0);
    for row in rows {
        all += 1;
        let has = NULLS.iter().map(|null| usize::from(row.contains(null)));
        counts.iter_mut().zip(has).for_each(|(count, has)| *count += has);
    }
    let (null, count) = NULLS.iter().zip(counts).rev().max_by_key(|(_, count)| *count)?;
    let why =
        format!("# stands for no value in {} of {} lines", grouped(count as u64), grouped(all));
    let is_common = null.len() < 3 || count as u64 * 100 >= all;
    (count > 0 && is_common).then(|| (format!("null = {}", quoted(null)), why))
}

impl Divided {
    /// Lines, divided by a separator, with the quotes that divide most of them; `None` if that
    /// gives too few fields, or too many lines with another number of them.
    fn of(lines: &[&str], separator: Option<u8>) -> Option<Self> {
        let usual = match separator {
            None | Some(b'\t') => None,
            Some(_) => Some(b'"'),
        };
        let with = |quote: Option<u8>, escape: Option<u8>| {
            Self::with(lines, Marks { separator, quote, escape, ..Marks::CSV })
        };
        let bare = with(None, None);
        let is_in_use = |quote: &u8| {
            let mark = char::from(*quote);
            let is_quoted = |field: &&String| {
                field.len() > 1 && field.starts_with(mark) && field.ends_with(mark)
            };
            let quoted = bare.rows.iter().filter(|row| row.iter().any(|field| is_quoted(&field)));
            quoted.count() * 10 > lines.len()
        };
        let in_use = [b'"', b'\''].into_iter().filter(is_in_use).map(Some);
        let quotes = in_use.chain([usual, None]);
        // MySQL and Spark write a quote within quotes behind a backslash.
        let has_escapes = lines.iter().any(|line| line.contains("\\\"") || line.contains("\\'"));
        let escape = |quote: Option<u8>| quote.map(|_| b'\\').filter(|_| has_escapes);
        let all = quotes.flat_map(|quote| [(quote, None), (quote, escape(quote))]);
        let all: Vec<Self> = all.map(|(quote, escape)| with(quote, escape)).collect();
        // Of equally good ones the first is taken.
        let worth = |one: &Self| (one.fields >= FEWEST, one.even() * 1_000 / one.lines.max(1));
        let best = all.into_iter().rev().max_by_key(worth)?;
        let is_divided = best.fields >= FEWEST && best.even() * 10 >= best.lines * 8;
        is_divided.then_some(best)
    }

    fn with(lines: &[&str], marks: Marks) -> Self {
        let (rows, records) = records(lines, marks);
        let mut counts: HashMap<usize, usize> = HashMap::new();
        rows.iter().for_each(|row| *counts.entry(row.len()).or_default() += 1);
        let (usual, lines_of) =
            counts.into_iter().max_by_key(|(fields, count)| (*count, *fields)).unwrap_or_default();
        let is_even = lines_of * 10 >= records * 9;
        let fields = if is_even {
            usual
        } else {
            let mut counts: Vec<usize> = rows.iter().map(Vec::len).collect();
            counts.sort_unstable();
            counts.get(counts.len() / 10).copied().unwrap_or(0)
        };
        Self { marks, rows, fields, is_even, lines: records }
    }

    /// How many lines have all fields.
    fn even(&self) -> usize {
        let has_all = |row: &&Vec<String>| match self.is_even {
            true => row.len() == self.fields,
            false => row.len() >= self.fields,
        };
        self.rows.iter().filter(has_all).count()
    }

    /// Whether the first line names the columns: where nearly all others have a number or a time, it has none.
    fn has_header(&self) -> bool {
        let Some((first, rows)) = self.rows.split_first() else { return false };
        let is_like = |row: &&Vec<String>, place: usize| {
            row.get(place).is_some_and(|field| looks_like_value(field))
        };
        let of_values = |place: &usize| {
            rows.iter().filter(|row| is_like(row, *place)).count() * 10 >= rows.len() * 9
        };
        let (values, names): (Vec<usize>, Vec<usize>) =
            (0..first.len()).filter(of_values).partition(|place| is_like(&first, *place));
        names.len() > values.len()
    }

    fn division(
        &self,
        comments: &[&str],
        comment: Option<char>,
        named: Option<Marks>,
    ) -> TextDivision {
        let mut settings = Vec::new();
        let mut set = |setting: String, why: String| settings.push((setting, why));
        let Marks { separator, quote, .. } = self.marks;
        let many =
            format!("in {} of {} lines", grouped(self.even() as u64), grouped(self.lines as u64));
        let more = if self.is_even { "" } else { " or more" };
        let text = |byte: u8| quoted(&char::from(byte).to_string());
        if named.is_none_or(|named| named.separator != separator) {
            let mark = separator.map_or_else(|| quoted("blanks"), text);
            set(format!("delimiter = {mark}"), format!("# {} fields{more} {many}", self.fields));
        }
        let usual = if matches!(separator, None | Some(b'\t')) { None } else { Some(b'"') };
        if quote != usual {
            let why = match quote {
                Some(_) => "# around fields",
                None => "# quotes are no marks there: they would join lines",
            };
            set(format!("quote = {}", quote.map_or_else(|| quoted(""), text)), why.to_owned());
        }
        if self.marks.escape.is_some() {
            let why = "# before a quote within quotes".to_owned();
            set(format!("escape = {}", quoted("\\")), why);
        }
        let rows = self.rows.iter().map(|row| row.iter().map(String::as_str).collect());
        if let Some((null, why)) = null_in(rows) {
            set(null, why);
        }
        if let Some(mark) = comment {
            let why = "# lines that begin so are no rows".to_owned();
            set(format!("comment = {}", quoted(&mark.to_string())), why);
        }
        if self.has_header() {
            return TextDivision { settings, ..TextDivision::default() };
        }
        if let Some(names) = self.names_in(comments).filter(|_| self.is_even) {
            let list: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            let why = "# CHECK: names that stand in the comment above the first row".to_owned();
            set(format!("header = [{}]", list.join(", ")), why);
            return TextDivision { settings, columns: Called::Given(names), is_text: false };
        }
        set(
            "header = false".to_owned(),
            "# its first line is a row: columns have positions".to_owned(),
        );
        TextDivision { settings, columns: Called::Positions(self.fields), is_text: false }
    }

    /// The names of the columns, if the last comment has one for each.
    fn names_in(&self, comments: &[&str]) -> Option<Vec<String>> {
        let line = comments.last()?.trim_start_matches(COMMENTS).trim();
        let names = split(line.as_bytes(), self.marks)?;
        let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
        let is_name = |(place, name): (usize, &String)| {
            !name.is_empty() && !looks_like_value(name) && !names[..place].contains(name)
        };
        let are_names = names.len() == self.fields && names.iter().enumerate().all(is_name);
        are_names.then_some(names)
    }
}
