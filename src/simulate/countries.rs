//! Where simulated people live: countries, their clocks and their numbering plans.
//!
//! The table is `data/simulated_homes.csv`, a row for each home; its shares add up to 1000. They are
//! invented but plausible for a messenger. Every number that a plan can write is valid in its
//! country: the prefixes were chosen so that no later digit makes a number invalid (checked with
//! libphonenumber's metadata). A number may belong to a real person by chance.

use std::sync::LazyLock;

const CSV: &str = include_str!("../../data/simulated_homes.csv");

/// All countries, the largest first.
pub(super) static COUNTRIES: LazyLock<Vec<Country>> = LazyLock::new(countries);

/// A country: its calling code, its businesses and the parts with a clock of their own.
#[derive(Debug)]
pub(super) struct Country {
    /// ISO 3166 alpha-2.
    pub(super) name: &'static str,
    /// Calling code without `+`.
    pub(super) code: &'static str,
    /// Numbers of businesses and services.
    pub(super) services: Plan,
    /// Share of the people that the messenger reaches.
    pub(super) registered: f64,
    /// Median latency of a lookup from there, in milliseconds.
    pub(super) latency: f64,
    pub(super) homes: Vec<Home>,
}

/// A part of a country with one clock and prefixes of its own.
#[derive(Debug)]
pub(super) struct Home {
    /// Share of all people, in thousandths.
    pub(super) share: u16,
    /// IANA time zone.
    pub(super) zone: &'static str,
    pub(super) numbers: Plan,
}

/// National numbers: one of the prefixes, then `digits` digits of which the first is at least
/// `lead`.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) prefixes: Vec<&'static str>,
    pub(super) lead: u8,
    pub(super) digits: u8,
}

impl Plan {
    /// How many numbers share one prefix.
    pub(super) fn per_prefix(&self) -> u32 {
        10_u32.pow(u32::from(self.digits) - 1) * (10 - u32::from(self.lead))
    }

    /// How many numbers the plan can write.
    pub(super) fn capacity(&self) -> u32 {
        let prefixes = u32::try_from(self.prefixes.len()).unwrap_or(0);
        self.per_prefix().saturating_mul(prefixes)
    }
}

fn countries() -> Vec<Country> {
    let mut countries: Vec<Country> = Vec::new();
    for (country, home) in CSV.lines().skip(1).filter_map(row) {
        match countries.last_mut().filter(|last| last.name == country.name) {
            Some(last) => last.homes.push(home),
            None => countries.push(Country { homes: vec![home], ..country }),
        }
    }
    countries
}

/// The country of a row, still without its homes, and the home; a test reads every row.
fn row(line: &'static str) -> Option<(Country, Home)> {
    let mut fields = line.split(',');
    let mut next = || fields.next();
    let country = Country {
        name: next()?,
        code: next()?,
        registered: next()?.parse().ok()?,
        latency: next()?.parse().ok()?,
        services: plan(next()?, next()?, next()?)?,
        homes: Vec::new(),
    };
    let (share, zone) = (next()?.parse().ok()?, next()?);
    Some((country, Home { share, zone, numbers: plan(next()?, next()?, next()?)? }))
}

fn plan(prefixes: &'static str, lead: &str, digits: &str) -> Option<Plan> {
    let (lead, digits) = (lead.parse().ok()?, digits.parse().ok()?);
    Some(Plan { prefixes: prefixes.split(' ').collect(), lead, digits })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_the_shares_add_up() {
        let homes: Vec<&Home> = COUNTRIES.iter().flat_map(|country| &country.homes).collect();
        assert_eq!((COUNTRIES.len(), homes.len()), (20, 26));
        assert_eq!(CSV.lines().count(), homes.len() + 1);
        assert_eq!(homes.iter().map(|home| u32::from(home.share)).sum::<u32>(), 1_000);
    }
}
