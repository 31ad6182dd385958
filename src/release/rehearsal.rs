//! A day of a given size, imagined before anything is spent: which tables its look would ask for, and
//! how wide the intervals of its answers would be.
//!
//! Requesters' lookups are lognormal, as those of the simulator are: the busiest tenth makes about
//! two thirds of them. Every value of a key is equally likely. The answers are those of the
//! estimators that a real day has, from tables whose noise happens to be zero, so that their
//! intervals are what noise and model of such a day give.

use super::draw::{NoisyTable, PricedTable};
use super::estimate::{Answers, NoisyNumbers, answers, class_numbers, looking_empty};
use crate::plan::kinds::{CLASSES, Hat, SHAPE_ONE, nodes};
use crate::plan::{Contribution, FoundPrefixes, Plan, Role, Split, kept};
use crate::release_file::ReleaseFile;
use crate::release_file::lattice::LATTICE_ONE;
use crate::{Error, Result};

/// The spread of the logarithm of lookups per requester.
const SPREAD: f64 = 1.6;
/// The size of the sample of requesters that stands for all of them.
const SAMPLE: u32 = 4_000;

/// How many lookups and requesters a day has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Lookups in all.
    pub lookups: f64,
    /// Requesters in all.
    pub requesters: f64,
}

/// An imagined day.
pub struct Rehearsal {
    /// How many requesters each class of activity has.
    pub numbers: [f64; CLASSES],
    /// The tables that the look would ask for.
    pub tables: Vec<PricedTable>,
    /// The answers.
    pub answers: Answers,
    /// How likely it is that the look of such a day shows nobody, so that nothing is published.
    pub empty: f64,
}

/// Imagines a day of this load; draws nothing and reads no logs.
///
/// # Errors
/// Refused, when the budget is too small; usage, for keys that cannot be laid out.
pub fn rehearse(release_file: &ReleaseFile, split: &Split, load: Load) -> Result<Rehearsal> {
    let people = people(load);
    let numbers = numbers(&people, load);
    let look = Plan::of_look(release_file, split)?.tables.into_iter().next();
    let look = PricedTable::new(look.ok_or_else(|| Error::internal("a plan has no look"))?)?;
    let seen: NoisyNumbers = numbers.map(|number| (number, look.noise_sd()));
    let planned = class_numbers(&seen).map(|class| class.number);
    let plan = Plan::of_day(release_file, split, &planned, &FoundPrefixes::new())?;
    let tables: Vec<PricedTable> =
        plan.tables.iter().cloned().map(PricedTable::new).collect::<Result<_>>()?;
    let imagined = |(priced, cells): (&PricedTable, &u32)| {
        let cell = steps(cell(priced, *cells, &people, &numbers));
        NoisyTable::imagined(priced.clone(), vec![cell; *cells as usize])
    };
    let noisy: Vec<NoisyTable> = tables.iter().zip(&plan.sizes()).map(imagined).collect();
    let answers = answers(&release_file.questions, &plan, &seen, &noisy)?;
    Ok(Rehearsal { numbers, tables, answers, empty: looking_empty(&seen) })
}

/// What each cell of a table would hold, in requesters.
fn cell(priced: &PricedTable, cells: u32, people: &People, numbers: &[f64; CLASSES]) -> f64 {
    let count = f64::from(cells.max(1));
    let all = people.requesters;
    let of_class = priced.table.class().map_or(all, |class| numbers[class]);
    match (&priced.table.role, &priced.table.contribution) {
        // Half of the lookups are taken to have a number, in the middle of the range or far down in
        // a long one.
        (Role::Sums { .. }, _) => {
            let level = if priced.table.clip.contributions() < 1.0 { 0.01 } else { 0.5 };
            of_class / 2.0 / count * level
        }
        (_, Contribution::Presence(presence)) => {
            let least = f64::from(presence.at_least);
            // Where several lookups are needed, a requester counts if its lookups, spread evenly
            // over the cells, are enough in each.
            let occupied = |lookups: &f64| match *lookups {
                lookups if least > 1.0 => f64::from(lookups / count >= least),
                lookups => 1.0 - (1.0 - 1.0 / count).powf(lookups),
            };
            people.lookups.iter().map(occupied).sum::<f64>() * people.each()
        }
        (Role::Shapes, _) => {
            let clip = priced.table.clip.contributions();
            of_class * if priced.table.axes.is_empty() { 1.0 } else { kept(clip) } / count
        }
        _ => all / count,
    }
}

/// Requesters who stand for all of a day.
struct People {
    /// How many lookups each of them has.
    lookups: Vec<f64>,
    /// How many requesters the day has.
    requesters: f64,
}

impl People {
    /// How many requesters each of them stands for.
    fn each(&self) -> f64 {
        self.requesters / self.lookups.len() as f64
    }
}

/// The requesters of a load.
fn people(load: Load) -> People {
    let mean = (load.lookups / load.requesters).max(1.0);
    // Nobody has less than one lookup, so the middle of the logarithms lies a little lower.
    let places = (0..SAMPLE).map(|place| (f64::from(place) + 0.5) / f64::from(SAMPLE));
    let normals: Vec<f64> = places.map(normal).collect();
    let of =
        |middle: f64| normals.iter().map(move |normal| (middle + SPREAD * normal).exp().max(1.0));
    let (mut low, mut high) = (-40.0_f64, mean.ln());
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        let average = of(middle).sum::<f64>() / f64::from(SAMPLE);
        if average < mean { low = middle } else { high = middle }
    }
    People { lookups: of(high).map(f64::round).collect(), requesters: load.requesters }
}

/// How many requesters are in each class, those between two classes in part. Rounding to whole
/// lookups, and requesters beyond the last class, put the sum of lookups off by a few in 100, so
/// the numbers are scaled until all classes together have the lookups of the load.
fn numbers(people: &People, load: Load) -> [f64; CLASSES] {
    let mut numbers = [0.0; CLASSES];
    for lookups in &people.lookups {
        for (class, weight) in Hat::of(whole(*lookups)).weights() {
            numbers[class] += weight as f64 / SHAPE_ONE as f64 * people.each();
        }
    }
    let lookups: f64 =
        nodes().iter().zip(numbers).map(|(node, number)| *node as f64 * number).sum();
    numbers.map(|number| number * load.lookups / lookups.max(1e-12))
}

/// The number below which a standard normal lies with this probability.
fn normal(below: f64) -> f64 {
    let (mut low, mut high) = (-10.0_f64, 10.0_f64);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if libm::erfc(-middle / std::f64::consts::SQRT_2) / 2.0 < below {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least one")]
fn whole(lookups: f64) -> u64 {
    lookups.round() as u64
}

#[expect(clippy::cast_possible_truncation, reason = "conversions stop at the ends")]
fn steps(requesters: f64) -> i64 {
    (requesters * LATTICE_ONE as f64).round() as i64
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::release_file::privacy_loss::NanoRho;

    #[test]
    fn the_classes_of_a_load_have_its_lookups() {
        for (lookups, requesters) in [(1e6, 2e5), (3_000.0, 600.0), (1e6, 1e6), (1e7, 1e3)] {
            let load = Load { lookups, requesters };
            let numbers = numbers(&people(load), load);
            let sum: f64 =
                nodes().iter().zip(numbers).map(|(node, number)| *node as f64 * number).sum();
            assert!((sum / lookups - 1.0).abs() < 1e-9, "{lookups} {requesters}: {sum}");
        }
    }

    #[test]
    fn requesters_are_as_many_as_the_load_has() {
        let text = r#"
name = "people"
[logs]
path = "*.csv"
[ledger]
path = "people.ledger"
epsilon = 1.0
delta = 1e-6
[[question]]
name = "requesters"
distinct = "requester"
[[question]]
name = "activity"
histogram = "lookups per requester"
"#;
        let release_file = ReleaseFile::parse(text, "people.toml", Path::new(".")).unwrap();
        let split = Split::new(&release_file, NanoRho::new(20_000_000)).unwrap();
        for (lookups, requesters) in [(1e5, 3e4), (1e6, 1e4)] {
            let imagined = rehearse(&release_file, &split, Load { lookups, requesters }).unwrap();
            for answer in &imagined.answers.questions {
                let sum: f64 = answer.numbers("value").unwrap().into_iter().flatten().sum();
                assert!((sum / requesters - 1.0).abs() < 0.01, "{lookups} {requesters}: {sum}");
            }
        }
    }
}
