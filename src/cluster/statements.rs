//! The exact tally of a plan as a few statements. Each returns rows of a table's place in the plan, a cell
//! and a sum in lattice steps; cells that nobody touches may be missing.

use std::collections::BTreeSet;

use super::bounding::{ball_steps, hat, rooted, shape_steps, square_of_one};
use super::cells::{TOTALS, amount, cell};
use super::lookups::lookups;
use super::persons::Persons;
use super::prefixes::{Found, prefix_weights};
use crate::bound::{ShapeTable, TableBounds};
use crate::plan::kinds::SHAPE_ONE;
use crate::plan::{Cells, Contribution, Layout, MeasuredTable, Plan};
use crate::release_file::ReleaseFile;
use crate::release_file::day::DayBounds;
use crate::release_file::measure::{Counted, histogram_edges};
use crate::release_file::prefix::{Prefix, PrefixOf};
use crate::release_file::unit::Unit;
use crate::{Error, Result};

/// A query of exact sums.
#[derive(Debug, Clone)]
pub struct Statement {
    /// What it is about, in a few words.
    pub name: String,
    /// Its text.
    pub sql: String,
    /// The places of its tables in the plan.
    pub tables: Vec<usize>,
    /// What its sums have to agree with.
    pub check: Check,
}

/// How the sums of a statement follow from the requesters of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// The weights of one requester add up to one at most.
    Look,
    /// Each cell holds at most one whole of each requester.
    Each,
    /// All cells together hold exactly one whole of each requester.
    All,
    /// A table adds up to at most the weights of its class, and the tables at these places to just
    /// that.
    Classes(Vec<usize>),
    /// All cells together hold at most one whole of each requester.
    Parts,
    /// Each prefix holds at most one whole of each requester.
    Prefixes,
}

/// The statements of a plan.
///
/// # Errors
/// Usage, for a condition that engines evaluate differently; internal, for tables that
/// [`super::require_supported`] refuses.
pub fn statements(
    release_file: &ReleaseFile,
    plan: &Plan,
    bounds: &DayBounds,
) -> Result<Vec<Statement>> {
    let writer = Writer { release_file, plan, bounds };
    let mut statements = Vec::new();
    for (place, table) in plan.tables.iter().enumerate() {
        if table.class().is_none() {
            statements.push(writer.own(place, table)?);
        }
    }
    let bounds = TableBounds::of(plan);
    if bounds.have_shapes() {
        statements.push(writer.shapes(&bounds)?);
    }
    Ok(statements)
}

/// The statement that weighs the private prefixes of a question which are not found yet; `layout` is that of
/// any plan of the release.
///
/// # Errors
/// Usage, for a condition that engines evaluate differently.
pub fn weights(
    release_file: &ReleaseFile,
    layout: &Layout,
    bounds: &DayBounds,
    prefix: Prefix,
    found: &BTreeSet<u64>,
) -> Result<Statement> {
    let rows = rows(release_file, layout, bounds, prefix.of == PrefixOf::Target)?;
    let name = format!("the weights of {}", prefix.name());
    let sql = format!("{rows}{}", prefix_weights(prefix, found));
    Ok(Statement { name, sql, tables: Vec::new(), check: Check::Prefixes })
}

/// The head of every statement: the rows, and how many of them each requester has of each atom.
fn rows(
    release_file: &ReleaseFile,
    layout: &Layout,
    bounds: &DayBounds,
    with_target: bool,
) -> Result<String> {
    let lookups = lookups(release_file, layout, bounds, with_target)?;
    let target = if with_target { ", target" } else { "" };
    Ok(format!(
        "WITH lookups AS (\n  {lookups}\n),\natoms AS (\n  \
         SELECT requester, atom{target}, count(*) AS lookups FROM lookups \
         GROUP BY requester, atom{target}\n),\n"
    ))
}

/// A table of shapes of a class, with what is done to its amounts, as a row.
fn row_of((class, table): &(usize, &ShapeTable)) -> String {
    let ShapeTable { table, vector, clip, bits, adds_rows, holds_all, .. } = table;
    let one = 1_u64 << bits;
    format!("({table}, {class}, {vector}, {clip}L, {bits}, {one}L, {adds_rows}, {holds_all})")
}

struct Writer<'a> {
    release_file: &'a ReleaseFile,
    plan: &'a Plan,
    bounds: &'a DayBounds,
}

impl Writer<'_> {
    fn rows(&self, with_target: bool) -> Result<String> {
        rows(self.release_file, &self.plan.layout, self.bounds, with_target)
    }

    /// A table of all requesters.
    fn own(&self, place: usize, table: &MeasuredTable) -> Result<Statement> {
        let cells = &self.plan.cells[place];
        let persons = self.persons();
        let (sql, check) = match (&table.contribution, &persons) {
            (Contribution::Activity, None) => (self.look(place)?, Check::Look),
            (Contribution::Activity, Some(persons)) => {
                (persons.look(&self.rows(true)?, place, table)?, Check::Look)
            }
            (Contribution::Histogram, None) => (self.histogram(place)?, Check::All),
            (Contribution::Presence(presence), None) => {
                let (is_of_targets, enough) = (presence.of == Counted::Targets, presence.at_least);
                let counted = if is_of_targets { "count(DISTINCT target)" } else { "sum(lookups)" };
                let clip = table.clip.steps();
                let sql = self.presence(place, is_of_targets, counted, enough, cells, clip)?;
                (sql, Check::Each)
            }
            (Contribution::Presence(presence), Some(persons)) if presence.at_least == 1 => {
                (persons.presence(&self.rows(true)?, place, table, &cell(cells))?, Check::Each)
            }
            _ => return Err(Error::internal("a cluster is asked for a table that it cannot make")),
        };
        Ok(Statement { name: table.name.clone(), sql, tables: vec![place], check })
    }

    /// What bounds targets, where persons are the unit.
    fn persons(&self) -> Option<Persons> {
        let (exempt, kind) = (&self.release_file.exempt, self.release_file.logs.identifier);
        (self.plan.unit == Unit::PersonDay).then(|| Persons::new(exempt, kind))
    }

    /// The weights of all requesters by class, with the totals.
    fn look(&self, place: usize) -> Result<String> {
        Ok(format!(
            "{}people AS (\n  SELECT requester, sum(lookups) AS n FROM atoms GROUP BY requester\n),\n\
             hats AS (\n  SELECT n, {}\n  FROM people\n),\n\
             parts AS (\n  SELECT explode(array(\n    \
             named_struct('place', {place}, 'cell', class, 'steps', lower),\n    \
             named_struct('place', {place}, 'cell', class + 1, 'steps', upper),\n    \
             named_struct('place', {TOTALS}, 'cell', 0, 'steps', 1L),\n    \
             named_struct('place', {TOTALS}, 'cell', 1, 'steps', n))) AS part\n  FROM hats\n)\n\
             SELECT part.place AS place, part.cell AS cell, sum(part.steps) AS steps\n\
             FROM parts WHERE part.steps > 0 GROUP BY part.place, part.cell",
            self.rows(false)?,
            hat()
        ))
    }

    /// One whole in the bin of all lookups of a requester.
    fn histogram(&self, place: usize) -> Result<String> {
        let edges = histogram_edges();
        let arms = edges.iter().enumerate().rev();
        let arms: String =
            arms.map(|(bin, edge)| format!(" WHEN n >= {edge}L THEN {bin}")).collect();
        Ok(format!(
            "{}people AS (\n  SELECT requester, sum(lookups) AS n FROM atoms GROUP BY requester\n)\n\
             SELECT {place} AS place, CASE{arms} END AS cell, count(*) * {SHAPE_ONE}L AS steps\n\
             FROM people GROUP BY 2",
            self.rows(false)?
        ))
    }

    /// One whole in each cell in which a requester has enough, scaled into the ball of the clip.
    fn presence(
        &self,
        place: usize,
        with_target: bool,
        counted: &str,
        at_least: u32,
        cells: &Cells,
        clip: u64,
    ) -> Result<String> {
        Ok(format!(
            "{}cells AS (\n  SELECT requester, {} AS cell FROM atoms\n  \
             GROUP BY requester, 2 HAVING {counted} >= {at_least}L\n),\n\
             squares AS (\n  SELECT cell, CAST(count(*) OVER (PARTITION BY requester) * {} AS DECIMAL(38, 0)) AS product\n  \
             FROM cells\n),\n{}\n\
             SELECT {place} AS place, CAST(cell AS INT) AS cell, sum({}) AS steps\nFROM rooted GROUP BY cell",
            self.rows(with_target)?,
            cell(cells),
            square_of_one(),
            rooted("squares", "rooted"),
            ball_steps(clip)
        ))
    }

    /// All tables of shapes of all classes.
    fn shapes(&self, bounds: &TableBounds<'_>) -> Result<Statement> {
        let found = Found::of(self.plan, bounds)?;
        let vectors = bounds.vectors().iter().enumerate();
        let vectors: Vec<String> = vectors
            .map(|(vector, bound)| {
                let amount = amount(bound.cells)?;
                let cell = found.cell(vector).unwrap_or_else(|| cell(bound.cells));
                Ok(format!("named_struct('vector', {vector}, 'cell', {cell}, 'amount', {amount})"))
            })
            .collect::<Result<_>>()?;
        let mut tables: Vec<(usize, &ShapeTable)> = Vec::new();
        for (class, of_class) in bounds.classes().iter().enumerate() {
            tables.extend(of_class.iter().map(|table| (class, table)));
        }
        tables.sort_by_key(|(_, table)| table.table);
        let places = tables.iter().map(|(_, table)| table.table).collect();
        let name = "tables of shapes of all classes".to_owned();
        if let Some(persons) = self.persons() {
            let targets = self.plan.shape_targets.as_ref();
            let targets =
                targets.ok_or_else(|| Error::internal("shapes lack a limit on targets"))?;
            let sql = persons.shapes(&self.rows(true)?, &vectors, &tables, targets)?;
            return Ok(Statement { name, sql, tables: places, check: Check::Parts });
        }
        let rows: Vec<String> = tables.iter().map(row_of).collect();
        let sql = format!(
            "{}{}known AS (\n  SELECT *, sum(lookups) OVER (PARTITION BY requester) AS n FROM {}\n),\n\
             vectors AS (\n  SELECT requester, n, explode(array(\n    {})) AS one\n  FROM known\n),\n\
             cells AS (\n  SELECT requester, n, one.vector AS vector, one.cell AS cell, sum(one.amount) AS amount\n  \
             FROM vectors WHERE one.amount IS NOT NULL\n  GROUP BY requester, n, one.vector, one.cell\n),\n\
             squares AS (\n  SELECT *,\n    {},\n    \
             sum(CAST(amount AS DECIMAL(38, 0)) * amount) OVER (PARTITION BY requester, vector) AS square\n  FROM cells\n),\n\
             products AS (\n  SELECT *, CAST(square * (lower * lower + upper * upper) AS DECIMAL(38, 0)) AS product FROM squares\n),\n\
             {},\n\
             parts AS (\n  SELECT *, explode(array(\n    named_struct('class', class, 'weight', lower),\n    \
             named_struct('class', class + 1, 'weight', upper))) AS part\n  FROM rooted\n),\n\
             tables AS (\n  SELECT * FROM VALUES\n    {}\n  \
             AS t(place, in_class, of_vector, clip, bits, one, adds_rows, holds_all)\n),\n\
             weighed AS (\n  SELECT /*+ BROADCAST(tables) */ *, part.weight AS weight\n  FROM parts JOIN tables\n    \
             ON part.class = in_class AND vector = of_vector\n  WHERE part.weight > 0\n)\n\
             SELECT place, CAST(cell AS INT) AS cell, sum({}) AS steps\nFROM weighed GROUP BY place, cell",
            self.rows(found.read_targets())?,
            found.tables(),
            found.rows(),
            vectors.join(",\n    "),
            hat(),
            rooted("products", "rooted"),
            rows.join(",\n    "),
            shape_steps(),
        );
        let whole =
            tables.iter().filter(|(_, table)| table.holds_all).map(|(_, table)| table.table);
        let check = Check::Classes(whole.collect());
        Ok(Statement { name, sql, tables: places, check })
    }
}
