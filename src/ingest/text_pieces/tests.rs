//! Files cut into pieces, against the same text read at once.

use std::io::Cursor;

use arrow_array::cast::AsArray;
use proptest::collection::vec;
use proptest::prelude::*;

use super::super::delimited::{ColumnPlaces, parse};
use super::*;

/// Hands out a few bytes at a time.
struct Trickle(Cursor<Vec<u8>>, usize);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(self.1);
        self.0.read(&mut buffer[..length])
    }
}

fn pieces(text: &[u8], marks: Marks, sizes: [usize; 3]) -> Vec<TextPiece> {
    let [trickle, piece_bytes, record_bytes] = sizes;
    let reader = Box::new(Trickle(Cursor::new(text.to_vec()), trickle));
    let pieces = TextPieces::of(
        PathBuf::from("x"),
        TextFormat::Separated(marks),
        reader,
        piece_bytes,
        record_bytes,
    );
    let columns = [(); 3].map(|()| String::new());
    pieces.unwrap().with_columns(&columns, &[]).collect::<Result<_>>().unwrap()
}

/// A record as it stands, whether it is malformed, and its middle field.
type Record = (Vec<u8>, bool, Option<Vec<u8>>);

fn records(piece: &Buffer, marks: Marks) -> Vec<Record> {
    let columns = ColumnPlaces { places: vec![None, Some(0), None], wanted: 1 };
    let is_utf8 = std::str::from_utf8(piece).is_ok();
    let raw = parse(piece, marks, &columns, is_utf8).finish(piece, &[true]).unwrap();
    let values = raw.columns[0].as_ref().unwrap().as_binary_view().clone();
    let values: Vec<_> = values.iter().map(|value| value.map(<[u8]>::to_vec)).collect();
    let records = raw.records.unwrap();
    let row = |(row, value): (usize, Option<Vec<u8>>)| {
        let is_malformed = records.malformed.contains(&row);
        (records.text(row).to_vec(), is_malformed, value)
    };
    values.into_iter().enumerate().map(row).collect()
}

#[test]
fn a_line_that_is_too_long_is_one_malformed_record() {
    let long = format!("a,b,{}\n", "x".repeat(300_000));
    for (last, rows) in [("", 2), ("4,5,6\n", 3)] {
        let text = format!("1,2,3\n{long}{last}");
        let cut = pieces(text.as_bytes(), Marks::CSV, [10_000, 1_000, 100_000]);
        let is_cut: Vec<bool> = cut.iter().map(|piece| piece.is_cut).collect();
        assert_eq!(is_cut, [false, true, false][..rows], "{last}");
        assert_eq!(cut[1].bytes.len(), KEPT_BYTES);
    }
}

/// A file may have thousands of headers, whose pieces are held together while a sample is taken.
#[test]
fn headers_cut_blocks_only_where_names_change_and_keep_no_room() {
    let head = |name: &str| format!("#fields\ta\tb\t{name}\n1\t2\t3\n");
    let alike = head("c").repeat(500);
    assert_eq!(pieces(alike.as_bytes(), Marks::ZEEK, [1 << 20, 1 << 19, 1 << 20]).len(), 1);
    let text = [head("c"), head("d")].concat().repeat(500);
    let cut = pieces(text.as_bytes(), Marks::ZEEK, [1 << 20, 1 << 19, 1 << 20]);
    assert_eq!(cut.len(), 1_000);
    let kept: usize = cut.iter().map(|piece| piece.bytes.capacity()).sum();
    assert!(kept <= 2 * text.len(), "{kept} bytes for {}", text.len());
}

#[test]
fn a_header_ends_in_a_line_feed() {
    for (text, expected) in [
        ("a,b\n1", Some("a,b")),
        ("a,b\r\n1", Some("a,b")),
        ("\u{feff}a,b", Some("a,b")),
        ("a,b\r1,2\r3,4", None),
        ("a,b\r1,2\n3,4\n", None),
    ] {
        let reader = Box::new(Cursor::new(text.as_bytes().to_vec()));
        let mut pieces = TextPieces::of(
            PathBuf::from("x"),
            TextFormat::Separated(Marks::CSV),
            reader,
            100,
            1_000,
        )
        .unwrap();
        let line = pieces.take_line();
        match expected {
            Some(expected) => assert_eq!(line.unwrap().unwrap(), expected.as_bytes()),
            None => assert!(line.err().unwrap().to_string().contains("carriage return")),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn blocks_give_the_records_of_the_whole(
        lines in vec(
            prop_oneof![
                4 => "[ab]{0,3},[ab]{0,3},[ab]{0,3}",
                2 => "[ab]{0,3},\"([ab,\n]|\"\"){0,9}\",[ab]{0,3}",
                1 => "[ab]{0,3},\"([ab,\n]|\\\\[a\"\\\\]){0,9}\",[ab]{0,3}",
                1 => "[ab\",\r]{0,6}",
                1 => "#[ab\",]{0,6}",
            ],
            0..12,
        ),
        format in proptest::sample::select(vec![
            Marks::CSV,
            Marks { escape: Some(b'\\'), ..Marks::CSV },
            Marks::TSV,
            Marks::ZEEK,
        ]),
        is_closed in any::<bool>(),
        trickle in 1..9_usize,
        piece_bytes in 1..60_usize,
    ) {
        let separator = if format.separator == Some(b',') { "," } else { "\t" };
        let mut text = lines.join("\n").replace(',', separator);
        if is_closed {
            text.push('\n');
        }
        let cut = pieces(text.as_bytes(), format, [trickle, piece_bytes, 100_000]);
        let joined: Vec<u8> = cut.iter().flat_map(|piece| piece.bytes.to_vec()).collect();
        prop_assert_eq!(&joined, text.as_bytes());
        let whole = records(&Buffer::from_slice_ref(text.as_bytes()), format);
        let apart: Vec<_> = cut.iter().flat_map(|piece| records(&piece.bytes, format)).collect();
        prop_assert_eq!(whole, apart);
    }

    /// Bounds of a few bytes lose no record that keeps within them.
    #[test]
    fn short_records_are_read_whatever_stands_among_them(
        lines in vec(prop_oneof![3 => "[ab]{1,3},[ab]{1,3},[ab]{1,3}", 1 => "[a\",]{0,60}"], 0..12),
        trickle in 1..9_usize,
        piece_bytes in 1..60_usize,
    ) {
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        let cut = pieces(text.as_bytes(), Marks::CSV, [trickle, piece_bytes, 20]);
        let whole = cut.iter().filter(|piece| !piece.is_cut);
        let mut seen = whole.flat_map(|piece| records(&piece.bytes, Marks::CSV));
        for line in lines.iter().filter(|line| line.split(',').count() == 3 && !line.contains('"')) {
            let line = format!("{line}\n");
            let is_read = |(record, is_malformed, _): Record| {
                !is_malformed && record == line.as_bytes()
            };
            prop_assert!(line.len() > 20 || seen.any(is_read));
        }
    }
}
