//! The tables of person-days: bounded by requester, then by target, as [`crate::bound`] does.
//!
//! The first stage divides what a requester adds to a cell over its rows there, by target. The second scales
//! each of these amounts by itself, because each is rounded by itself. The squares of the sizes of
//! cells are added up over the amounts, each times the size of its cell.
//!
//! A target beyond the limit is scaled by `h / 2^64`, where `h` is the root of `q * 2^64`, rounded
//! down, and `q` is a whole number below 2^64. That product leaves DECIMAL(38, 0), so the guess
//! `g = a * 2^32 + b`, from a double, is corrected by what it lacks:
//! `(q - a * a) * 2^64 - 2 * a * b * 2^32 - b * b`. *Proof.* `g` is off by less than 2^12 and is at
//! least 2^32, unless `q` is zero, so that no term is above 2^100. One step of Newton's is off by
//! less than 2^24 / 2^33; rounded to a whole number it is the root rounded up or down, and what
//! that lacks says which. ∎

use super::bounding::{ball_steps, decimal, hat, rooted, shape_steps, square_of_one};
use super::cells::TOTALS;
use crate::bound::{LOSS_BITS, SQUARE_BITS, ShapeTable, loss_limit};
use crate::plan::kinds::SHAPE_ONE;
use crate::plan::{MeasuredTable, ShapeTargets};
use crate::release_file::logs::Identifier;
use crate::release_file::unit::Exempt;
use crate::{Error, Result};

/// Hints to bring all rows of a target, or of a requester, to one task before windows divide them further:
/// otherwise each window would send and sort all rows again.
const BY_TARGET: &str = "/*+ REPARTITION(target) */";
const BY_REQUESTER: &str = "/*+ REPARTITION(requester) */";

/// The statements where persons are the unit.
pub(super) struct Persons {
    /// Whether a target is not bounded.
    is_exempt: String,
}

impl Persons {
    /// With these targets exempt; numbers are named by their digits alone.
    pub(super) fn new(exempt: &Exempt, kind: Identifier) -> Self {
        let sign = if kind.are_numbers() { "+" } else { "" };
        let bytes = |name: &str| {
            let whole = sign.bytes().chain(name.bytes());
            whole.map(|byte| format!("{byte:02X}")).collect::<String>()
        };
        let listed: Vec<String> =
            exempt.identifiers().map(|name| format!("X'{}'", bytes(name))).collect();
        let is_exempt = if listed.is_empty() {
            "false".to_owned()
        } else {
            format!("target IN ({})", listed.join(", "))
        };
        Self { is_exempt }
    }

    /// The weights of all requesters by class, divided over their rows, with the totals.
    pub(super) fn look(&self, rows: &str, place: usize, table: &MeasuredTable) -> Result<String> {
        if table.clip.steps() < SHAPE_ONE {
            return Err(Error::internal("a look is cut by its clip"));
        }
        Ok(format!(
            "{rows}known AS (\n  SELECT requester, target, sum(lookups) AS about FROM atoms GROUP BY requester, target\n),\n\
             people AS (\n  SELECT *, sum(about) OVER (PARTITION BY requester) AS n FROM known\n),\n\
             parts AS (\n  SELECT target, about, n, explode(array(\n    \
             named_struct('cell', class, 'weight', lower),\n    \
             named_struct('cell', class + 1, 'weight', upper))) AS part\n  FROM (\n    SELECT *, {} FROM people\n  )\n),\n\
             amounts AS (\n  SELECT {BY_TARGET} target, part.cell AS cell, (part.weight * about) DIV n AS steps FROM parts\n),\n\
             {}\nUNION ALL SELECT {TOTALS}, 0, count(DISTINCT requester) FROM known\n\
             UNION ALL SELECT {TOTALS}, 1, coalesce(sum(about), 0L) FROM known",
            hat(),
            self.within_ball(place, table)?,
        ))
    }

    /// One whole in each cell that a requester has, scaled into the ball and divided over its rows there.
    pub(super) fn presence(
        &self,
        rows: &str,
        place: usize,
        table: &MeasuredTable,
        cell: &str,
    ) -> Result<String> {
        Ok(format!(
            "{rows}pairs AS (\n  SELECT {BY_REQUESTER} requester, target, {cell} AS cell, sum(lookups) AS about FROM atoms\n  \
             GROUP BY requester, target, 3\n),\n\
             counted AS (\n  SELECT target, cell, about, sum(about) OVER (PARTITION BY requester, cell) AS n,\n    \
             CAST(size(collect_set(cell) OVER (PARTITION BY requester)) * {} AS DECIMAL(38, 0)) AS product\n  \
             FROM pairs\n),\n{},\n\
             amounts AS (\n  SELECT {BY_TARGET} target, cell, ({} * about) DIV n AS steps FROM own\n),\n{}",
            square_of_one(),
            rooted("counted", "own"),
            ball_steps(table.clip.steps()),
            self.within_ball(place, table)?,
        ))
    }

    /// The second stage of one table: what is asked about a target, scaled into the ball of its clip.
    fn within_ball(&self, place: usize, table: &MeasuredTable) -> Result<String> {
        let clip =
            table.target_clip.ok_or_else(|| Error::internal("a table has no target clip"))?;
        let clip = u128::from(clip.steps());
        Ok(format!(
            "sized AS (\n  SELECT *, sum(steps) OVER (PARTITION BY target, cell) AS size FROM amounts\n),\n\
             squared AS (\n  SELECT *, sum(CAST(steps AS DECIMAL(38, 0)) * size) OVER (PARTITION BY target) AS product\n  \
             FROM sized\n),\n{}\n\
             SELECT {place} AS place, CAST(cell AS INT) AS cell, sum(\n  \
             CASE WHEN product <= {} OR {} THEN steps\n  \
             ELSE (CAST(steps AS DECIMAL(38, 0)) * {}) DIV root END) AS steps\nFROM rooted GROUP BY cell",
            rooted("squared", "rooted"),
            decimal(clip * clip),
            self.is_exempt,
            decimal(clip),
        ))
    }

    /// All tables of shapes of all classes, by their classes, from the vectors of a requester's rows.
    pub(super) fn shapes(
        &self,
        rows: &str,
        vectors: &[String],
        tables: &[(usize, &ShapeTable)],
        targets: &ShapeTargets,
    ) -> Result<String> {
        let row = |(class, table): &(usize, &ShapeTable)| {
            let ShapeTable { table, vector, clip, bits, .. } = table;
            let (one, scale) = (1_u64 << bits, u128::from(targets.scale(*table)));
            format!(
                "({table}, {class}, {vector}, {clip}L, {bits}, {one}L, {}, false, false)",
                decimal(2 * scale * scale)
            )
        };
        let rows_of_tables: Vec<String> = tables.iter().map(row).collect();
        Ok(format!(
            "{rows}known AS (\n  SELECT *, sum(lookups) OVER (PARTITION BY requester) AS n FROM atoms\n),\n\
             vectors AS (\n  SELECT requester, target, n, explode(array(\n    {})) AS one\n  FROM known\n),\n\
             cells AS (\n  SELECT requester, target, n, one.vector AS vector, one.cell AS cell, sum(one.amount) AS amount\n  \
             FROM vectors WHERE one.amount IS NOT NULL\n  GROUP BY requester, target, n, one.vector, one.cell\n),\n\
             whole AS (\n  SELECT *, sum(amount) OVER (PARTITION BY requester, vector, cell) AS whole FROM cells\n),\n\
             squares AS (\n  SELECT *,\n    {},\n    \
             sum(CAST(amount AS DECIMAL(38, 0)) * whole) OVER (PARTITION BY requester, vector) AS square\n  FROM whole\n),\n\
             products AS (\n  SELECT *, CAST(square * (lower * lower + upper * upper) AS DECIMAL(38, 0)) AS product FROM squares\n),\n\
             {},\n\
             parts AS (\n  SELECT *, explode(array(\n    named_struct('class', class, 'weight', lower),\n    \
             named_struct('class', class + 1, 'weight', upper))) AS part\n  FROM own\n),\n\
             tables AS (\n  SELECT * FROM VALUES\n    {}\n  \
             AS t(place, in_class, of_vector, clip, bits, one, divisor, adds_rows, holds_all)\n),\n\
             weighed AS (\n  SELECT /*+ BROADCAST(tables) */ *, part.weight AS weight\n  FROM parts JOIN tables\n    \
             ON part.class = in_class AND vector = of_vector\n  WHERE part.weight > 0\n),\n\
             amounts AS (\n  SELECT {BY_TARGET} target, place, cell, divisor, {} AS steps FROM weighed\n),\n{}",
            vectors.join(",\n    "),
            hat(),
            rooted("products", "own"),
            rows_of_tables.join(",\n    "),
            shape_steps(),
            self.within_limit(targets)?,
        ))
    }

    /// The second stage of tables of shapes: what is asked about a target, held to the limit in all of them.
    fn within_limit(&self, targets: &ShapeTargets) -> Result<String> {
        let limit = loss_limit(targets);
        // Within these bounds losses and quotients stay decimals; no plan goes beyond them.
        if targets.scales.iter().any(|scale| !(1 << 12..1 << 46).contains(scale)) || limit >> 62 > 0
        {
            return Err(Error::internal("a limit on targets is beyond what a cluster can hold"));
        }
        let part = decimal(1 << LOSS_BITS);
        let loss = format!(
            "{} * {part} + {}",
            quotient("square", "divisor"),
            quotient(&format!("((square % divisor) * {part} + divisor - 1)"), "divisor")
        );
        Ok(format!(
            "sized AS (\n  SELECT *, sum(steps) OVER (PARTITION BY target, place, cell) AS size FROM amounts\n),\n\
             squared AS (\n  SELECT *, sum(CAST(steps AS DECIMAL(38, 0)) * size) OVER (PARTITION BY target, place) AS square,\n    \
             row_number() OVER (PARTITION BY target, place ORDER BY cell) AS number\n  FROM sized\n),\n\
             lost AS (\n  SELECT *, max(square) OVER (PARTITION BY target) AS most, sum(CASE\n    \
             WHEN number > 1 OR square >= {most} THEN {zero}\n    ELSE CAST({loss} AS DECIMAL(38, 0)) END\n  \
             ) OVER (PARTITION BY target) AS loss\n  FROM squared\n),\n\
             quotients AS (\n  SELECT *, CASE WHEN loss > {limit} THEN {} END AS q FROM lost\n),\n\
             {}\n\
             SELECT place, CAST(cell AS INT) AS cell, sum(\n  \
             CASE WHEN {} THEN steps WHEN most >= {most} THEN 0L WHEN loss <= {limit} THEN steps\n  \
             ELSE (CAST(steps AS DECIMAL(38, 0)) * h) DIV {one} END) AS steps\nFROM held GROUP BY place, cell",
            quotient(&decimal(limit << 64), "loss"),
            held("quotients"),
            self.is_exempt,
            one = decimal(1 << 64),
            most = decimal(1 << SQUARE_BITS),
            zero = decimal(0),
            limit = decimal(limit),
        ))
    }
}

/// Common tables of which the last, `held`, is `from` with the column `h`: the root of its column `q`, times
/// 2^64, rounded down, and null if that is null.
fn held(from: &str) -> String {
    let (half, one) = (decimal(1 << 32), decimal(1 << 64));
    let zero = decimal(0);
    format!(
        "guesses AS (\n  SELECT *, CAST(sqrt(CAST(q AS DOUBLE)) * 4294967296D AS DECIMAL(38, 0)) AS g FROM {from}\n),\n\
         digits AS (\n  SELECT *, CAST(g DIV {half} AS DECIMAL(38, 0)) AS a, g % {half} AS b FROM guesses\n),\n\
         lacking AS (\n  SELECT *, CAST((q - a * a) * {one} - 2 * a * b * {half} - b * b AS DECIMAL(38, 0)) AS lacks FROM digits\n),\n\
         corrected AS (\n  SELECT *, CAST(lacks / nullif(2 * g, 0) AS DECIMAL(38, 0)) AS step FROM lacking\n),\n\
         held AS (\n  SELECT *, CASE WHEN q = 0 THEN {zero} WHEN lacks - 2 * g * step - step * step < 0 THEN g + step - 1\n    \
         ELSE g + step END AS h FROM corrected\n)"
    )
}

/// The quotient of two decimals, rounded down. `DIV` would make it a BIGINT.
fn quotient(dividend: &str, divisor: &str) -> String {
    format!("CAST(({dividend} - {dividend} % {divisor}) / {divisor} AS DECIMAL(38, 0))")
}

#[cfg(test)]
#[cfg(feature = "spark")]
mod tests;
