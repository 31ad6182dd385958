//! Text whose fields have a mark between them: which mark, which quotes, and whether names come first.

use std::collections::HashMap;

use super::layout::{Called, Layout};
use super::questions::quoted;
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
pub(super) fn divided(lines: &[&str], named: Option<Marks>) -> Option<Layout> {
    let (comment, comments, records) = apart(lines);
    if let Some(header) = comments.iter().find(|line| is_fields_line(line)) {
        return Some(with_fields_line(header));
    }
    let separators = named.and_then(|named| named.separator).into_iter().chain(SEPARATORS);
    let all = separators.filter_map(|separator| Divided::of(&records, Some(separator)));
    // Of equally good ones the first.
    let best = all.rev().max_by_key(|divided| divided.fields)?;
    Some(best.layout(&comments, comment, named))
}

/// Proposes how lines are divided where blanks alone stand between their fields. `is_text` is for lines that no
/// other proposal fits; without it they must not read like sentences, of which a pattern knows more.
pub(super) fn between_blanks(lines: &[&str], is_text: bool) -> Option<Layout> {
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
    (is_plain || is_text).then(|| divided.layout(&comments, comment, None))
}

/// The mark of comments, where lines begin with one, these lines, and all others.
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

/// A log that names its columns behind `#fields`, in a file whose name says otherwise, or does not
/// begin with it.
fn with_fields_line(header: &str) -> Layout {
    let names = header.get(7..).unwrap_or_default().trim_start_matches(':').trim_start();
    let mark = names.chars().find(|letter| "\t,;|".contains(*letter));
    let mark = mark.map_or_else(|| "blanks".to_owned(), String::from);
    let settings = vec![
        (format!("delimiter = {}", quoted(&mark)), "# as in its line #fields".to_owned()),
        ("header = \"#fields\"".to_owned(), "# the line that names the columns".to_owned()),
    ];
    Layout { settings, columns: Called::InFiles }
}

/// Lines, divided.
struct Divided {
    marks: Marks,
    /// The fields of each line that can be divided.
    rows: Vec<Vec<String>>,
    /// How many fields nearly all of them have, or more.
    fields: usize,
    /// Whether they have no more.
    is_even: bool,
    lines: usize,
}

impl Divided {
    /// Lines, divided by a separator, with the quotes that divide most of them; `None` if that gives too
    /// few fields, or other ones in each line.
    fn of(lines: &[&str], separator: Option<u8>) -> Option<Self> {
        let usual = match separator {
            None | Some(b'\t') => None,
            Some(_) => Some(b'"'),
        };
        let with = |quote: Option<u8>| Self::with(lines, Marks { separator, quote, ..Marks::CSV });
        let bare = with(None);
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
        let best = quotes.map(with).rev().max_by_key(Self::even)?;
        let is_divided = best.fields >= FEWEST && best.even() * 10 >= lines.len() * 8;
        is_divided.then_some(best)
    }

    fn with(lines: &[&str], marks: Marks) -> Self {
        let rows: Vec<Vec<String>> =
            lines.iter().filter_map(|line| split(line.as_bytes(), marks)).collect();
        let mut counts: HashMap<usize, usize> = HashMap::new();
        rows.iter().for_each(|row| *counts.entry(row.len()).or_default() += 1);
        let (usual, lines_of) =
            counts.into_iter().max_by_key(|(fields, count)| (*count, *fields)).unwrap_or_default();
        let is_even = lines_of * 10 >= lines.len() * 9;
        let fields = if is_even {
            usual
        } else {
            let mut counts: Vec<usize> = rows.iter().map(Vec::len).collect();
            counts.sort_unstable();
            counts.get(counts.len() / 10).copied().unwrap_or(0)
        };
        Self { marks, rows, fields, is_even, lines: lines.len() }
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

    fn layout(&self, comments: &[&str], comment: Option<char>, named: Option<Marks>) -> Layout {
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
        if let Some(mark) = comment {
            let why = "# lines that begin so are no rows".to_owned();
            set(format!("comment = {}", quoted(&mark.to_string())), why);
        }
        if self.has_header() {
            return Layout { settings, columns: Called::InFiles };
        }
        if let Some(names) = self.names_in(comments).filter(|_| self.is_even) {
            let list: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            let why = "# CHECK: names that stand in the comment above the first row".to_owned();
            set(format!("header = [{}]", list.join(", ")), why);
            return Layout { settings, columns: Called::Given(names) };
        }
        set(
            "header = false".to_owned(),
            "# its first line is a row: columns have positions".to_owned(),
        );
        Layout { settings, columns: Called::Positions(self.fields) }
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
