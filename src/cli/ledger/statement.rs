//! `ledger show`: what each day may spend, has spent and has left, and what it adds up to.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::Result;
use crate::cli::output::Output;
use crate::ledger::{Balance, Cap, Entry, Ledger, State, Terms, Which, costliest};
use crate::pipeline::losses;
use crate::release::epsilon_of;
use crate::release_file::day::Day;
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};
use crate::release_file::unit::Unit;
use crate::words::{short_delta, short_epsilon};

/// The spans of days for which losses are added up.
const SPANS: [(i32, &str); 2] = [(30, "30 days"), (365, "365 days")];

/// Shows a ledger; the JSON depends on its content alone.
pub(super) fn show(ledger: &Ledger, newest: u32, output: &Output) -> Result<()> {
    let terms = ledger.terms();
    let mut converter = Converter { delta: terms.conversion_delta(), known: BTreeMap::new() };
    let balances = ledger.balances()?;
    let entries = ledger.entries(Which::Newest(newest))?;
    let others = others(ledger, &entries)?;
    let blocks = blocks(&balances, others.as_ref(), &mut converter);
    let totals = totals(&balances, &mut converter);
    let has_keys = balances.iter().any(|(_, balance)| balance.key_delta_spent != AttoDelta::ZERO);
    let other_totals = match &others {
        Some(others) => others.totals(has_keys, &mut converter),
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
        "conversion": terms.conversion,
        "cap_of_30_days": ledger.cap(),
        "time_zone": terms.time_zone,
        "blocks": blocks.objects,
        "requester_totals": totals.objects,
        "other_totals": other_totals.objects,
        "entries": entries.iter().map(listed).collect::<Vec<_>>(),
    });
    let who = if terms.unit == Unit::PersonDay.word() { "person" } else { "requester" };
    let mut text = format!(
        "Each block is one day of the logs in {}. Budget of a block: epsilon {} at delta {}, unit {}.\n{}\n\
         block        budget rho   spent rho    left rho     spent epsilon  at delta\n{}\n\
         The most that may be known from everything published so far, over several days: of a {who}; then\n\
         of a pair that is in contact once each day, and of a target that is looked up as often as stated each\n\
         day:\n{}{}\n\
         Newest entries, {newest} at most:\nentry  state      spent rho    release, blocks\n",
        terms.time_zone,
        terms.epsilon.value(),
        short_delta(terms.delta.value()),
        terms.unit,
        ledger.cap().map_or_else(String::new, |cap| cap_line(&cap, terms)),
        blocks.text,
        totals.text,
        other_totals.text,
    );
    for entry in &entries {
        let blocks: Vec<String> = entry.blocks.iter().map(ToString::to_string).collect();
        let (id, spent, release) = (entry.id.0, entry.spent(), &entry.release);
        let (state, blocks) = (entry.state.to_string(), blocks.join(" "));
        let attempts = match entry.attempts {
            0 | 1 => String::new(),
            attempts => format!(", drawn {attempts} times and charged once"),
        };
        line(&mut text, &format!("{id:<5}  {state:<9}  {spent}  {release}, {blocks}{attempts}"));
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

/// What a cap on 30 days promises.
fn cap_line(cap: &Cap, terms: &Terms) -> String {
    let delta = |days: f64| short_delta(terms.conversion_delta() + days * terms.key_delta.delta());
    format!(
        "Any 30 consecutive days together: epsilon {} at delta {}; any 365: epsilon {} at delta {}.\n",
        cap.epsilon.value(),
        delta(30.0),
        short_epsilon(epsilon_of(cap.of_a_year(terms.budget), terms.conversion_delta())),
        delta(365.0)
    )
}

/// What each block may spend, has spent and has left.
fn blocks(balances: &[(Day, Balance)], others: Option<&Others>, converter: &mut Converter) -> Part {
    let mut part = Part::default();
    for (day, balance) in balances {
        let epsilon = converter.epsilon(balance.spent);
        let delta = converter.delta + balance.key_delta_spent.delta();
        part.objects.push(json!({
            "block": day,
            "budget_nano_rho": balance.budget,
            "spent_nano_rho": balance.spent,
            "left_nano_rho": balance.left,
            "spent_epsilon": epsilon,
            "spent_delta": delta,
            "key_delta_spent_atto": balance.key_delta_spent,
            "key_delta_left_atto": balance.key_delta_left,
            "others": others.map(|others| others.of_block(*day, converter)),
        }));
        let Balance { budget, spent, left, .. } = balance;
        let (epsilon, delta) = (short_epsilon(epsilon), short_delta(delta));
        let row = format!("{day}   {budget}  {spent}  {left}  {epsilon:>12}   {delta}");
        line(&mut part.text, &row);
    }
    part
}

/// What a requester or person has lost over the costliest of each span of days.
fn totals(balances: &[(Day, Balance)], converter: &mut Converter) -> Part {
    let mut part = Part::default();
    for (days, words) in SPANS {
        let of = |count: &dyn Fn(&Balance) -> u64| {
            costliest(balances.iter().map(|(day, balance)| (*day, count(balance))), days)
        };
        let most = of(&|balance| balance.spent.nano());
        // The days that spent the most delta need not be those that spent the most rho.
        let keys = of(&|balance| balance.key_delta_spent.atto()).map_or(0, |most| most.sum);
        let rho = NanoRho::new(most.map_or(0, |most| most.sum));
        let epsilon = converter.epsilon(rho);
        let delta = converter.delta + AttoDelta::new(keys).delta();
        part.objects.push(json!({
            "days": days,
            "most_nano_rho": rho,
            "epsilon": epsilon,
            "delta": delta,
            "last_day": most.map(|most| most.last),
        }));
        let until = most.map_or_else(String::new, |most| format!(", until {}", most.last));
        let (epsilon, delta) = (short_epsilon(epsilon), short_delta(delta));
        let words = format!(
            "  the costliest {words}{until}: rho {rho}, epsilon {epsilon} at delta {delta}"
        );
        line(&mut part.text, &words);
    }
    part
}

/// Converts each distinct loss once.
struct Converter {
    /// The part of delta that private prefixes may not spend.
    delta: f64,
    known: BTreeMap<NanoRho, f64>,
}

impl Converter {
    fn epsilon(&mut self, rho: NanoRho) -> f64 {
        *self.known.entry(rho).or_insert_with(|| epsilon_of(rho, self.delta))
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
    /// What each pair and target has lost at most over each span of days. The chance that private
    /// prefixes show them depends on thresholds and is not added up.
    fn totals(&self, has_keys: bool, converter: &mut Converter) -> Part {
        let mut part = Part::default();
        for (who, spent) in &self.spent {
            let mut figures = Map::new();
            let mut words = Vec::new();
            for (days, span) in [(1, "one day"), SPANS[0], SPANS[1]] {
                let charges = spent.iter().map(|(day, rho)| (*day, rho.nano()));
                let rho = NanoRho::new(costliest(charges, days).map_or(0, |most| most.sum));
                let (epsilon, delta) = (converter.epsilon(rho), converter.delta);
                words.push(format!("{span} {}", short_epsilon(epsilon)));
                let figure = json!({ "nano_rho": rho, "epsilon": epsilon, "delta": delta });
                figures.insert(days.to_string(), figure);
            }
            // Programs get the number without a comma, as it was always written.
            let spoken = who.replace("1000", "1,000");
            line(&mut part.text, &format!("  {spoken}: epsilon at most {}", words.join(", ")));
            part.objects.push(json!({ "who": who, "days": figures }));
        }
        let keys = if has_keys {
            ", but for what private prefixes show of them, which the manifest of each day states"
        } else {
            ""
        };
        let delta = short_delta(converter.delta);
        line(&mut part.text, &format!("  pairs and targets at delta {delta}{keys}"));
        part
    }

    /// The figures of one block.
    fn of_block(&self, day: Day, converter: &mut Converter) -> Vec<Value> {
        self.spent
            .iter()
            .filter_map(|(who, blocks)| {
                let place = blocks.binary_search_by_key(&day, |(block, _)| *block).ok()?;
                Some((who, blocks.get(place)?.1))
            })
            .map(|(who, rho)| {
                let (epsilon, delta) = (converter.epsilon(rho), converter.delta);
                json!({ "who": who, "nano_rho": rho, "epsilon": epsilon, "delta": delta })
            })
            .collect()
    }
}

fn listed(entry: &Entry) -> Value {
    json!({
        "entry": entry.id.0,
        "release": entry.release,
        "blocks": entry.blocks,
        "state": entry.state.to_string(),
        "charge_nano_rho": entry.charge,
        "spent_nano_rho": entry.spent(),
        "attempts": entry.attempts,
    })
}

fn line(text: &mut String, content: &str) {
    text.push_str(&format!("{content}\n"));
}
