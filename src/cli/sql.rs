//! `sql`: what a cluster would be asked for one day, for whoever reviews it.

use serde_json::{Value, json};

use super::cluster_args::Sql;
use super::output::{Output, grouped};
use super::plan::load_of;
use crate::cluster::{SETTINGS, Statement, require_supported, statements};
use crate::plan::{FoundKeys, Plan};
use crate::release::rehearse;
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Clock, DayBounds};
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
    let load = load_of(asked.load.lookups, asked.load.requesters);
    let numbers = rehearse(&release_file, &split, load)?.numbers;
    let (plan, _) = pipeline::planned(&release_file, &split, &numbers, &FoundKeys::new())?;
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
        "load": { "lookups": load.lookups, "requesters": load.requesters },
        "tables": tables.iter().map(object_of).collect::<Vec<Value>>(),
    });
    output.result(&object, &text);
    Ok(())
}

fn bounds(asked: &Sql, release_file: &ReleaseFile) -> Result<DayBounds> {
    let zone = &release_file.ledger.time_zone;
    match &asked.day {
        Some(day) => DayBounds::new(day.parse()?, zone),
        None => {
            let closed = retain::closed_days(release_file, Clock::System.now())?;
            closed.into_iter().next_back().ok_or_else(|| {
                Error::usage("no day is closed and inside retention").help("name one by --day")
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
