//! Records as programs write them, and malformed ones, against a reader that goes byte by
//! byte.

use arrow_array::cast::AsArray;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::release_file::dialect::Null;

const FORMATS: [Marks; 3] = [Marks::CSV, Marks::TSV, Marks::ZEEK];

/// Three columns in the file, the third and the first of them wanted, and one it does not have.
fn columns() -> ColumnPlaces {
    ColumnPlaces { places: vec![Some(1), None, Some(0)], wanted: 3 }
}

/// A record as it stands, and its third and first field; `None` for a malformed one.
type Row = (Vec<u8>, Option<[Option<Vec<u8>>; 2]>);

fn read(text: &[u8], format: Marks) -> Vec<Row> {
    let piece = Buffer::from_slice_ref(text);
    let is_utf8 = std::str::from_utf8(text).is_ok();
    let raw = parse(&piece, format, &columns(), is_utf8).finish(&piece, &[true, true, false]);
    let raw = raw.unwrap();
    let value = |column: usize, row: usize| {
        let column = raw.columns[column].as_ref().unwrap().as_binary_view().clone();
        column.iter().nth(row).unwrap().map(<[u8]>::to_vec)
    };
    let records = raw.records.as_ref().unwrap();
    let row = |row: usize| {
        let values = [value(0, row), value(1, row)];
        let is_malformed = records.malformed.contains(&row);
        assert!(!is_malformed || values == [None, None]);
        (records.text(row).to_vec(), (!is_malformed).then_some(values))
    };
    (0..raw.rows).map(row).collect()
}

fn values(text: &str, format: Marks) -> Vec<Option<[Option<String>; 2]>> {
    let text_of = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let row = |(_, values): Row| values.map(|values| values.map(|value| value.map(text_of)));
    read(text.as_bytes(), format).into_iter().map(row).collect()
}

fn some(third: &str, first: &str) -> Option<[Option<String>; 2]> {
    let value = |text: &str| (text != "null").then(|| text.to_owned());
    Some([value(third), value(first)])
}

#[test]
fn quotes_blank_lines_line_ends_and_comments() {
    assert_eq!(
        values("\n\"a\n\"\"b\"\"\",\"x,\"\"y\",\"\"\r\n\r\n,2,beyond a view\r", Marks::CSV),
        [some("", "a\n\"b\""), some("beyond a view", "null")]
    );
    assert_eq!(values("#x\n\"a\t\t-\n#close", Marks::ZEEK), [some("null", "\"a")]);
    assert_eq!(values("-\t#\t\r\n", Marks::TSV), [some("null", "-")]);
    assert_eq!(values("\"\r\r\n\",,\"\"\r\n", Marks::CSV), [some("", "\r\r\n")]);
}

#[test]
fn an_escape_takes_its_meaning_from_a_quote_and_a_word_stands_for_no_value() {
    let marks = Marks { escape: Some(b'\\'), null: Some(Null::HYPHEN), ..Marks::CSV };
    assert_eq!(
        values("\"a \\\"b\\\", c\",x,\"d\\\\\"\n\"\\n\\x\"\"\",y,\\\n-,-,\"-\"\n", marks),
        [some("d\\", "a \"b\", c"), some("\\", "\\n\\x\""), some("-", "null")]
    );
    for open in ["\"a\\\",1,2", "a\\\"b,1,2", "\"a\\\"b\"c,1,2", "\"a\\"] {
        let text = format!("{open}\n1,2,3\n");
        assert_eq!(values(&text, marks), [None, some("3", "1")], "{open}");
    }
}

#[test]
fn a_malformed_record_is_one_row_and_the_next_line_is_read() {
    for bad in [
        "a\"b,1,2",
        "1,a\"b,2",
        "1,2,13\" tv",
        "\"a\"b,1,2",
        "1,\"a\\\"b\",2",
        "1,\"a\" ,2",
        "1, \"a\",2",
        "\"a,1,2",
        "1,2,\"a",
        "1,\"2,3",
        "a,b",
        "a,b,c,d",
        "a",
        "a\r,b,c",
        "a,\rb,c",
        "\ra,b,c",
        "a,b,c\r\r",
        "a,\"b\"\r,c",
    ] {
        for end in ["\n", "\r\n"] {
            let text = format!("1,2,3{end}{bad}{end}4,\"5\",6{end}{end}7,8,9");
            let expected = [some("3", "1"), None, some("6", "4"), some("9", "7")];
            assert_eq!(values(&text, Marks::CSV), expected, "{text:?}");
            let last = format!("1,2,3{end}{bad}");
            assert_eq!(values(&last, Marks::CSV), expected[..2], "{last:?}");
        }
    }
    assert_eq!(values("a\t\"b\na\tb\rc\td\na\tb\tc", Marks::TSV), [None, None, some("c", "a")]);
}

#[test]
fn quotes_that_open_and_close_far_apart_join_no_lines_that_are_records() {
    // What a writer that does not quote makes of two values with a quote at an end.
    let text = "1,\"2,3\n4,5,6\n7,\"8\",9\n1,2\",3\n";
    let expected = [None, some("6", "4"), some("9", "7"), None];
    assert_eq!(values(text, Marks::CSV), expected);
    // Without a record in between they cannot be distinguished from a value of several lines.
    assert_eq!(values("1,\"2\n\n4\n5\",3\n", Marks::CSV), [some("3", "1")]);
    // The same with a field too many ends where the quotes say.
    let text = "1,\"2\n\n4\n5\",3,4\n1,2,3\n";
    assert_eq!(values(text, Marks::CSV), [None, some("3", "1")]);
}

#[test]
fn a_record_that_is_not_utf_8_is_malformed_whichever_column_it_is_in() {
    for bad in [b"\xff,2,3".as_slice(), b"1,\xc3(,3", b"1,2,\"\xe9\""] {
        let text = [b"1,2,3\n".as_slice(), bad, b"\n4,\xc3\xa9,6\n"].concat();
        let rows = read(&text, Marks::CSV);
        let is_malformed: Vec<bool> = rows.iter().map(|(_, values)| values.is_none()).collect();
        assert_eq!(is_malformed, [false, true, false]);
    }
}

/// The end of one record, and its fields; `None` when it is malformed.
type Parsed = (usize, Option<Vec<Vec<u8>>>);

/// Reads the record at `start` byte by byte, whose quotes say where it ends.
fn by_quotes(bytes: &[u8], start: usize, format: Marks) -> Parsed {
    let is_csv = format == Marks::CSV;
    let separator = if is_csv { b',' } else { b'\t' };
    let line = bytes[start..].iter().position(|byte| *byte == b'\n');
    let line = line.map_or(bytes.len(), |place| start + place + 1);
    let (mut at, mut fields, mut is_whole) = (start, Vec::new(), true);
    'fields: loop {
        let mut field = Vec::new();
        let is_quoted = is_csv && bytes.get(at) == Some(&b'"');
        if is_quoted {
            at += 1;
            loop {
                match (bytes.get(at), bytes.get(at + 1)) {
                    (None, _) => return (line, None),
                    (Some(b'"'), Some(b'"')) => {
                        field.push(b'"');
                        at += 2;
                    }
                    (Some(b'"'), _) => break,
                    (Some(byte), _) => {
                        field.push(*byte);
                        at += 1;
                    }
                }
            }
            at += 1;
        }
        loop {
            let byte = bytes.get(at).copied();
            match (byte, bytes.get(at + 1)) {
                (None, _) => {
                    fields.push(field);
                    break 'fields;
                }
                (Some(b'\n'), _) => {
                    at += 1;
                    fields.push(field);
                    break 'fields;
                }
                (Some(b'\r'), None | Some(b'\n')) => at += 1,
                (Some(byte), _) if byte == separator => {
                    at += 1;
                    fields.push(field);
                    break;
                }
                (Some(b'"'), _) if is_csv => return (line, None),
                (Some(_), _) if is_quoted => return (line, None),
                (Some(byte), _) => {
                    is_whole &= byte != b'\r';
                    field.push(byte);
                    at += 1;
                }
            }
        }
    }
    let is_text = std::str::from_utf8(&bytes[start..at]).is_ok();
    (at, (is_whole && is_text && fields.len() == 3).then_some(fields))
}

/// The lines of a text, with their ends, that are records by themselves.
fn records_by_themselves(text: &[u8], format: Marks) -> Vec<&[u8]> {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines
        .filter(|line| {
            let is_none = matches!(*line, b"\n" | b"\r\n" | b"\r")
                || format == Marks::ZEEK && line.starts_with(b"#");
            !is_none && by_quotes(line, 0, format).1.is_some()
        })
        .collect()
}

/// All records of a text, read byte by byte.
fn reference(bytes: &[u8], format: Marks) -> Vec<Row> {
    let (mut rows, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let line = bytes[at..].split_inclusive(|byte| *byte == b'\n').next().unwrap();
        let is_comment = format == Marks::ZEEK && line.starts_with(b"#");
        if matches!(line, b"\n" | b"\r\n" | b"\r") || is_comment {
            at += line.len();
            continue;
        }
        let (mut end, mut fields) = by_quotes(bytes, at, format);
        let further = &bytes[(at + line.len()).min(end)..end];
        let has_count = |line: &[u8]| {
            // Text that is not UTF-8 counts here: its separators are where they are.
            let text = String::from_utf8_lossy(line).into_owned();
            !records_by_themselves(text.as_bytes(), format).is_empty()
        };
        if further.split_inclusive(|byte| *byte == b'\n').any(has_count) {
            (end, fields) = (at + line.len(), None);
        }
        let value = |text: &Vec<u8>, is_quoted: bool| {
            let is_null = !is_quoted && (text.is_empty() || format == Marks::ZEEK && text == b"-");
            (!is_null).then(|| text.clone())
        };
        let values = fields.map(|fields| {
            let quoted = |place: usize| starts_quoted(&bytes[at..end], place, format);
            [value(&fields[2], quoted(2)), value(&fields[0], quoted(0))]
        });
        rows.push((bytes[at..end].to_vec(), values));
        at = end;
    }
    rows
}

/// Whether a field of a record that can be read stands in quotes.
fn starts_quoted(record: &[u8], place: usize, format: Marks) -> bool {
    if format != Marks::CSV {
        return false;
    }
    let (mut fields, mut is_open, mut starts) = (0, false, true);
    for byte in record {
        if starts && fields == place {
            return *byte == b'"';
        }
        starts = false;
        is_open ^= *byte == b'"';
        if *byte == b',' && !is_open {
            fields += 1;
            starts = true;
        }
    }
    false
}

fn field() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => "[a-c\u{e9}]{0,15}".prop_map(String::into_bytes),
        2 => "[a #\r\\-]{0,3}".prop_map(String::into_bytes),
        2 => "\"([a,\n\r\t\u{e9}]|\"\"){0,14}\"".prop_map(String::into_bytes),
        2 => "[a\",\n\t\r]{0,4}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..3),
    ]
}

/// Texts of records of about three fields.
fn text(format: Marks) -> impl Strategy<Value = Vec<u8>> {
    let separator = if format == Marks::CSV { b"," } else { b"\t" };
    let change = prop_oneof![9 => Just(0), 1 => 1..3_usize];
    vec((vec(field(), 3), change, 0..9_usize), 0..6).prop_map(move |records| {
        let mut text = Vec::new();
        for (mut fields, change, end) in records {
            match change {
                1 => drop(fields.pop()),
                2 => fields.push(Vec::new()),
                _ => {}
            }
            text.extend(fields.join(separator.as_slice()));
            let ends = ["\n", "\n", "\n", "\n", "", "\r\n", "\r\n", "\n\n", "\n\r\n"];
            text.extend_from_slice(ends[end].as_bytes());
        }
        text
    })
}

fn format_and_text() -> impl Strategy<Value = (Marks, Vec<u8>)> {
    let format = proptest::sample::select(FORMATS.as_slice());
    format.prop_flat_map(|format| (Just(format), text(format)))
}

/// Well-formed records of one line each, one byte of some of which is struck out, put in or changed.
fn damaged() -> impl Strategy<Value = Vec<(String, bool)>> {
    let value = prop_oneof![
        3 => "[a-c\u{e9} ]{0,6}",
        1 => "\"([a,\u{e9}]|\"\"){0,6}\"",
    ];
    let damage =
        proptest::option::weighted(0.3, (any::<prop::sample::Index>(), 0..3_usize, "[a\",\r ]"));
    vec((vec(value, 3), damage), 1..8).prop_map(|records| {
        let line =
            |(fields, damage): (Vec<String>, Option<(prop::sample::Index, usize, String)>)| {
                let mut line = fields.join(",");
                let is_damaged = damage.is_some();
                if let Some((place, how, by)) = damage {
                    let places: Vec<usize> = line.char_indices().map(|(place, _)| place).collect();
                    let start = *place.get(&places);
                    let length = line[start..].chars().next().unwrap().len_utf8();
                    match how {
                        0 => line.replace_range(start..start + length, ""),
                        1 => line.insert_str(start, &by),
                        _ => line.replace_range(start..start + length, &by),
                    }
                }
                (line, is_damaged)
            };
        records.into_iter().map(line).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn records_are_read_as_byte_by_byte((format, text) in format_and_text()) {
        prop_assert_eq!(read(&text, format), reference(&text, format));
    }

    /// Whatever stands around it.
    #[test]
    fn a_line_that_is_a_record_by_itself_is_read_as_that((format, text) in format_and_text()) {
        let mut rows = read(&text, format).into_iter();
        for line in records_by_themselves(&text, format) {
            let found = rows.find(|(record, values)| record == line && values.is_some());
            let alone = read(line, format).remove(0);
            prop_assert_eq!(found.map(|(_, values)| values), Some(alone.1));
        }
    }

    #[test]
    fn damage_of_one_line_is_its_own(lines in damaged(), end in prop_oneof![Just("\n"), Just("\r\n")]) {
        let text: String = lines.iter().flat_map(|(line, _)| [line.as_str(), end]).collect();
        let mut rows = read(text.as_bytes(), Marks::CSV).into_iter();
        for (line, _) in lines.iter().filter(|(_, is_damaged)| !is_damaged) {
            let line = format!("{line}{end}");
            let alone = read(line.as_bytes(), Marks::CSV).remove(0);
            prop_assert!(alone.1.is_some());
            prop_assert!(rows.any(|row| row == alone), "{:?} of {:?}", line, text);
        }
    }

    #[test]
    fn a_text_cut_between_records_gives_the_same_records(
        (format, text) in format_and_text(),
        place in any::<prop::sample::Index>(),
    ) {
        let whole = read(&text, format);
        let (mut ends, mut at) = (vec![0], 0);
        while at < text.len() {
            at = record_end(&text, at, format, 3).unwrap_or_else(|| line_end(&text, at));
            ends.push(at);
        }
        let (first, second) = text.split_at(*place.get(&ends));
        prop_assert_eq!(whole, [read(first, format), read(second, format)].concat());
    }

    #[test]
    fn a_record_is_split_into_the_fields_that_its_columns_get((format, text) in format_and_text()) {
        for (record, values) in read(&text, format) {
            let fields = split(&record, format);
            if let Some([third, first]) = values {
                let fields = fields.unwrap();
                let is_same = |value: Option<Vec<u8>>, field: &String| match value {
                    Some(value) => value == field.as_bytes(),
                    None => field.is_empty() || field == "-",
                };
                prop_assert!(is_same(third, &fields[2]) && is_same(first, &fields[0]));
            }
        }
    }
}
