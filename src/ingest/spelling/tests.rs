use proptest::prelude::*;

use super::*;

fn time(text: &str) -> Option<String> {
    match read(text) {
        Spelling::Time(time, offset) => {
            Some(format!("{time}{}", offset.map_or(String::new(), |offset| offset.to_string())))
        }
        _ => None,
    }
}

#[test]
fn what_could_mean_two_instants_is_asked_for_in_its_own_shape() {
    let several = |text: &str| match read(text) {
        Spelling::Several(formats) => formats.join(" or "),
        Spelling::NoYear(format) => format,
        other => format!("{other:?}"),
    };
    for (text, asked) in [
        ("03/02/2026 10:05:03", "%d/%m/%Y %H:%M:%S or %m/%d/%Y %H:%M:%S"),
        ("3.2.2026 9:05", "%d.%m.%Y %H:%M or %m.%d.%Y %H:%M"),
        ("02-03-26 10:05 pm", "%d-%m-%y %I:%M %p or %m-%d-%y %I:%M %p or %y-%m-%d %I:%M %p"),
        ("03/02/2026 10:05:03.123 +0100", "%d/%m/%Y %H:%M:%S%.f %z or %m/%d/%Y %H:%M:%S%.f %z"),
        ("02-Mar-26 10:05:03", "%d-%b-%y %H:%M:%S"),
        ("Mar  2 10:05:03", "%b %d %H:%M:%S"),
        ("2 March 10:05", "%d %b %H:%M"),
        ("03/02/2026-10:05:03.25", "%d/%m/%Y-%H:%M:%S%.f or %m/%d/%Y-%H:%M:%S%.f"),
        ("3/2/26, 10:05", "%d/%m/%y, %H:%M or %m/%d/%y, %H:%M"),
        ("03/02-10:05:03.25", "%m/%d-%H:%M:%S%.f"),
        ("03/02 10:05:03", "Nothing"),
    ] {
        assert_eq!(several(text), asked, "{text}");
    }
}

#[test]
fn what_is_no_time_is_nothing() {
    for text in [
        "",
        ":",
        "10:05:03",
        "a:b",
        "12:30 Mar",
        "2026-03-02 25:05:03",
        "2026-03-02 10:5:03",
        "2026-13-02 10:05",
        "32/Mar/2026:10:05:03",
        "0 Mar 2026 10:05",
        "2026-03-02 10:05:03 13:00",
        "2026-03-02 10:05:03 +0000 +0000",
        "2026-03-02 10:05:03 (UTC)",
        "2 Mar 2026 10:05:03 GMT5",
        "2 Mar 2026 10:05:03 UTCZ",
        "2026-03-02 13:05 PM",
        "2026-03-02 10:05:03 +24:00",
        "2026-03-02 10:05:03 +0060",
        "Mar 2 2026 10:05:03 2026",
        "2026-03-02 10:05:03.",
        "Xyz, 02 Mar 2026 10:05:03",
        "[2026/03/02 10:05:03",
        "0926 Mar 2 26 10:05",
        "é2:05 é",
        "10:05 é",
        "2026/03/02 10:05:03é",
    ] {
        assert_eq!(time(text), None, "{text}");
    }
}

#[test]
fn offsets_and_halves_of_a_day() {
    for (text, seen) in [
        ("2026/03/02 12:05 am", "2026-03-02T00:05:00"),
        ("2026/03/02 12:05PM", "2026-03-02T12:05:00"),
        ("2026/03/02T10:05:03Z", "2026-03-02T10:05:03+00"),
        ("2 March 2026 10:05:03.5 UTC", "2026-03-02T10:05:03.5+00"),
        ("Monday, March 2, 2026 10:05", "2026-03-02T10:05:00"),
        ("2026-Mar-02 10:05:03 +05:30", "2026-03-02T10:05:03+05:30"),
        ("Mon Mar 02 10:05:03 +0000 2026", "2026-03-02T10:05:03+00"),
    ] {
        assert_eq!(time(text).as_deref(), Some(seen), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_ends_the_process(text in "\\PC{0,40}", near in "[0-9:/ .,\\-\\[\\]TZMarpU+é]{0,40}") {
        let _ = (read(&text), read(&near));
    }
}
