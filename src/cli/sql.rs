//! `sql`: what a cluster would be asked for one day, for whoever reviews it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cluster_args::Sql;
use super::output::{Output, grouped};
use super::plan::load_of;
use crate::cluster::{SETTINGS, Statement, require_supported, statements, weights};
use crate::plan::{FoundPrefixes, Plan, Split};
use crate::release::rehearse;
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Clock, DayBounds};
use crate::release_file::prefix::Prefix;
use crate::release_file::question::Question;
use crate::{Error, Result, pipeline, retain};

/// Runs the command. It reads the ledger if there is one, no logs, and asks no cluster.
///
/// # Errors
/// Usage, for a release file that a cluster cannot be asked, or no day; refused, when the budget is too
/// small.
pub(crate) fn run(asked: &Sql, output: &Output) -> Result<()> {
    let release_file = ReleaseFile::read(&asked.release)?;
    let (split, _) = pipeline::plan(&release_file)?;
    let first = Plan::of_look(&release_file, &split)?;
    let bounds = bounds(asked, &release_file)?;
    let load = load_of(asked.load.lookups, asked.load.requesters)?;
    let numbers = rehearse(&release_file, &split, load)?.numbers;
    let rounds = rounds(&release_file, &split, &first, &bounds)?;
    let none = |question: &Question| (question.name.clone(), BTreeSet::new());
    let of_prefixes = release_file.questions.iter().filter(|it| it.measure.prefix().is_some());
    let found: FoundPrefixes = of_prefixes.map(none).collect();
    let (plan, _) = pipeline::planned(&release_file, &split, &numbers, &found)?;
    require_supported(&release_file, &first)?;
    require_supported(&release_file, &plan)?;
    let look = statements(&release_file, &first, &bounds)?;
    let tables = statements(&release_file, &plan, &bounds)?;
    let mut text = format!(
        "-- {}: what a cluster is asked about {}. It returns exact sums, which stay in this program.\n",
        release_file.name,
        bounds.day()
    );
    for (name, value) in SETTINGS {
        text.push_str(&format!("SET {name} = {value};\n"));
    }
    look.iter().for_each(|statement| text.push_str(&shown(statement)));
    if !rounds.is_empty() {
        text.push_str(
            "\n-- Private prefixes, in the first round of each question. Prefixes that are public or found stand \
             in later rounds and in the tables below as one list.\n",
        );
    }
    rounds.iter().for_each(|statement| text.push_str(&shown(statement)));
    text.push_str(&format!(
        "\n-- What follows depends on the noisy look. This is for {} lookups by {} requesters.\n",
        grouped(load.lookups),
        grouped(load.requesters)
    ));
    tables.iter().for_each(|statement| text.push_str(&shown(statement)));
    let object = json!({
        "release": release_file.name,
        "day": bounds.day(),
        "settings": SETTINGS.iter().copied().collect::<std::collections::BTreeMap<_, _>>(),
        "look": look.iter().map(object_of).collect::<Vec<Value>>(),
        "prefixes": rounds.iter().map(object_of).collect::<Vec<Value>>(),
        "load": { "lookups": load.lookups, "requesters": load.requesters },
        "tables": tables.iter().map(object_of).collect::<Vec<Value>>(),
    });
    output.result(&object, &text);
    Ok(())
}

/// The first round of each question with private prefixes.
fn rounds(
    release_file: &ReleaseFile,
    split: &Split,
    first: &Plan,
    bounds: &DayBounds,
) -> Result<Vec<Statement>> {
    let mut prefixes: Vec<Prefix> = Vec::new();
    for table in Plan::prefix_rounds(release_file, split) {
        prefixes.extend(table.contribution.prefix().filter(|prefix| !prefixes.contains(prefix)));
    }
    let none = BTreeSet::new();
    let statement = |prefix: Prefix| weights(release_file, &first.layout, bounds, prefix, &none);
    prefixes.into_iter().map(statement).collect()
}

fn bounds(asked: &Sql, release_file: &ReleaseFile) -> Result<DayBounds> {
    let zone = &release_file.ledger.time_zone;
    match &asked.day {
        Some(day) => DayBounds::new(day.parse()?, zone),
        None => {
            let closed = retain::closed_days(release_file, Clock::System.now())?;
            closed.into_iter().next_back().ok_or_else(|| {
                Error::usage("no day is over and inside retention").help("name one by --day")
            })
        }
    }
}

fn shown(statement: &Statement) -> String {
    format!("\n-- {}\n{};\n", statement.name, statement.sql)
}

fn object_of(statement: &Statement) -> Value {
    json!({ "name": statement.name, "sql": statement.sql })
}
