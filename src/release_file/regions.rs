//! The shipped list of regions: the UN M49 region of every country that a number can have.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::keys::OTHER;

const CSV: &str = include_str!("../../data/regions.csv");

/// The region of a country by its ISO 3166 alpha-2 code; `other` for what is not on the list.
pub fn region_of(country: &str) -> &'static str {
    static REGIONS: OnceLock<HashMap<&str, &str>> = OnceLock::new();
    REGIONS.get_or_init(|| rows().collect()).get(country).copied().unwrap_or(OTHER)
}

/// The rows of the list: a country and its region.
fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    CSV.lines().skip(1).filter_map(|line| line.split_once(','))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::CallingCodes;

    #[test]
    fn every_country_of_the_calling_codes_has_one_region_and_no_other_is_listed() {
        assert_eq!(CSV.lines().next(), Some("country,region"));
        assert_eq!(CSV.lines().count(), rows().count() + 1, "every line is a row");
        let countries: Vec<&str> = rows().map(|row| row.0).collect();
        assert_eq!(countries, CallingCodes::shipped().countries(), "sorted, none twice");
        let mut regions: Vec<&str> = rows().map(|row| row.1).collect();
        regions.sort_unstable();
        regions.dedup();
        assert_eq!(regions, ["Africa", "Americas", "Asia", "Europe", "Oceania"]);
    }

    #[test]
    fn regions_are_those_of_m49() {
        // Where geography and politics could be taken apart: the list of the United Nations decides.
        for (country, region) in [
            ("RU", "Europe"),
            ("TR", "Asia"),
            ("CY", "Asia"),
            ("KZ", "Asia"),
            ("EG", "Africa"),
            ("GL", "Americas"),
            ("MX", "Americas"),
            ("IO", "Africa"),
            ("CX", "Oceania"),
            ("FK", "Americas"),
            ("RE", "Africa"),
            ("other", "other"),
            ("ZZ", "other"),
        ] {
            assert_eq!(region_of(country), region, "{country}");
        }
    }
}
