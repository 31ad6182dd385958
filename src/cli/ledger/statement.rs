//! `ledger show`: what each day may spend, has spent and has left, and what it adds up to.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::ToSpan;
use serde_json::{Value, json};

use crate::Result;
use crate::cli::output::Output;
use crate::ledger::{Balance, Entry, Ledger, Which};
use crate::release::epsilon_of;
use crate::spec::privacy_loss::NanoRho;
use crate::spec::window::Day;

/// The spans that totals are told for, in days.
const SPANS: [(i64, &str); 2] = [(30, "30 days"), (365, "365 days")];

/// Shows a ledger; the JSON depends on its content alone.
///
/// # Errors
/// I/O, when the ledger cannot be read; internal, when a loss cannot be converted.
pub(super) fn show(ledger: &Ledger, newest: u32, output: &Output) -> Result<()> {
    let terms = ledger.terms();
    let delta = terms.delta.value() - terms.key_delta.atto() as f64 / 1e18;
    let mut converter = Converter { delta, known: BTreeMap::new() };
    let balances = ledger.balances()?;
    let entries = ledger.entries(Which::Newest(newest))?;
    let mut blocks: Vec<Value> = Vec::new();
    let mut rows = String::new();
    for (day, balance) in &balances {
        let epsilon = converter.epsilon(balance.spent)?;
        blocks.push(json!({
            "block": day,
            "budget_nano_rho": balance.budget,
            "spent_nano_rho": balance.spent,
            "left_nano_rho": balance.left,
            "spent_epsilon": epsilon,
        }));
        line(
            &mut rows,
            &format!(
                "{day}   {}  {}  {}  {epsilon:>12.4}",
                balance.budget, balance.spent, balance.left
            ),
        );
    }
    let mut totals: Vec<Value> = Vec::new();
    let mut sums = String::new();
    for (days, words) in SPANS {
        let most = most_within(&balances, days);
        let epsilon = converter.epsilon(most)?;
        totals.push(json!({ "days": days, "most_nano_rho": most, "epsilon": epsilon }));
        line(&mut sums, &format!("  any {words:<9} at most rho {most}, epsilon {epsilon:.3}"));
    }
    let object = json!({
        "unit": terms.unit,
        "epsilon": terms.epsilon,
        "delta": terms.delta,
        "time_zone": terms.time_zone,
        "blocks": blocks,
        "requester_totals": totals,
        "entries": entries.iter().map(listed).collect::<Vec<_>>(),
    });
    let mut text = format!(
        "Each block is one event day in {}. Budget of a block: epsilon {} at delta {}, unit {}.\n\n",
        terms.time_zone,
        terms.epsilon.value(),
        terms.delta.value(),
        terms.unit
    );
    line(&mut text, "block        budget rho   spent rho    left rho     spent epsilon");
    text.push_str(&rows);
    line(&mut text, "\nOne requester over several days, everything published so far:");
    text.push_str(&sums);
    line(
        &mut text,
        &format!(
            "\nNewest entries, {newest} at most:\nentry  state      charge rho   release, blocks"
        ),
    );
    for entry in &entries {
        let blocks: Vec<String> = entry.blocks.iter().map(ToString::to_string).collect();
        let state = entry.state.to_string();
        line(
            &mut text,
            &format!(
                "{:<5}  {state:<9}  {}  {}, {}",
                entry.id.0,
                entry.charge,
                entry.release,
                blocks.join(" ")
            ),
        );
    }
    output.result(&object, &text);
    Ok(())
}

/// Converts each distinct loss once.
struct Converter {
    delta: f64,
    known: BTreeMap<NanoRho, f64>,
}

impl Converter {
    fn epsilon(&mut self, rho: NanoRho) -> Result<f64> {
        if let Some(epsilon) = self.known.get(&rho) {
            return Ok(*epsilon);
        }
        let epsilon = epsilon_of(rho, self.delta)?;
        self.known.insert(rho, epsilon);
        Ok(epsilon)
    }
}

/// The most that is spent within any span of so many consecutive days.
fn most_within(balances: &[(Day, Balance)], days: i64) -> NanoRho {
    let (mut most, mut sum, mut first) = (0_u64, 0_u64, 0_usize);
    for (day, balance) in balances {
        sum = sum.saturating_add(balance.spent.nano());
        while let Some((oldest, spent)) = balances.get(first) {
            let end = oldest.date().checked_add(days.days());
            if end.is_ok_and(|end| end > day.date()) {
                break;
            }
            sum = sum.saturating_sub(spent.spent.nano());
            first += 1;
        }
        most = most.max(sum);
    }
    NanoRho::new(most)
}

fn listed(entry: &Entry) -> Value {
    json!({
        "entry": entry.id.0,
        "release": entry.release,
        "blocks": entry.blocks,
        "state": entry.state.to_string(),
        "charge_nano_rho": entry.charge,
    })
}

fn line(text: &mut String, content: &str) {
    // Writing to a string cannot fail.
    let _infallible = writeln!(text, "{content}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::privacy_loss::AttoDelta;

    #[test]
    fn a_span_holds_its_days_and_no_more() {
        let spent = |day: &str, nano: u64| {
            let balance = Balance {
                budget: NanoRho::new(100),
                spent: NanoRho::new(nano),
                left: NanoRho::new(100 - nano),
                key_delta_budget: AttoDelta::ZERO,
                key_delta_spent: AttoDelta::ZERO,
                key_delta_left: AttoDelta::ZERO,
            };
            (day.parse::<Day>().unwrap(), balance)
        };
        let balances = [
            spent("2026-01-01", 5),
            spent("2026-01-30", 7),
            spent("2026-01-31", 4),
            spent("2026-06-01", 11),
        ];
        // 1 and 30 January lie within 30 days, 1 and 31 January do not.
        assert_eq!(most_within(&balances, 30).nano(), 12);
        assert_eq!(most_within(&balances, 1).nano(), 11);
        assert_eq!(most_within(&balances, 365).nano(), 27);
        assert_eq!(most_within(&[], 30), NanoRho::ZERO);
    }
}
