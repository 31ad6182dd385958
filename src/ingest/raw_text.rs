//! A block of a text log, cut into its records without changing a byte.
//!
//! In: the bytes of a block and how many records the parser found in them. Out: segments that
//! joined are the block again, each a record or what stands between records. A cut that does not
//! come to the parser's number of records is no cut: nobody could tell which record is which row.

use super::shard::TextFormat;

/// A part of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'b> {
    /// Its bytes, with the line end.
    pub bytes: &'b [u8],
    /// Whether it is a record, not a blank line or a comment.
    pub is_record: bool,
}

/// Cuts a block; none when it does not hold exactly `rows` records.
pub(super) fn segments(bytes: &[u8], format: TextFormat, rows: usize) -> Option<Vec<Segment<'_>>> {
    let is_quoted = format == TextFormat::Csv;
    let mut segments = Vec::with_capacity(rows);
    let (mut start, mut end, mut records) = (0, 0, 0);
    let mut in_quotes = false;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        end += line.len();
        in_quotes ^= is_quoted && memchr::memchr_iter(b'"', line).count() % 2 == 1;
        if in_quotes {
            continue;
        }
        let bytes = &bytes[start..end];
        let is_record = match format {
            TextFormat::Ndjson => !bytes.iter().all(u8::is_ascii_whitespace),
            TextFormat::Zeek => !is_blank(bytes) && !bytes.starts_with(b"#"),
            TextFormat::Csv | TextFormat::Tsv => !is_blank(bytes),
        };
        records += usize::from(is_record);
        segments.push(Segment { bytes, is_record });
        start = end;
    }
    (records == rows && start == bytes.len()).then_some(segments)
}

fn is_blank(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, format: TextFormat, rows: usize) -> Option<Vec<(&str, bool)>> {
        let cut = segments(text.as_bytes(), format, rows)?;
        let words = |segment: &Segment<'_>| segment.is_record;
        Some(text_parts(text, &cut).into_iter().zip(cut.iter().map(words)).collect())
    }

    fn text_parts<'t>(text: &'t str, cut: &[Segment<'_>]) -> Vec<&'t str> {
        let mut at = 0;
        cut.iter()
            .map(|segment| {
                let part = &text[at..at + segment.bytes.len()];
                at += segment.bytes.len();
                part
            })
            .collect()
    }

    #[test]
    fn quoted_line_breaks_blank_lines_and_comments() {
        assert_eq!(
            cut("a,\"b\n\nc\"\r\n\nd,e", TextFormat::Csv, 2),
            Some(vec![("a,\"b\n\nc\"\r\n", true), ("\n", false), ("d,e", true)])
        );
        assert_eq!(
            cut("a\t\"b\n#close\n", TextFormat::Zeek, 1),
            Some(vec![("a\t\"b\n", true), ("#close\n", false)])
        );
        assert_eq!(
            cut("{}\n  \n{}", TextFormat::Ndjson, 2),
            Some(vec![("{}\n", true), ("  \n", false), ("{}", true)])
        );
    }

    #[test]
    fn a_cut_that_finds_another_number_of_records_is_none() {
        assert_eq!(cut("a\nb\n", TextFormat::Tsv, 1), None);
        assert_eq!(cut("a,\"b\n", TextFormat::Csv, 1), None);
    }
}
