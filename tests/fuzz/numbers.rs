//! Phone numbers: both ways of reading one agree, and what comes out is read as itself.

use pointillist::phone::{CallingCodes, Normaliser};

use crate::chance::Chance;
use crate::damage::damage;
use crate::watched::Target;

const WORDS: [&str; 24] = [
    "+",
    "00",
    "011",
    "tel:",
    ";ext=12",
    " ",
    "-",
    "/",
    "(0)",
    ".",
    ".0",
    "E+11",
    "x",
    "\u{ff0b}",
    "\u{661}",
    "\u{a0}",
    "\u{200b}",
    "+1",
    "+44",
    "+39 0",
    "+378",
    "#",
    "*",
    "phone-context=",
];
const SEEDS: [&str; 10] = [
    "+14155550123",
    "0664 1234567",
    "020 7946 0999",
    "+39 0464 565073",
    "tel:+43-664-1234567",
    "436641234567.0",
    "+8101234567890",
    "(415) 555-0123",
    "+49 (0) 30 123456",
    "+3780549903549",
];

pub(crate) fn target() -> Target {
    let regions: Vec<&str> =
        CallingCodes::rows().map(|(_, region)| region).filter(|region| region.len() == 2).collect();
    let mut plain = Normaliser::new(None).unwrap();
    Box::new(move |chance| {
        let region = if chance.once_in(4) { None } else { Some(chance.of(&regions)) };
        // Regions that have no numbers of their own are refused.
        let Ok(mut of_region) = Normaliser::new(region) else { return };
        for _ in 0..200 {
            one(chance, &mut of_region, &mut plain);
        }
    })
}

fn one(chance: &mut Chance, of_region: &mut Normaliser, plain: &mut Normaliser) {
    let mut bytes = chance.of(&SEEDS).as_bytes().to_vec();
    let other = chance.of(&SEEDS);
    damage(chance, &mut bytes, &WORDS, other.as_bytes());
    let number = of_region.number(&bytes);
    let Ok(text) = std::str::from_utf8(&bytes) else {
        assert!(number.is_none(), "{bytes:?}");
        return;
    };
    let known =
        of_region.normalise(text).map(|known| (known.e164.to_owned(), known.number, known.country));
    assert_eq!(number, known.as_ref().map(|(_, number, country)| (*number, *country)), "{text:?}");
    if let Some((e164, number, country)) = known {
        assert_eq!(e164, format!("+{number}"), "{text:?}");
        let again = plain.normalise(&e164).map(|again| (again.e164.to_owned(), again.country));
        assert_eq!(again, Some((e164, country)), "{text:?}");
    }
}
