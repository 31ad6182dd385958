//! A block of separated values → columns that point into it.
//!
//! One pass: fields are found, unwanted ones passed over, and the fields of every record counted.
//! Quoted fields are read as RFC 4180 has them. A block in which a quote stands elsewhere is left to
//! the parser for odd blocks, which decides what it means.

use arrow_array::ArrayRef;
use arrow_buffer::Buffer;

use super::scan::{Either, FieldEnds, Stops, find};
use super::shard::TextFormat;
use super::views::Views;

/// What became of a block.
pub(super) enum Parsed {
    /// So many records, and the wanted columns.
    Columns(usize, Vec<ArrayRef>),
    /// A record has another number of fields than the header.
    Uneven,
    /// There is a quote where RFC 4180 has none.
    Odd,
}

/// Which columns of a file are wanted.
pub(super) struct Layout {
    /// For each column of the file its place among the wanted ones.
    pub(super) places: Vec<Option<usize>>,
    /// How many are wanted.
    pub(super) wanted: usize,
}

/// Where a field ends, and what it holds.
struct Field {
    /// Its first byte within quotes, if there are any, and the byte behind its last.
    start: usize,
    end: usize,
    /// Where the separator or line end stands, or the block ends.
    next: usize,
    quotes: Quotes,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    Around,
    /// Around it, and doubled ones within.
    Doubled,
}

/// Parses a block of whole records that is UTF-8.
pub(super) fn parse(block: &Buffer, format: TextFormat, layout: &Layout) -> Parsed {
    // A line end of another system is a record end to the count of fields in the other parser.
    if format == TextFormat::Zeek && memchr::memchr(b'\r', block).is_some() {
        return Parsed::Odd;
    }
    let records = Records { bytes: block, format, layout };
    let mut columns: Vec<Views> =
        (0..layout.wanted).map(|_| Views::with_capacity(block.len() / 64 + 16)).collect();
    let rows = match format {
        TextFormat::Csv if memchr::memchr(b'"', block).is_some() => {
            records.read(FieldEnds(b','), b',', &mut columns)
        }
        TextFormat::Csv => records.read(Either(b',', b'\n'), b',', &mut columns),
        TextFormat::Tsv | TextFormat::Zeek | TextFormat::Ndjson => {
            records.read(Either(b'\t', b'\n'), b'\t', &mut columns)
        }
    };
    let rows = match rows {
        Ok(rows) => rows,
        Err(other) => return other,
    };
    let columns: Option<Vec<ArrayRef>> =
        columns.into_iter().map(|column| column.finish(block)).collect();
    columns.map_or(Parsed::Odd, |columns| Parsed::Columns(rows, columns))
}

struct Records<'b> {
    bytes: &'b [u8],
    format: TextFormat,
    layout: &'b Layout,
}

impl Records<'_> {
    /// Reads all records and counts them.
    #[inline(always)]
    fn read(
        &self,
        stops: impl Stops,
        separator: u8,
        columns: &mut [Views],
    ) -> Result<usize, Parsed> {
        let bytes = self.bytes;
        let last = self.layout.places.len() - 1;
        let is_zeek = self.format == TextFormat::Zeek;
        let (mut rows, mut at) = (0, 0);
        while at < bytes.len() {
            if let Some(next) = self.behind_no_record(at) {
                at = next;
                continue;
            }
            for (place, wanted) in self.layout.places.iter().enumerate() {
                let field = self.field(at, stops).ok_or(Parsed::Odd)?;
                let is_last = match bytes.get(field.next) {
                    Some(byte) => *byte != separator,
                    None => true,
                };
                if is_last != (place == last) {
                    return Err(Parsed::Uneven);
                }
                at = field.next + 1;
                let Some(wanted) = wanted else { continue };
                let column = &mut columns[*wanted];
                let text = &bytes[field.start..field.end];
                match field.quotes {
                    Quotes::None if text.is_empty() || is_zeek && text == b"-" => {
                        column.push_null();
                    }
                    Quotes::None | Quotes::Around => {
                        column.push(bytes, field.start, field.end);
                    }
                    Quotes::Doubled => column.push_apart(&single(text)),
                }
            }
            rows += 1;
        }
        Ok(rows)
    }

    /// Where the next line begins, if the one that begins here is blank or a comment.
    #[inline(always)]
    fn behind_no_record(&self, at: usize) -> Option<usize> {
        let bytes = &self.bytes[at..];
        match bytes.first()? {
            b'\n' => Some(at + 1),
            b'\r' if bytes.get(1) == Some(&b'\n') => Some(at + 2),
            b'#' if self.format == TextFormat::Zeek => {
                Some(memchr::memchr(b'\n', bytes).map_or(self.bytes.len(), |end| at + end + 1))
            }
            _ => None,
        }
    }

    /// The field that begins here; none when a quote stands where it should not.
    #[inline(always)]
    fn field(&self, at: usize, stops: impl Stops) -> Option<Field> {
        let bytes = self.bytes;
        let next = find(bytes, at, stops).unwrap_or(bytes.len());
        if self.format == TextFormat::Csv && bytes.get(next) == Some(&b'"') {
            return if next == at { self.quoted(at + 1) } else { None };
        }
        // Line ends may be those of another system.
        let end = if next > at && bytes[next - 1] == b'\r' { next - 1 } else { next };
        Some(Field { start: at, end, next, quotes: Quotes::None })
    }

    /// The field whose opening quote stands before `start`.
    fn quoted(&self, start: usize) -> Option<Field> {
        let bytes = self.bytes;
        let (mut from, mut quotes) = (start, Quotes::Around);
        loop {
            let end = from + memchr::memchr(b'"', bytes.get(from..)?)?;
            let mut next = end + 1;
            if bytes.get(next) == Some(&b'"') {
                (from, quotes) = (end + 2, Quotes::Doubled);
                continue;
            }
            next += usize::from(bytes.get(next) == Some(&b'\r'));
            let is_end = matches!(bytes.get(next), None | Some(b',' | b'\n'));
            return is_end.then_some(Field { start, end, next, quotes });
        }
    }
}

/// A text whose quotes are doubled, with single ones.
fn single(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = memchr::memchr(b'"', rest) {
        kept.extend_from_slice(&rest[..=place]);
        rest = rest.get(place + 2..).unwrap_or_default();
    }
    kept.extend_from_slice(rest);
    kept
}

#[cfg(test)]
mod tests {
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::odd;
    use super::*;

    const FORMATS: [TextFormat; 3] = [TextFormat::Csv, TextFormat::Tsv, TextFormat::Zeek];

    /// Three columns in the file, the third and the first of them wanted, and one it does not have.
    fn layout() -> Layout {
        Layout { places: vec![Some(1), None, Some(0)], wanted: 3 }
    }

    fn values(column: &ArrayRef) -> Vec<Option<String>> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        match column.as_binary_view_opt() {
            Some(column) => column.iter().map(|value| value.map(text)).collect(),
            None => column.as_string_view().iter().map(|value| value.map(str::to_owned)).collect(),
        }
    }

    fn read(text: &str, format: TextFormat) -> Option<Vec<Vec<Option<String>>>> {
        match parse(&Buffer::from_slice_ref(text.as_bytes()), format, &layout()) {
            Parsed::Columns(rows, columns) => {
                assert!(columns[..2].iter().all(|column| column.len() == rows));
                Some(columns[..2].iter().map(values).collect())
            }
            Parsed::Uneven | Parsed::Odd => None,
        }
    }

    #[test]
    fn quotes_blank_lines_line_ends_and_comments() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            read(
                "\n\"a\n\"\"b\"\"\",\"x,\"\"y\",\"\"\r\n\r\n,2,a name beyond a view",
                TextFormat::Csv
            ),
            Some(vec![vec![some(""), some("a name beyond a view")], vec![some("a\n\"b\""), None]])
        );
        assert_eq!(
            read("#x\n\"a\t\t-\n#close", TextFormat::Zeek),
            Some(vec![vec![None], vec![some("\"a")]])
        );
        assert_eq!(read("-\t#\t", TextFormat::Tsv), Some(vec![vec![None], vec![some("-")]]));
        for odd in ["a\"b\",1,2", "\"a\"b,1,2", "\"a,1,2\n"] {
            let block = Buffer::from_slice_ref(odd.as_bytes());
            assert!(matches!(parse(&block, TextFormat::Csv, &layout()), Parsed::Odd), "{odd}");
        }
    }

    #[test]
    fn short_and_long_records_do_not_make_up_for_each_other() {
        for text in ["a,b\nc,d,e,f\n", "a,b,c,d\ne,f\n"] {
            let block = Buffer::from_slice_ref(text.as_bytes());
            assert!(matches!(parse(&block, TextFormat::Csv, &layout()), Parsed::Uneven), "{text}");
            assert!(
                odd::delimited(text.as_bytes(), TextFormat::Csv, &layout()).is_none(),
                "{text}"
            );
        }
    }

    fn field() -> impl Strategy<Value = String> {
        prop_oneof![
            6 => "[a-c\u{e9}]{0,15}",
            2 => "[a #\r\\-]{0,3}",
            2 => "\"([a,\n\r\t\u{e9}]|\"\"){0,14}\"",
            1 => "[a\",\n\t]{0,4}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        /// Where a block is read here at all, it is read and refused as by the other parser.
        #[test]
        fn both_parsers_read_alike(
            records in vec((vec(field(), 3), prop_oneof![9 => Just(0), 1 => 1..3_usize], 0..9_usize), 0..6),
            format in proptest::sample::select(FORMATS.as_slice()),
            is_closed in any::<bool>(),
        ) {
            let separator = if format == TextFormat::Csv { "," } else { "\t" };
            let mut text = String::new();
            for (mut fields, change, end) in records {
                match change {
                    1 => drop(fields.pop()),
                    2 => fields.push(String::new()),
                    _ => {}
                }
                text.push_str(&fields.join(separator));
                text.push_str(["\n", "\n", "\n", "\n", "\n", "\r\n", "\r\n", "\n\n", "\n\r\n"][end]);
            }
            if !is_closed {
                text.truncate(text.trim_end_matches(['\r', '\n']).len());
            }
            // The other parser refuses a comment that ends the file without a line end.
            let end = if format == TextFormat::Zeek && !text.ends_with('\n') { "\n" } else { "" };
            let other = odd::delimited(format!("{text}{end}").as_bytes(), format, &layout());
            match parse(&Buffer::from_slice_ref(text.as_bytes()), format, &layout()) {
                Parsed::Columns(rows, columns) => {
                    let (other_rows, other) = other.unwrap();
                    prop_assert_eq!(rows, other_rows);
                    for (column, other) in columns.iter().zip(&other) {
                        prop_assert_eq!(values(column), values(other));
                    }
                }
                Parsed::Uneven => prop_assert!(other.is_none()),
                Parsed::Odd => {}
            }
        }
    }
}
