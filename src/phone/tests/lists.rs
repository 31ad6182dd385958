//! What the two shipped lists promise, checked row by row.

use std::collections::{HashMap, HashSet};

use super::super::calling_codes::CallingCodes;
use super::super::fast_path;
use super::super::seven_digits::{Canvas, Leading};

fn country_of(digits: &str) -> &'static str {
    let codes = CallingCodes::shipped();
    codes.country_of(digits.as_bytes()).map_or("other", |country| codes.name(country))
}

/// Reads `prefix=country` pairs apart by spaces.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split_whitespace().map(|pair| pair.split_once('=').expect("a pair"))
}

fn rows() -> Vec<(&'static str, &'static str)> {
    CallingCodes::rows().collect()
}

#[test]
fn calling_codes_are_sorted_unique_prefixes_of_one_to_seven_digits() {
    let lines = CallingCodes::csv().lines().collect::<Vec<_>>();
    assert_eq!(lines[0], "code,country");
    assert_eq!(lines.len(), rows().len() + 1, "every line is a row");
    assert!(rows().windows(2).all(|pair| pair[0].0 < pair[1].0), "sorted as text, none twice");
    for (code, country) in rows() {
        assert!(
            (1..=7).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit()),
            "{code}"
        );
        assert!(!code.starts_with('0'), "{code}");
        let iso = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        assert!(iso || country == "other", "{country}");
    }
}

#[test]
fn countries_are_sorted_distinct_and_lack_other() {
    let codes = CallingCodes::shipped();
    assert!(codes.countries().windows(2).all(|pair| pair[0] < pair[1]));
    assert!(!codes.countries().contains(&"other"));
    let listed = rows().iter().map(|row| row.1).collect::<HashSet<_>>();
    assert_eq!(codes.countries().len(), listed.len() - 1);
}

#[test]
fn the_longest_row_decides_for_every_row_and_the_digits_around_it() {
    let rows = rows();
    for (code, country) in &rows {
        assert_eq!(country_of(code), *country, "{code} alone");
        for digits in [format!("{code:0<12}"), format!("{code:9<12}")] {
            let below = rows.iter().filter(|row| digits.starts_with(row.0));
            let longest = below.max_by_key(|row| row.0.len()).expect("at least the row itself");
            assert_eq!(country_of(&digits), longest.1, "{digits}");
        }
    }
}

#[test]
fn north_america_and_kazakhstan_have_their_area_rows() {
    let rows = rows().into_iter().collect::<HashMap<_, _>>();
    for (code, country) in pairs(
        "1=US 1212=US 1907=US 1808=US 1416=CA 1867=CA 1242=BS 1246=BB 1264=AI 1268=AG 1284=VG \
         1340=VI 1345=KY 1441=BM 1473=GD 1649=TC 1658=JM 1664=MS 1670=MP 1671=GU 1684=AS \
         1721=SX 1758=LC 1767=DM 1784=VC 1787=PR 1809=DO 1829=DO 1849=DO 1868=TT 1869=KN \
         1876=JM 1939=PR 7=RU 77=KZ",
    ) {
        assert_eq!(rows.get(code), Some(&country), "{code}");
    }
}

#[test]
fn codes_of_no_country_are_other() {
    let rows = rows().into_iter().collect::<HashMap<_, _>>();
    for code in ["800", "808", "870", "878", "881", "882", "883", "888", "979"] {
        assert_eq!(rows.get(code), Some(&"other"), "{code}");
    }
}

#[test]
fn shared_codes_are_distinguished_as_far_as_seven_digits_can() {
    for (digits, country) in pairs(
        "441534123456=JE 441624123456=IM 447781123456=GG 447911123456=GG 447911223456=GB \
         4722123456=NO 4779000000=SJ 35818123456=AX 358401234567=FI 61891621234=CC \
         61891641234=CX 61212345678=AU 212528812345=EH 212650123456=MA 262269601234=YT \
         262639012345=YT 262692123456=RE 5997151234=BQ 59995181234=CW 29022158=SH 2908999=TA \
         39066981234=VA 390212345678=IT 590690001234=GP",
    ) {
        assert_eq!(country_of(digits), country, "{digits}");
    }
}

#[test]
fn short_and_foreign_digits_have_the_country_of_the_longest_prefix_or_none() {
    for (digits, country) in [
        ("", "other"),
        ("0", "other"),
        ("1", "US"),
        ("12", "US"),
        ("1204", "CA"),
        ("44", "GB"),
        ("441481", "GG"),
        ("44148", "GB"),
        ("999", "other"),
        ("0000000", "other"),
        ("2102345678", "other"),
        ("4x", "other"),
        ("44148é", "other"),
        ("441481é000", "other"),
        ("+44148125", "other"),
    ] {
        assert_eq!(country_of(digits), country, "{digits}");
    }
    assert_eq!(CallingCodes::shipped().country_of(&[0xFF, 0xFE]), None);
}

#[test]
fn fast_rows_are_sorted_runs_of_prefixes_that_do_not_overlap() {
    let csv = include_str!("../../../data/e164_fast.csv");
    assert_eq!(csv.lines().next(), Some("first,last,digits"));
    assert_eq!(csv.lines().count(), fast_path::rows().count() + 1, "every line is a row");
    let mut ends = HashMap::new();
    let mut rows = fast_path::rows().collect::<Vec<_>>();
    assert!(rows.windows(2).all(|pair| pair[0] < pair[1]), "sorted as text, none twice");
    rows.sort_by_key(|row| format!("{:0<7}", row.0));
    for (first, last, digits) in rows {
        let prefix = (1..=7).contains(&first.len()) && first.len() == last.len() && first <= last;
        assert!(prefix && first.len() <= digits, "{first} {last} {digits}");
        assert!(first.bytes().chain(last.bytes()).all(|b| b.is_ascii_digit()));
        let (first, last) = (format!("{first:0<7}"), format!("{last:9<7}"));
        if let Some(end) = ends.insert(digits, last) {
            assert!(end < first, "{first} of {digits} digits begins before {end} ends");
        }
    }
}

#[test]
fn equal_stretches_are_stored_once_and_every_prefix_keeps_its_value() {
    let mut canvas = Canvas::blank();
    canvas.paint("0", "9", |cell| *cell = 1);
    canvas.paint("1234567", "1234569", |cell| *cell += 1);
    canvas.paint("44", "45", |cell| *cell = 7);
    for nothing in ["", "x", "12345678", "-1", "+1"] {
        canvas.paint(nothing, nothing, |cell| *cell = 9);
    }
    let table = canvas.compress();
    assert_eq!(table.distinct_stretches(), 3);
    for (digits, value) in [
        (*b"+0000000", 1),
        (*b"+9999999", 1),
        (*b"+1234566", 1),
        (*b"+1234567", 2),
        (*b"+1234569", 2),
        (*b"+1234570", 1),
        (*b"+4399999", 1),
        (*b"+4400000", 7),
        (*b"+4599999", 7),
        (*b"+4600000", 1),
    ] {
        let (leading, _) = Leading::behind_sign(digits, digits, 0).expect("digits");
        assert_eq!(table.at(leading), value, "{digits:?}");
    }
}

#[test]
fn bytes_beside_the_digits_are_no_digits() {
    let text = *b"+012345678901234";
    for (byte, place) in (u8::MIN..=u8::MAX).flat_map(|byte| (0..16).map(move |at| (byte, at))) {
        let mut bytes = text;
        bytes[place] = byte;
        let is_fitting = if place == 0 { byte == b'+' } else { byte.is_ascii_digit() };
        for more in 0..=8 {
            let text = &bytes[..8 + more];
            let words = (text.first_chunk().unwrap(), text.last_chunk().unwrap());
            let read = Leading::behind_sign(*words.0, *words.1, more);
            assert_eq!(read.is_some(), is_fitting || place >= text.len(), "{byte} at {place}");
            if let Some((leading, rest)) = read {
                let digits = std::str::from_utf8(&text[1..]).unwrap();
                assert_eq!(leading.followed_by(rest, more), digits.parse::<u64>().unwrap());
            }
        }
    }
}

#[test]
fn the_shipped_tables_stay_small_enough_for_their_indices() {
    let stretches = fast_path::FastPath::shipped().distinct_stretches();
    assert!(stretches < usize::from(u16::MAX), "{stretches}");
    assert!(CallingCodes::shipped().distinct_stretches() < usize::from(u16::MAX));
}
