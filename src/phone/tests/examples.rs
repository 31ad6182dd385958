//! One example number for each territory and type: of a public list, with the answers of metadata
//! 9.0.43, where it is there, and those that the library holds itself everywhere.

use std::collections::HashMap;
use std::io::Write;

use rlibphonenumber::{PhoneNumberFormat, PhoneNumberType, PhoneNumberUtil};

use super::{normaliser, shared_data};

/// Rows on which the newer metadata of the file says invalid, and the metadata in this program valid.
const NEWER: [(&str, &str); 3] = [("BJ", "85751234"), ("BJ", "81123456"), ("ZW", "1312345")];

const ROWS: usize = 1144;

#[test]
fn every_example_number_comes_out_right() {
    let path = shared_data().join("real/phone/examples.csv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        // Written past the test runner, which keeps what a passing test prints to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no example numbers at {}", path.display());
        return;
    };
    let mut lines = text.lines();
    let header = lines.next().expect("a header").split(',').collect::<Vec<_>>();
    let (mut rows, mut newer) = (0, 0);
    let mut normalisers = HashMap::new();
    for line in lines {
        let fields = header.iter().copied().zip(line.split(',')).collect::<HashMap<_, _>>();
        // Calling codes of no country stand under region 001, in which nothing can be dialled.
        let region = Some(fields["region"]).filter(|&region| region != "001").unwrap_or_default();
        let is_newer = NEWER.contains(&(fields["region"], fields["nsn"]));
        for (written, parsed, valid, dialled_in) in [
            ("e164_expected", "parsed_from_e164", "valid_from_e164", ""),
            ("e164_expected", "parsed_from_e164", "valid_from_e164", region),
            ("e164_expected", "parsed_from_e164", "valid_from_e164", "US"),
            ("national_dialled", "parsed_from_national", "valid_from_national", region),
        ] {
            let normaliser =
                normalisers.entry(dialled_in).or_insert_with(|| normaliser(dialled_in));
            let found = normaliser.normalise(fields[written]).map(|number| number.e164);
            let expected = (fields[valid] == "1" || is_newer).then_some(fields[parsed]);
            assert_eq!(found, expected, "{written} in {dialled_in:?} of {line}");
        }
        rows += 1;
        newer += usize::from(is_newer);
    }
    assert_eq!((rows, newer), (ROWS, NEWER.len()));
}

/// The types that territories have numbers of.
const TYPES: [PhoneNumberType; 10] = [
    PhoneNumberType::FixedLine,
    PhoneNumberType::Mobile,
    PhoneNumberType::TollFree,
    PhoneNumberType::PremiumRate,
    PhoneNumberType::SharedCost,
    PhoneNumberType::VoIP,
    PhoneNumberType::PersonalNumber,
    PhoneNumberType::Pager,
    PhoneNumberType::UAN,
    PhoneNumberType::VoiceMail,
];

#[test]
fn every_example_of_the_library_is_one_number_however_it_is_written() {
    let library = PhoneNumberUtil::new().unwrap();
    let (mut seen, mut refused) = (0, Vec::new());
    for region in library.get_supported_regions() {
        let region_name = region.to_string();
        let (mut of_region, mut of_none) = (normaliser(&region_name), normaliser(""));
        for kind in TYPES {
            let Ok(number) = library.get_example_number_for_type_and_region(region, kind) else {
                continue;
            };
            let written = |format| library.format(&number, format).into_owned();
            let e164 = written(PhoneNumberFormat::E164);
            let (national, international) =
                (written(PhoneNumberFormat::National), written(PhoneNumberFormat::International));
            for (is_dialled, text) in
                [(false, &e164), (false, &international), (true, &e164), (true, &national)]
            {
                let normaliser = if is_dialled { &mut of_region } else { &mut of_none };
                let found = normaliser.normalise(text).map(|found| found.e164.to_owned());
                match found {
                    Some(found) => assert_eq!(found, e164, "{text} in {region_name}"),
                    None => refused.push(format!("{region_name} {text}")),
                }
                seen += 1;
            }
        }
    }
    assert!(seen > 3_500, "{seen}");
    assert_eq!(refused, Vec::<String>::new(), "of {seen}");
}
