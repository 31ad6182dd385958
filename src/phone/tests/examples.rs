//! One example number for each territory and type, with the answers of metadata 9.0.43.

use std::collections::HashMap;
use std::io::Write;

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
