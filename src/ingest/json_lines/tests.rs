//! Lines as logs have them, and lines as nobody should write them, against the other parser.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::ingest::odd;

type Columns = Vec<Vec<Option<String>>>;

fn names() -> Vec<String> {
    ["a", "b", "\u{e9}t\u{e9}"].map(str::to_owned).to_vec()
}

fn values(columns: &[ArrayRef]) -> Columns {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let column = |column: &ArrayRef| match column.as_binary_view_opt() {
        Some(column) => column.iter().map(|value| value.map(text)).collect(),
        None => column.as_string_view().iter().map(|value| value.map(str::to_owned)).collect(),
    };
    columns.iter().map(column).collect()
}

fn read(text: &str, odd: impl FnOnce(&[u8]) -> Option<Vec<ArrayRef>>) -> Option<Columns> {
    let (rows, columns) = parse(&Buffer::from_slice_ref(text.as_bytes()), &names(), odd)?;
    assert!(columns.iter().all(|column| column.len() == rows));
    Some(values(&columns))
}

#[test]
fn usual_lines_are_read_here() {
    let text = "{\"a\":\"x\",\"b\":12,\"other\":-0.50}\n\n \r\n\
                { \"b\" : true , \"c\" : \"\\\"\\\\\", \"a\" : null }\r\n\
                {}\n{\"b\":0.1,\"a\":1575413122.764317,\"\u{e9}t\u{e9}\":\"a name beyond a view\"}";
    let column = |values: [Option<&str>; 4]| values.map(|value| value.map(str::to_owned)).to_vec();
    assert_eq!(
        read(text, |_| unreachable!()),
        Some(vec![
            column([Some("x"), None, None, Some("1575413122.764317")]),
            column([Some("12"), Some("true"), None, Some("0.1")]),
            column([None, None, None, Some("a name beyond a view")]),
        ])
    );
}

#[test]
fn only_odd_lines_are_put_aside_and_their_values_come_back_in_place() {
    let lines = [
        "{\"a\":\"1\"}",
        "{\"a\":\"\\u0032\"}",
        "{\"a\":\"3\"}",
        "{\"a\":{\"b\":4}}",
        "{\"a\":\"x\",\"a\":\"5\"}",
        "{\"a\":6.0}",
        "{\"c\":[{},\"x\", {\"a\":[]}],\"a\":\"7\",\"d\":\"\\u00e9\\n\"}",
        "{\"c\":\"\\ud83d\\ude00\",\"a\":\"8\"}",
    ];
    let mut aside = String::new();
    let seen = read(&lines.join("\n"), |odd| {
        aside = String::from_utf8(odd.to_vec()).unwrap();
        odd::json(odd, &names())
    });
    assert_eq!(
        aside.lines().collect::<Vec<_>>(),
        [lines[1], lines[3], lines[4], lines[5], lines[7]]
    );
    let some = |text: &str| Some(text.to_owned());
    let first = &seen.unwrap()[0];
    assert_eq!(
        *first,
        [some("1"), some("2"), some("3"), None, some("x"), some("6"), some("7"), some("8")]
    );
    for broken in ["{\"a\":\"1\"", "[1]", "{\"a\":01}", "{\"a\":\"1\"} x", "{\"a\":\"\u{1}\"}"] {
        assert_eq!(read(broken, |odd| odd::json(odd, &names())), None, "{broken}");
    }
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

    /// Blocks are read and refused as they are by the other parser alone.
    #[test]
    fn both_parsers_read_alike(
        lines in vec(line(), 0..5),
        repeats in 1..3_usize,
        spoilt in proptest::option::weighted(0.2, (any::<prop::sample::Index>(), "[a\"{},:\\\\ \n\u{1}\u{e9}0]")),
    ) {
        let mut text = format!("{}\n", lines.join("\n")).repeat(repeats);
        if let Some((place, by)) = spoilt {
            let (start, letter) = *place.get(&text.char_indices().collect::<Vec<_>>());
            text.replace_range(start..start + letter.len_utf8(), &by);
        }
        let plain = read(&text, |odd| odd::json(odd, &names()));
        let other = odd::json(text.as_bytes(), &names()).map(|columns| values(&columns));
        prop_assert_eq!(plain, other);
    }
}
