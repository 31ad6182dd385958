//! Lines as logs have them, and badly written lines, against the fallback.

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// The values of each column, and the rows that are malformed.
type Read = (Vec<Vec<Option<String>>>, Vec<usize>);

/// Of three columns the second says who asked, and about whom.
fn wanted() -> Wanted {
    let names = ["a", "b", "\u{e9}t\u{e9}"].map(str::to_owned).to_vec();
    Wanted { names, requester: 1, target: 1, ..Wanted::nothing() }
}

fn read(text: &[u8]) -> Read {
    let piece = Buffer::from_slice_ref(text);
    let rows = parse(&piece, &wanted(), std::str::from_utf8(text).is_ok());
    let raw = rows.finish(&piece, &[true; 3]).unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let column = |column: &Option<ArrayRef>| -> Vec<_> {
        let column = column.as_ref().unwrap().as_binary_view();
        column.iter().map(|value| value.map(text)).collect()
    };
    (raw.columns.iter().map(column).collect(), raw.malformed().to_vec())
}

/// The same by the fallback alone.
fn read_by_fallback(text: &[u8]) -> Read {
    let (mut columns, mut malformed) = (vec![Vec::new(); 3], Vec::new());
    let filled = |line: &&[u8]| !line.iter().all(|byte| b" \t\r".contains(byte));
    for (row, line) in text.split(|byte| *byte == b'\n').filter(filled).enumerate() {
        let is_text = std::str::from_utf8(line).is_ok();
        let texts = is_text.then(|| json_fallback::texts(line, &wanted())).flatten();
        if texts.is_none() {
            malformed.push(row);
        }
        for (column, text) in columns.iter_mut().zip(texts.unwrap_or(vec![None; 3])) {
            column.push(text);
        }
    }
    (columns, malformed)
}

fn is_plain(line: &str) -> bool {
    let wanted = wanted();
    let bytes = line.as_bytes();
    let mut lines = Lines { bytes, at: 0, wanted: &wanted, labels: Vec::new(), next: 0 };
    lines.line(&mut [Value::Missing; 3]).is_some()
}

fn texts<const N: usize>(values: [Option<&str>; N]) -> Vec<Option<String>> {
    values.map(|value| value.map(str::to_owned)).to_vec()
}

#[test]
fn usual_lines_are_read_at_once() {
    let text = "{\"a\":\"x\",\"b\":12,\"other\":-0.50}\n\n \r\n\
                { \"b\" : true , \"c\" : \"\\\"\\\\\", \"a\" : null }\r\n\
                {}\n{\"b\":7,\"a\":1575413122.764317,\"\u{e9}t\u{e9}\":\"a name beyond a view\"}";
    assert!(text.lines().all(is_plain));
    let columns = vec![
        texts([Some("x"), None, None, Some("1575413122.764317")]),
        texts([Some("12"), Some("true"), None, Some("7")]),
        texts([None, None, None, Some("a name beyond a view")]),
    ];
    assert_eq!(read(text.as_bytes()), (columns, vec![]));
}

#[test]
fn the_fallback_reads_escapes_nested_values_repeated_names_and_numbers_in_other_forms() {
    let lines = [
        "{\"a\":\"1\"}",
        "{\"a\":\"\\u0032\"}",
        "{\"a\":\"3\"}",
        "{\"a\":{\"b\":4}}",
        "{\"a\":\"x\",\"a\":\"5\"}",
        "{\"a\":6.0}",
        "{\"c\":[{},\"x\", {\"a\":[]}],\"a\":\"7\",\"d\":\"\\u00e9\\n\"}",
        "{\"c\":\"\\ud83d\\ude00\",\"a\":\"8\"}",
        "{\"a\":1.5e3}",
        "{\"a\":14155550001e0}",
        "{\"a\":18446744073709551615}",
    ];
    let is_left: Vec<bool> = lines.iter().map(|line| !is_plain(line)).collect();
    let left = [1, 3, 4, 5, 7, 8, 9, 10];
    assert_eq!(is_left, std::array::from_fn::<_, 11, _>(|line| left.contains(&line)));
    let (columns, malformed) = read(lines.join("\n").as_bytes());
    let expected = texts([
        Some("1"),
        Some("2"),
        Some("3"),
        None,
        Some("5"),
        Some("6"),
        Some("7"),
        Some("8"),
        Some("1500"),
        Some("14155550001"),
        Some("18446744073709551615"),
    ]);
    assert_eq!((&columns[0], malformed), (&expected, vec![]));
}

#[test]
fn an_identifier_is_exact_or_absent_however_its_line_is_written() {
    for (number, expected) in [
        ("4366412345678", Some("4366412345678")),
        ("4366412345678.0", Some("4366412345678")),
        ("4.366412345678e12", Some("4366412345678")),
        ("9007199254740993", Some("9007199254740993")),
        ("18446744073709551615", Some("18446744073709551615")),
        ("18446744073709551616", None),
        ("9007199254740993.0", None),
        ("12.5", None),
        ("1e300", None),
        ("-7", Some("-7")),
    ] {
        for other in ["1", "\"\\u0031\""] {
            let (columns, malformed) = read(format!("{{\"a\":{other},\"b\":{number}}}").as_bytes());
            assert_eq!((&columns[1], malformed), (&texts([expected]), vec![]), "{number} {other}");
        }
    }
}

#[test]
fn a_line_that_is_no_object_is_malformed_and_the_next_one_is_read() {
    let deep = |depth: usize| format!("{{\"c\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    for bad in [
        "{\"a\":\"1\"",
        "[1]",
        "1",
        "{\"a\":01}",
        "{\"a\":\"1\"} x",
        "{\"a\":\"1\"}{\"a\":\"1\"}",
        "{\"a\":\"\u{1}\"}",
        "{\"c\":\"\\ud83d\"}",
        "{\"a\":\"1\",}",
        "{a:1}",
        "{\"a\":\"1",
        &deep(200),
        &deep(100_000),
    ] {
        let text = format!("{{\"a\":\"1\"}}\n{bad}\n\n{{\"a\":\"3\"}}\n{bad}");
        let (columns, malformed) = read(text.as_bytes());
        let expected = texts([Some("1"), None, Some("3"), None]);
        assert_eq!((&columns[0], malformed), (&expected, vec![1, 3]), "{bad:.40}");
    }
    assert_eq!(read(deep(100).as_bytes()).1, Vec::<usize>::new());
    let (columns, malformed) = read(b"{\"a\":\"1\"}\n{\"c\":\"\xff\"}\n{\"a\":\"3\"}\n\xff\n  \n");
    assert_eq!((&columns[0], malformed), (&texts([Some("1"), None, Some("3"), None]), vec![1, 3]));
}

fn single() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\"[a-z\u{e9} +{]{0,16}\"",
        1 => "\"([a]|\\\\[\"\\\\/bfnrtu0]){0,4}\"",
        1 => "\"(\\\\u[0-9a-fA-FdD]{3,4}){1,2}\"",
        2 => "-?[0-9]{1,20}",
        2 => "-?[0-9]{1,12}\\.[0-9]{1,12}",
        1 => "-?[0-9]{1,4}(\\.[0-9]{1,4})?[eE][+-]?[0-9]{1,3}",
        2 => proptest::sample::select(vec!["true", "false", "null"]).prop_map(str::to_owned),
        1 => proptest::sample::select(vec!["{\"a\":1}", "[1, \"x\"]", "[]", "{}", "nul", "", "+1"])
            .prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = String> {
    single().prop_recursive(3, 6, 3, |inner| {
        let space = proptest::sample::select(vec!["", "", " ", "\t\r"]);
        (vec(inner, 0..3), space, 0..5_usize).prop_map(|(values, space, kind)| {
            let comma = format!("{space},{space}");
            if kind == 0 {
                return format!("[{space}{}{space}]", values.join(&comma));
            }
            let member = |value: &String| format!("\"a\"{space}:{space}{value}");
            let members: Vec<String> = values.iter().map(member).collect();
            format!("{{{space}{}{space}}}", members.join(&comma))
        })
    })
}

fn line() -> impl Strategy<Value = String> {
    let name = proptest::sample::select(vec!["a", "b", "\u{e9}t\u{e9}", "c", "", "d", "\\u0061"]);
    let space = || proptest::sample::select(vec!["", "", "", " ", "\t", "  ", "\r"]);
    let member = (name, value(), space(), space()).prop_map(|(name, value, before, after)| {
        format!("{before}\"{name}\"{after}:{before}{value}{after}")
    });
    (vec(member, 0..4), space())
        .prop_map(|(members, space)| format!("{space}{{{}}}{space}", members.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// Pieces are read as they are by the fallback alone.
    #[test]
    fn both_readers_agree(
        lines in vec(line(), 0..5),
        repeats in 1..3_usize,
        spoilt in proptest::option::weighted(0.2, (any::<prop::sample::Index>(), "[a\"{},:\\\\ \n\u{1}\u{e9}0]")),
        is_text in proptest::bool::weighted(0.9),
    ) {
        let mut text = format!("{}\n", lines.join("\n")).repeat(repeats);
        if let Some((place, by)) = spoilt {
            let (start, letter) = *place.get(&text.char_indices().collect::<Vec<_>>());
            text.replace_range(start..start + letter.len_utf8(), &by);
        }
        let mut text = text.into_bytes();
        if !is_text {
            text.extend_from_slice(b"{\"c\":\"\xff\"}");
        }
        prop_assert_eq!(read(&text), read_by_fallback(&text));
    }
}
