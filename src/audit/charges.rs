//! What released days were charged, what their files say, and what happens when they are run again.

use std::collections::BTreeMap;

use serde_json::Value;

use super::days::{Days, balance};
use super::finding::Finding;
use super::statistics::{gaussian_delta, gaussian_epsilon};
use super::world::World;
use crate::pipeline::Done;
use crate::plan::kinds::PrefixPlaces;
use crate::plan::{FoundPrefixes, Plan};
use crate::release::class_numbers;
use crate::{Error, Result};

const SUM: &str = "published tables against the charge";

/// Compares what the published files list with the charge and with the ledger.
pub(super) fn check(world: &World<'_>, days: &Days) -> Result<Vec<Finding>> {
    let mut wrong: Vec<String> = Vec::new();
    let mut most = 0.0_f64;
    for released in &days.released {
        let files = days.files(released)?;
        let manifest = files.iter().find(|file| file.path.starts_with("_manifest/"));
        let manifest = manifest.ok_or_else(|| Error::internal("a release has no manifest"))?;
        let facts: Value = serde_json::from_slice(&manifest.bytes)
            .map_err(|_| Error::internal("a manifest cannot be read"))?;
        let sums = Listed::of(&facts);
        let charge = facts["charge_rho"].as_f64().unwrap_or(0.0);
        most = most.max(sums.rho / charge);
        wrong.extend(sums.wrong);
        let balance = balance(&days.ledger, released.bounds.day())?;
        if (balance.spent.rho() - charge).abs() > 1e-12 || balance.budget < balance.spent {
            wrong.push("the ledger charged the day another amount".to_owned());
        }
        if sums.key_delta > balance.key_delta_spent.delta() * (1.0 + 1e-9) {
            wrong.push("prefixes may be found with more delta than was charged".to_owned());
        }
        let stated = facts["guarantee"]["one_day"]["epsilon"].as_f64().unwrap_or(0.0);
        let delta = world.release_file.ledger.conversion_delta();
        if stated < gaussian_epsilon((2.0 * charge).sqrt(), delta) * (1.0 - 1e-9) {
            wrong.push("the stated epsilon is smaller than what the charge gives".to_owned());
        }
        if !is_planned_from_the_look(world, released)? {
            wrong.push("the plan is not what the published look leads to".to_owned());
        }
    }
    let subject = format!("{} days", days.released.len());
    Ok(vec![
        Finding::none_wrong(SUM, subject, &wrong, "all agree"),
        Finding::between(SUM, "sum of rho, in charges", most, [0.999, 1.0 + 1e-9], 0.0),
        budget(world),
    ])
}

/// What a manifest's list of tables adds up to.
#[derive(Default)]
struct Listed {
    rho: f64,
    key_delta: f64,
    wrong: Vec<String>,
}

impl Listed {
    fn of(facts: &Value) -> Self {
        let mut listed = Self::default();
        let mut classes: BTreeMap<u64, f64> = BTreeMap::new();
        for table in facts["measured_tables"].as_array().into_iter().flatten() {
            let number = |name: &str| table[name].as_f64().unwrap_or(0.0);
            let rho = number("rho");
            // What a Gaussian of this scale costs, worked out here.
            let own = (number("sensitivity") / number("noise_scale")).powi(2) / 2.0;
            if rho < own * (1.0 - 1e-12) || rho > own + 2e-9 {
                listed.wrong.push(format!("{} states another rho than it costs", table["name"]));
            }
            match table["class"].as_u64() {
                Some(class) => *classes.entry(class).or_default() += rho,
                None => listed.rho += rho,
            }
            listed.key_delta += number("key_delta");
        }
        listed.rho += classes.into_values().fold(0.0, f64::max);
        listed
    }
}

/// A block's budget, by the curve as it is computed here.
fn budget(world: &World<'_>) -> Finding {
    let terms = &world.release_file.ledger;
    let budget = crate::release::budget_of(terms.epsilon, terms.conversion_delta());
    let mu = (2.0 * budget.rho()).sqrt();
    let delta = gaussian_delta(mu, terms.epsilon.value()) + terms.key_delta.delta();
    Finding::at_most("delta of a day's budget", "ledger", delta, terms.delta.value(), 0.0)
}

/// Whether the tables of a day follow from its noisy look and found prefixes alone.
fn is_planned_from_the_look(world: &World<'_>, released: &super::days::Released) -> Result<bool> {
    let drawn = &released.drawn;
    let numbers = class_numbers(&drawn.look).map(|class| class.number);
    let planned = world.planned(&numbers, &found(&drawn.plan))?;
    Ok(planned.plan.tables == drawn.plan.tables
        && planned.priced.iter().zip(&drawn.tables).all(|(one, other)| one == other.priced()))
}

/// The prefixes that a plan counts by.
pub(super) fn found(plan: &Plan) -> FoundPrefixes {
    let of_question = |(question, places): (&String, &PrefixPlaces)| {
        (question.clone(), places.keys().copied().collect())
    };
    plan.prefix_places.iter().map(of_question).collect()
}

/// Runs released days again, in the same process and with the ledger opened again.
pub(super) fn check_again(world: &World<'_>, days: &mut Days) -> Result<Vec<Finding>> {
    let head_and_spent = |days: &Days| -> Result<(String, u64)> {
        let spent = days.ledger.balances()?.iter().map(|(_, balance)| balance.spent.nano()).sum();
        Ok((days.ledger.verify()?.head, spent))
    };
    let before = head_and_spent(days)?;
    let mut wrong = Vec::new();
    let days_bounds: Vec<_> = days.released.iter().map(|day| day.bounds.clone()).collect();
    let published = |days: &Days| -> Result<Vec<_>> {
        days.released.iter().map(|released| days.files(released)).collect()
    };
    let bytes = published(days)?;
    for bounds in days_bounds.iter().take(5) {
        let again = days.run(world, bounds)?;
        if again.done != Done::AlreadyDone || again.drawn.is_some() {
            wrong.push("a released day was drawn again");
        }
    }
    if published(days)? != bytes {
        wrong.push("what is stored of a day changed");
    }
    if head_and_spent(days)? != before {
        wrong.push("running a day again changed the ledger");
    }
    Ok(vec![Finding::none_wrong("running again", "released days", &wrong, "nothing changes")])
}
