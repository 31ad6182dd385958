//! `ledger show`: what each day may spend, has spent and has left, and what it adds up to.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::ToSpan;
use serde_json::{Map, Value, json};

use crate::Result;
use crate::cli::output::Output;
use crate::ledger::{Balance, Entry, Ledger, State, Which};
use crate::pipeline::losses;
use crate::release::epsilon_of;
use crate::release_file::privacy_loss::NanoRho;
use crate::release_file::unit::Unit;
use crate::release_file::window::Day;

/// The spans of days for which losses are added up.
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
    let others = others(ledger, &entries)?;
    let blocks = blocks(&balances, others.as_ref(), &mut converter)?;
    let spent: Vec<_> = balances.iter().map(|(day, balance)| (*day, balance.spent)).collect();
    let totals = totals(&spent, &mut converter)?;
    let other_totals = match &others {
        Some(others) => others.totals(&mut converter)?,
        None => Part {
            text: "  pairs and targets: left out, there are too many entries to add up here\n"
                .to_owned(),
            objects: Vec::new(),
        },
    };
    let object = json!({
        "unit": terms.unit,
        "epsilon": terms.epsilon,
        "delta": terms.delta,
        "time_zone": terms.time_zone,
        "blocks": blocks.objects,
        "requester_totals": totals.objects,
        "other_totals": other_totals.objects,
        "entries": entries.iter().map(listed).collect::<Vec<_>>(),
    });
    let who = if terms.unit == Unit::PersonDay.word() { "person" } else { "requester" };
    let mut text = format!(
        "Each block is one event day in {}. Budget of a block: epsilon {} at delta {}, unit {}.\n\n\
         block        budget rho   spent rho    left rho     spent epsilon\n{}\n\
         Everything published so far, over several days (a {who}; then a contact pair and a target\n\
         that are looked up that often each day):\n{}{}\n\
         Newest entries, {newest} at most:\nentry  state      charge rho   release, blocks\n",
        terms.time_zone,
        terms.epsilon.value(),
        terms.delta.value(),
        terms.unit,
        blocks.text,
        totals.text,
        other_totals.text,
    );
    for entry in &entries {
        let blocks: Vec<String> = entry.blocks.iter().map(ToString::to_string).collect();
        let (id, charge, release) = (entry.id.0, entry.charge, &entry.release);
        let (state, blocks) = (entry.state.to_string(), blocks.join(" "));
        line(&mut text, &format!("{id:<5}  {state:<9}  {charge}  {release}, {blocks}"));
    }
    output.result(&object, &text);
    Ok(())
}

/// A part of a statement as text and as JSON.
#[derive(Default)]
struct Part {
    text: String,
    objects: Vec<Value>,
}

/// What each block may spend, has spent and has left.
fn blocks(
    balances: &[(Day, Balance)],
    others: Option<&Others>,
    converter: &mut Converter,
) -> Result<Part> {
    let mut part = Part::default();
    for (day, balance) in balances {
        let epsilon = converter.epsilon(balance.spent)?;
        part.objects.push(json!({
            "block": day,
            "budget_nano_rho": balance.budget,
            "spent_nano_rho": balance.spent,
            "left_nano_rho": balance.left,
            "spent_epsilon": epsilon,
            "key_delta_spent_atto": balance.key_delta_spent,
            "key_delta_left_atto": balance.key_delta_left,
            "others": others.map(|others| others.of_block(*day, converter)).transpose()?,
        }));
        let Balance { budget, spent, left, .. } = balance;
        line(&mut part.text, &format!("{day}   {budget}  {spent}  {left}  {epsilon:>12.4}"));
    }
    Ok(part)
}

/// What a requester or person has lost at most over each span of days.
fn totals(spent: &[(Day, NanoRho)], converter: &mut Converter) -> Result<Part> {
    let mut part = Part::default();
    for (days, words) in SPANS {
        let most = most_within(spent, days);
        let epsilon = converter.epsilon(most)?;
        part.objects.push(json!({ "days": days, "most_nano_rho": most, "epsilon": epsilon }));
        let words = format!("  any {words:<9} at most rho {most}, epsilon {epsilon:.3}");
        line(&mut part.text, &words);
    }
    Ok(part)
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
        let epsilon = epsilon_of(rho, self.delta);
        self.known.insert(rho, epsilon);
        Ok(epsilon)
    }
}

/// Above this number of entries a statement does not add up what they cost pairs and targets.
const MOST_ENTRIES: u64 = 20_000;

/// What was spent on contact pairs and targets, block by block.
struct Others {
    spent: Vec<(String, Vec<(Day, NanoRho)>)>,
}

fn others(ledger: &Ledger, newest: &[Entry]) -> Result<Option<Others>> {
    if newest.iter().any(|entry| entry.id.0 > MOST_ENTRIES) {
        return Ok(None);
    }
    let mut spent: BTreeMap<(u32, String), BTreeMap<Day, u64>> = BTreeMap::new();
    for entry in ledger.entries(Which::All)? {
        let Some(losses) = losses(&entry).filter(|_| entry.state != State::Void) else { continue };
        let pair = (0, "a contact pair, one lookup".to_owned(), losses.contact_pair);
        let targets = losses.target.iter().map(|(lookups, nano)| {
            let plural = if *lookups == 1 { "lookup" } else { "lookups" };
            (*lookups, format!("a target of {lookups} {plural}"), *nano)
        });
        for (order, who, nano) in std::iter::once(pair).chain(targets) {
            let blocks = spent.entry((order, who)).or_default();
            for block in &entry.blocks {
                let sum = blocks.entry(*block).or_default();
                *sum = sum.saturating_add(nano.nano());
            }
        }
    }
    let listed = spent.into_iter().map(|((_, who), blocks)| {
        (who, blocks.into_iter().map(|(day, nano)| (day, NanoRho::new(nano))).collect())
    });
    Ok(Some(Others { spent: listed.collect() }))
}

impl Others {
    /// What each of them has lost at most over each span of days.
    fn totals(&self, converter: &mut Converter) -> Result<Part> {
        let mut part = Part::default();
        for (who, spent) in &self.spent {
            let mut figures = Map::new();
            let mut words = Vec::new();
            for (days, span) in [(1, "one day"), SPANS[0], SPANS[1]] {
                let most = most_within(spent, days);
                let epsilon = converter.epsilon(most)?;
                words.push(format!("{span} {epsilon:.3}"));
                figures.insert(days.to_string(), json!({ "nano_rho": most, "epsilon": epsilon }));
            }
            line(&mut part.text, &format!("  {who}: epsilon at most {}", words.join(", ")));
            part.objects.push(json!({ "who": who, "days": figures }));
        }
        Ok(part)
    }

    /// The figures of one block.
    fn of_block(&self, day: Day, converter: &mut Converter) -> Result<Vec<Value>> {
        self.spent
            .iter()
            .filter_map(|(who, blocks)| {
                let place = blocks.binary_search_by_key(&day, |(block, _)| *block).ok()?;
                Some((who, blocks.get(place)?.1))
            })
            .map(|(who, nano)| {
                let epsilon = converter.epsilon(nano)?;
                Ok(json!({ "who": who, "nano_rho": nano, "epsilon": epsilon }))
            })
            .collect()
    }
}

/// The most that is spent within any span of `days` consecutive days.
fn most_within(blocks: &[(Day, NanoRho)], days: i64) -> NanoRho {
    let (mut most, mut sum, mut first) = (0_u64, 0_u64, 0_usize);
    for (day, spent) in blocks {
        sum = sum.saturating_add(spent.nano());
        while let Some((oldest, spent)) = blocks.get(first) {
            let end = oldest.date().checked_add(days.days());
            if end.is_ok_and(|end| end > day.date()) {
                break;
            }
            sum = sum.saturating_sub(spent.nano());
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

    #[test]
    fn a_span_holds_its_days_and_no_more() {
        let spent = |day: &str, nano: u64| (day.parse::<Day>().unwrap(), NanoRho::new(nano));
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
