//! Private prefixes as expressions: their weights, and the cells of those that were found.
//!
//! Requesters keep the prefixes with the most lookups, the smaller one first among equals, as
//! [`crate::plan::kinds::PrefixWeights`] does. No two prefixes of a requester are equal, so that engines cannot
//! rank them differently. Lists of prefixes stand in a statement as one text.

use std::collections::{BTreeMap, BTreeSet};

use crate::bound::TableBounds;
use crate::plan::Plan;
use crate::plan::kinds::{MOST_PREFIXES_OF_ONE, PREFIX_WEIGHTS};
use crate::release_file::prefix::{OPEN_DIGITS, Prefix, PrefixOf};
use crate::{Error, Result};

/// The vectors of a plan that go by found prefixes.
pub(super) struct Found(Vec<FoundVector>);

struct FoundVector {
    vector: usize,
    prefix: Prefix,
    /// Ascending: the place of each is its cell.
    found: Vec<u64>,
}

impl Found {
    /// The vectors of a plan and its bounds.
    ///
    /// # Errors
    /// Internal, when their cells are in another order.
    pub(super) fn of(plan: &Plan, bounds: &TableBounds<'_>) -> Result<Self> {
        let tables = bounds.classes().iter().flatten();
        let prefixes: BTreeMap<usize, Option<Prefix>> = tables
            .map(|table| (table.vector, plan.tables[table.table].contribution.prefix()))
            .collect();
        let mut vectors = Vec::new();
        for (vector, prefix) in prefixes {
            let places = bounds.vectors()[vector].places;
            let Some((prefix, places)) = prefix.zip(places) else { continue };
            let mut found: Vec<u64> = places.keys().copied().collect();
            found.sort_unstable();
            let is_at = |(cell, prefix): (u32, &u64)| places.get(prefix) == Some(&cell);
            if !(0..).zip(&found).all(is_at) {
                return Err(Error::internal("the cells of prefixes do not ascend"));
            }
            vectors.push(FoundVector { vector, prefix, found });
        }
        Ok(Self(vectors))
    }

    /// Whether targets must be known.
    pub(super) fn read_targets(&self) -> bool {
        self.0.iter().any(|of| of.prefix.of == PrefixOf::Target)
    }

    /// The common table whose rows have the columns of [`Self::cell`].
    pub(super) const fn rows(&self) -> &str {
        if self.0.is_empty() { "atoms" } else { "placed" }
    }

    /// The common tables that these rows need.
    pub(super) fn tables(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let mut tables = String::new();
        let (mut cells, mut joins) = (String::new(), String::new());
        for FoundVector { vector, prefix, found } in &self.0 {
            let others = found.len();
            if found.is_empty() {
                cells.push_str(&format!(", {others}L AS cell_{vector}"));
                continue;
            }
            let list = list(found.iter());
            tables.push_str(&format!(
                "found_{vector} AS (\n  SELECT CAST(pos AS BIGINT) AS cell, CAST(col AS BIGINT) AS prefix\n  \
                 FROM (SELECT posexplode(split({list}, ',')))\n),\n"
            ));
            cells.push_str(&format!(", coalesce(found_{vector}.cell, {others}L) AS cell_{vector}"));
            joins.push_str(&format!(
                "\n  LEFT JOIN found_{vector} ON {} = found_{vector}.prefix",
                first_digits(*prefix, "atoms")
            ));
        }
        let hints: Vec<String> = self.0.iter().map(|of| format!("found_{}", of.vector)).collect();
        tables.push_str(&format!(
            "placed AS (\n  SELECT /*+ BROADCAST({}) */ atoms.*{cells}\n  FROM atoms{joins}\n),\n",
            hints.join(", ")
        ));
        tables
    }

    /// The cell of a row in a vector; `None` if it does not go by prefixes.
    pub(super) fn cell(&self, vector: usize) -> Option<String> {
        self.0.iter().any(|of| of.vector == vector).then(|| format!("cell_{vector}"))
    }
}

/// The end of the statement that weighs the prefixes that are not found yet, after the rows of the
/// day.
pub(super) fn prefix_weights(prefix: Prefix, found: &BTreeSet<u64>) -> String {
    let (known, left) = if found.is_empty() {
        (String::new(), String::new())
    } else {
        let known = format!(
            "known AS (\n  SELECT CAST(col AS BIGINT) AS prefix FROM (SELECT explode(split({}, ',')))\n),\n",
            list(found.iter())
        );
        (known, "\n  LEFT ANTI JOIN known ON own.prefix = known.prefix".to_owned())
    };
    let arms = PREFIX_WEIGHTS.iter().enumerate().skip(1);
    let arms: String =
        arms.map(|(number, weight)| format!(" WHEN {number} THEN {weight}L")).collect();
    format!(
        "{known}numbers AS (\n  SELECT requester, {} AS prefix, lookups FROM atoms\n),\n\
         own AS (\n  SELECT requester, prefix, sum(lookups) AS n FROM numbers WHERE prefix IS NOT NULL\n  \
         GROUP BY requester, prefix\n),\n\
         ranked AS (\n  SELECT requester, prefix, row_number() OVER (PARTITION BY requester ORDER BY n DESC, prefix) AS place\n  \
         FROM own{left}\n),\n\
         kept AS (\n  SELECT prefix, count(*) OVER (PARTITION BY requester) AS number FROM ranked WHERE place <= {MOST_PREFIXES_OF_ONE}\n)\n\
         SELECT prefix, sum(CASE number{arms} END) AS steps FROM kept GROUP BY prefix",
        first_digits(prefix, "atoms"),
    )
}

/// The first digits of a number in `rows`; null if it has too few behind them. No text can make it fail.
fn first_digits(Prefix { of, digits }: Prefix, rows: &str) -> String {
    let column = match of {
        PrefixOf::Target => "target",
        PrefixOf::Requester => "requester",
    };
    format!(
        "CASE WHEN length({rows}.{column}) > {} THEN try_cast(substring(CAST({rows}.{column} AS STRING), 2, {digits}) AS BIGINT) END",
        digits + OPEN_DIGITS
    )
}

/// Prefixes as one text.
fn list<'p>(prefixes: impl Iterator<Item = &'p u64>) -> String {
    let prefixes: Vec<String> = prefixes.map(u64::to_string).collect();
    format!("'{}'", prefixes.join(","))
}
