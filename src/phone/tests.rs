//! Known faults of others, by name; the examples, the two paths and the lists have files of their own.

mod agreement;
mod exact;
mod examples;
mod lists;

use std::path::PathBuf;

use super::*;
use crate::Kind;

/// The folder of real logs and examples that is not part of this repository.
fn shared_data() -> PathBuf {
    std::env::var_os("POINTILLIST_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    )
}

fn normaliser(region: &str) -> Normaliser {
    Normaliser::new((!region.is_empty()).then_some(region)).expect("a region of the library")
}

fn e164(region: &str, text: &str) -> Option<String> {
    normaliser(region).normalise(text).map(|number| {
        assert_eq!(number.number, digits_of(number.e164));
        number.e164.to_owned()
    })
}

fn country(region: &str, text: &str) -> &'static str {
    let mut normaliser = normaliser(region);
    let number = normaliser.normalise(text).expect("a valid number");
    number.country.map_or("other", |country| CallingCodes::shipped().name(country))
}

#[track_caller]
fn assert_e164(region: &str, text: &str, expected: &str) {
    assert_eq!(e164(region, text).as_deref(), Some(expected), "{text} dialled in {region}");
}

#[track_caller]
fn assert_refused(region: &str, text: &str) {
    assert_eq!(e164(region, text), None, "{text} dialled in {region}");
}

/// The digits of the text, read one by one.
fn digits_of(e164: &str) -> u64 {
    e164[1..].bytes().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

#[test]
fn numbers_with_their_calling_code_need_no_plus_where_the_region_is_the_world() {
    for text in
        ["+436641234567", "436641234567", "00436641234567", " 43 664 123-45-67 ", "436641234567.0"]
    {
        assert_e164(WORLD, text, "+436641234567");
        assert_eq!(normaliser(WORLD).number(text.as_bytes()).unwrap().0, 436_641_234_567, "{text}");
    }
    assert_e164(WORLD, "tel:+43-664-1234567", "+436641234567");
    // Where it is short, long, dialled in a country, or no number at all.
    for text in [
        "0664 1234567",
        "6641234567",
        "",
        "+",
        "00",
        "4366412345671234567",
        "4.36641E+11",
        "call me",
    ] {
        assert_refused(WORLD, text);
        assert_eq!(normaliser(WORLD).number(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn fault_3_leading_zeros_of_text_are_read_not_lost() {
    assert_e164("GB", "01234567890", "+441234567890");
    assert_e164("IT", "01234567890", "+3901234567890");
    assert_refused("IT", "1234567890");
    assert_refused("NL", "0870");
    assert_refused("NL", "0012");
}

#[test]
fn fault_10_plus_and_double_zero_are_one_person() {
    assert_e164("CZ", "+420777333444", "+420777333444");
    assert_e164("CZ", "00 420 777 333 444", "+420777333444");
    // Abroad is 011 in the United States, so 00 there begins no number.
    assert_refused("US", "0046701234567");
    assert_e164("US", "01146701234567", "+46701234567");
    assert_e164("SE", "0046701234567", "+46701234567");
}

#[test]
fn fault_11_a_number_without_plus_is_the_same_person() {
    for text in ["919876543210", "+919876543210", "9876543210"] {
        assert_e164("IN", text, "+919876543210");
    }
}

#[test]
fn a_number_that_was_written_as_a_float_is_itself_or_none() {
    for (region, text, expected) in [
        ("", "+4366412345678.0", "+4366412345678"),
        ("AT", "4366412345678.0", "+4366412345678"),
        ("AT", " 4366412345678.00 ", "+4366412345678"),
        ("US", "14155550123.0", "+14155550123"),
        ("US", "415.555.0123", "+14155550123"),
        ("US", "415.5550123", "+14155550123"),
        ("US", "1.4155550123", "+14155550123"),
        ("DE", "030.1234567", "+49301234567"),
        ("US", "1-800-FLOWERS", "+18003569377"),
    ] {
        assert_e164(region, text, expected);
    }
    for text in [
        "4366412345678.5",
        "+4366412345678.5",
        "43664123456.78",
        "4.366412345678E12",
        "4.36641E+12",
        "4,36641E+12",
        "+4.36641e+12",
        "436641234567e1",
        "-4366412345678",
        "\u{2212}4366412345678",
        "-4366412345678.0",
    ] {
        for region in ["", "AT", "US"] {
            assert_refused(region, text);
        }
    }
    // A comma begins an extension, and an extension is no part of the number.
    assert_e164("AT", "4366412345678,0", "+4366412345678");
    assert_refused("AT", "4,366,412,345,678");
}

#[test]
fn fault_12_a_number_too_long_is_refused_although_it_would_format() {
    assert_refused("US", "03432640000");
    assert_refused("US", "+103432640000");
}

#[test]
fn fault_13_a_leading_zero_that_must_stay_stays() {
    assert_e164("IT", "0464 565073", "+390464565073");
    assert_e164("IT", "335022670", "+39335022670");
    assert_e164("", "+378903549", "+3780549903549");
    assert_e164("CI", "0789881234", "+2250789881234");
    assert_e164("FR", "0612345678", "+33612345678");
}

#[test]
fn fault_14_junk_is_refused_before_anything_hashes_it() {
    assert_e164("FR", "0612345678", "+33612345678");
    assert_refused("FR", "1234");
    assert_refused("US", "1234");
    assert_refused("", "1234");
    assert_refused("", "0612345678");
}

#[test]
fn edges_of_text_are_refused_without_a_panic() {
    let long = "1".repeat(100_000);
    let signs = "+".repeat(1000);
    let digits_in_noise = format!("{}+14155550132", " ".repeat(300));
    for text in ["", " ", "+", "++", "+0", "+1", "é", "😀", "\0", &long, &signs, &digits_in_noise]
    {
        for region in ["", "US", "BY"] {
            assert_refused(region, text);
        }
    }
}

#[test]
fn a_context_before_the_scheme_is_refused_where_the_library_would_panic() {
    assert_refused("US", ";phone-context=+1;tel:");
    assert_refused("US", "650-253-0000;phone-context=+1;tel:2");
    assert_e164("", "tel:650-253-0000;phone-context=+1", "+16502530000");
}

#[test]
fn other_spellings_come_out_the_same() {
    for text in
        ["+1 (650) 253-0000", "1-650-253-0000", "650.253.0000 ext. 12", "＋１６５０２５３００００"]
    {
        assert_e164("US", text, "+16502530000");
    }
    assert_e164("", "+٣٣٦١٢٣٤٥٦٧٨", "+33612345678");
}

#[test]
fn a_result_that_reads_as_another_number_is_refused() {
    // Dialled in Belarus this is premium rate, but its E.164 text would lose the 8 when read again.
    assert_refused("BY", "08102239266");
    assert_refused("", "+3758102239266");
}

#[test]
fn the_country_comes_with_the_number_on_either_path() {
    for (text, expected) in [
        ("+12125550123", "US"),
        ("+1 212 555 0123", "US"),
        ("+14165550123", "CA"),
        ("+18765550123", "JM"),
        ("+18005550123", "US"),
        ("+79161234567", "RU"),
        ("+77012345678", "KZ"),
        ("+441481256789", "GG"),
        ("+442079460018", "GB"),
        ("+390669812345", "VA"),
        ("+2908123", "TA"),
        ("+80012345678", "other"),
        ("+870301234567", "other"),
    ] {
        assert_eq!(country("", text), expected, "{text}");
    }
}

#[test]
fn answers_stay_the_same_when_the_cache_was_full() {
    let mut normaliser = normaliser("US");
    for number in 0..150_000_u32 {
        let valid = number.is_multiple_of(3);
        let text = format!("{}650{:07}", if valid { "" } else { "0" }, 2_000_000 + number);
        let expected = valid.then(|| format!("+1650{:07}", 2_000_000 + number));
        let found = normaliser.normalise(&text).map(|found| found.e164.to_owned());
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn an_unknown_region_is_a_usage_error_that_names_the_field() {
    for region in ["", "us", "UK", "QQ", "ZZ", "001", "USA", "Ü", "12"] {
        let error = Normaliser::new(Some(region)).err().expect("not a region");
        assert_eq!(error.kind(), Kind::Usage);
        assert!(error.to_string().contains("default_region"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("ISO 3166")));
    }
}

#[test]
fn the_version_names_the_library_that_is_built_in() {
    let lock = include_str!("../../Cargo.lock");
    let (_, entry) = lock.split_once("name = \"rlibphonenumber\"\nversion = \"").expect("locked");
    let (version, _) = entry.split_once('"').expect("a version");
    assert_eq!(VERSION, format!("rlibphonenumber {version}, metadata 9.0.42"));
}
