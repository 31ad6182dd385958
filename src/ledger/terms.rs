//! What a ledger fixes when it is made.
//!
//! In: the terms that a release file means. Out: the terms of the ledger, or a refusal that names
//! the first field that differs. Invariant: the row is written once, in the transaction that makes
//! the ledger, and the first event of the journal repeats it, so that a raised budget is noticed
//! when the ledger is opened. Where the logs lie is recorded and not compared: logs may move.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Row, params};
use serde::Serialize;

use super::trouble::{Outcome, Trouble};
use crate::Error;
use crate::release_file::privacy_loss::{AttoDelta, Delta, Epsilon, NanoRho};
use crate::release_file::unit::Unit;

/// How the budget of a ledger follows from epsilon and delta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conversion {
    /// By the exact curve of the Gaussian mechanism.
    Gaussian,
}

impl Conversion {
    /// The word in the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gaussian => "gaussian",
        }
    }

    /// The conversion of a word, if this version has it.
    pub(super) fn parse(word: &str) -> Option<Self> {
        (word == Self::Gaussian.word()).then_some(Self::Gaussian)
    }
}

/// The promise of a ledger, equal for every release that charges it.
///
/// Two ledgers over the same logs promise the sum of both, so each fact that changes what one
/// block, one unit or one budget means is fixed here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Terms {
    /// The privacy unit, as in the release file.
    pub unit: String,
    /// The budget of each block, as typed.
    pub epsilon: Epsilon,
    /// The same of delta.
    pub delta: Delta,
    /// The part of delta that private prefixes may spend.
    pub key_delta: AttoDelta,
    /// The budget of one block: epsilon at delta less `key_delta`, converted to rho.
    pub budget: NanoRho,
    /// How epsilon and delta become the budget; absent in ledgers of earlier versions, whose budget
    /// follows from the looser bound for zero-concentrated privacy and is smaller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversion: Option<Conversion>,
    /// The zone of day, hour and block.
    pub time_zone: String,
    /// Whatever else decides who a requester is and which block a row falls in, by the name of its
    /// field: column mapping, identifiers, regions, units, versions of zone and number tables.
    pub identity: BTreeMap<String, String>,
    /// Where the logs lie, if the caller wants it recorded.
    pub logs: Option<String>,
}

impl Terms {
    /// The fact that names the rules of time zones.
    pub const ZONES: &str = "time zone database";
    /// The fact that names the rules of numbers.
    pub const NUMBERS: &str = "number normaliser";

    /// The delta at which rho is converted: what private prefixes may not spend.
    pub fn conversion_delta(&self) -> f64 {
        self.delta.value() - self.key_delta.delta()
    }

    /// Refuses a ledger of a unit that this version does not have: its charges mean something else.
    pub(super) fn require_known_unit(&self, shown: &str) -> Result<(), Error> {
        if Unit::of_word(&self.unit).is_some() {
            return Ok(());
        }
        Err(Error::refused(format!(
            "the ledger {shown} was made with unit = \"{}\", which this version does not have",
            self.unit
        ))
        .help(
            "use the version that made it, or start a new ledger (--new-ledger) with unit = \
             \"requester-day\": what both promise about the same logs adds up",
        ))
    }

    /// Refuses a release whose terms differ, naming the first field that does. The versions of
    /// rules may differ, since the journal keeps their changes. A ledger that was made with another
    /// conversion keeps its budget, which is smaller for the same epsilon and delta.
    pub(super) fn same_as(&self, asked: &Self, shown: &str) -> Result<(), Error> {
        let mut asked = asked.clone();
        if self.conversion != asked.conversion {
            asked.budget = self.budget;
        }
        let differing = self.facts().into_iter().zip(asked.facts());
        for ((field, made), (_, given)) in differing {
            if made != given {
                return Err(differs(shown, field, &made, &given));
            }
        }
        let names: BTreeSet<&String> = self.identity.keys().chain(asked.identity.keys()).collect();
        for name in
            names.into_iter().filter(|name| ![Self::ZONES, Self::NUMBERS].contains(&name.as_str()))
        {
            let value =
                |terms: &Self| terms.identity.get(name).map_or(ABSENT, |text| text).to_owned();
            let (made, given) = (value(self), value(&asked));
            if self.identity.get(name) != asked.identity.get(name) {
                return Err(differs(shown, name, &made, &given));
            }
        }
        Ok(())
    }

    /// The fixed facts as texts, in the order in which they are compared.
    fn facts(&self) -> [(&'static str, String); 6] {
        [
            ("[privacy] unit", self.unit.clone()),
            ("[ledger] epsilon", self.epsilon.value().to_string()),
            ("[ledger] delta", self.delta.value().to_string()),
            ("[ledger] key_delta", self.key_delta.atto().to_string()),
            ("budget in rho", self.budget.to_string()),
            ("[ledger] time_zone", self.time_zone.clone()),
        ]
    }

    /// The text that the journal keeps of them, with the check of the key.
    pub(super) fn payload(&self, key_check: &str) -> Outcome<String> {
        #[derive(Serialize)]
        struct Payload<'a> {
            terms: &'a Terms,
            key_check: &'a str,
        }
        super::journal::payload(&Payload { terms: self, key_check })
    }

    /// Writes the one row, when the ledger is made.
    pub(super) fn write(&self, connection: &Connection, key_check: &str) -> Outcome<()> {
        connection.execute(
            "INSERT INTO terms (only, unit, epsilon, delta, key_delta, budget, conversion, time_zone,
                 identity, logs, key_check)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                self.unit,
                self.epsilon.value(),
                self.delta.value(),
                self.key_delta,
                self.budget,
                self.conversion,
                self.time_zone,
                super::journal::payload(&self.identity)?,
                self.logs,
                key_check
            ],
        )?;
        Ok(())
    }

    /// Reads the one row, with the check of the key.
    pub(super) fn read(connection: &Connection) -> Outcome<(Self, String)> {
        connection.query_row_and_then("SELECT * FROM terms", [], Self::from_row)
    }

    fn from_row(row: &Row<'_>) -> Outcome<(Self, String)> {
        let unreadable = || Trouble::Damaged("its terms cannot be read".to_owned());
        let bad = |_| unreadable();
        let text: String = row.get("identity")?;
        let identity = serde_json::from_str(&text).map_err(|_| unreadable())?;
        // Another spelling of the same facts is an edit.
        if super::journal::payload(&identity)? != text {
            return Err(unreadable());
        }
        let terms = Self {
            unit: row.get("unit")?,
            epsilon: Epsilon::new(row.get("epsilon")?, "epsilon").map_err(bad)?,
            delta: Delta::new(row.get("delta")?, "delta").map_err(bad)?,
            key_delta: row.get("key_delta")?,
            budget: row.get("budget")?,
            // A reader may find a ledger of the first version, which has no such column.
            conversion: match row.get("conversion") {
                Err(rusqlite::Error::InvalidColumnName(_)) => None,
                conversion => conversion?,
            },
            time_zone: row.get("time_zone")?,
            identity,
            logs: row.get("logs")?,
        };
        Ok((terms, row.get("key_check")?))
    }
}

fn differs(shown: &str, field: &str, made: &str, given: &str) -> Error {
    Error::refused(format!(
        "`{field}` is {given} in this release, but the ledger {shown} was made with {made}"
    ))
    .help(
        "a ledger fixes it when it is made: set it back, or charge another ledger, knowing that \
         what two ledgers promise about the same logs adds up",
    )
}

const ABSENT: &str = "absent";

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::Kind;

    /// A budget of `nano` billionths, the rest as in the first example.
    pub(in crate::ledger) fn terms(nano: u64) -> Terms {
        Terms {
            unit: "requester-day".to_owned(),
            epsilon: Epsilon::new(1.0, "epsilon").unwrap(),
            delta: Delta::new(1e-6, "delta").unwrap(),
            key_delta: AttoDelta::new(1_000),
            budget: NanoRho::new(nano),
            conversion: Some(Conversion::Gaussian),
            time_zone: "UTC".to_owned(),
            identity: [("columns.requester", "src"), ("identifier", "e164")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            logs: None,
        }
    }

    #[test]
    fn one_row_per_differing_field_in_the_order_of_comparison() {
        let made = terms(100);
        let mut asked = terms(100);
        asked.logs = Some("elsewhere/*.parquet".to_owned());
        made.same_as(&asked, "daily.ledger").unwrap();
        // Each row breaks one more field, the last compared first, so that each must win over
        // all rows before it.
        type Break = fn(&mut Terms);
        let rows: [(&str, Break); 9] = [
            ("new_field", |terms| {
                terms.identity.insert("new_field".to_owned(), "x".to_owned());
            }),
            ("identifier", |terms| {
                terms.identity.insert("identifier".to_owned(), "opaque".to_owned());
            }),
            ("columns.requester", |terms| {
                terms.identity.remove("columns.requester");
            }),
            ("[ledger] time_zone", |terms| terms.time_zone = "Europe/Berlin".to_owned()),
            ("budget in rho", |terms| terms.budget = NanoRho::new(101)),
            ("[ledger] key_delta", |terms| terms.key_delta = AttoDelta::ZERO),
            ("[ledger] delta", |terms| terms.delta = Delta::new(2e-6, "delta").unwrap()),
            ("[ledger] epsilon", |terms| {
                terms.epsilon = Epsilon::new(1.0_f64.next_up(), "epsilon").unwrap();
            }),
            ("[privacy] unit", |terms| terms.unit = "person-day".to_owned()),
        ];
        for (field, change) in rows {
            change(&mut asked);
            let error = made.same_as(&asked, "daily.ledger").unwrap_err();
            assert_eq!(error.kind(), Kind::Refused);
            assert!(error.to_string().starts_with(&format!("`{field}` is")), "{error}");
        }
        let text = made.same_as(&asked, "daily.ledger").unwrap_err().to_string();
        assert!(text.contains("person-day") && text.contains("requester-day"), "{text}");
    }
}
