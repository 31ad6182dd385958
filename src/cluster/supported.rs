//! What a cluster can be asked. Everything else is refused by name, before anything is charged.

use crate::plan::{CellPart, Cells, Plan};
use crate::release_file::ReleaseFile;
use crate::release_file::columns::Made;
use crate::release_file::day_names::DayNames;
use crate::release_file::logs::{Identifier, Logs};
use crate::{Error, Result};

/// The most values of a list that become arms of one expression.
const MOST_ARMS: usize = 1_000;
/// The most exempt targets, which stand in each statement.
const MOST_EXEMPT: usize = 10_000;

/// Refuses a release file that asks for more than the statements can say.
///
/// # Errors
/// Usage, naming the field.
pub fn require_supported(release_file: &ReleaseFile, plan: &Plan) -> Result<()> {
    if release_file.exempt.len() > MOST_EXEMPT {
        return refuse(
            &format!("`[privacy] exempt` has more than {MOST_EXEMPT} entries"),
            "list those that are asked about most",
        );
    }
    require_logs(&release_file.logs)?;
    let long_list = plan.layout.keys().iter().find(|key| key.values().len() > MOST_ARMS);
    if let Some(key) = long_list {
        let what = format!("the list of the key `{}` has more than {MOST_ARMS} values", key.name());
        return refuse(&what, "shorten the list");
    }
    if plan.cells.iter().any(has_long_list) {
        return refuse(
            &format!(
                "the condition of a `share` is met by more than {MOST_ARMS} combinations of keys"
            ),
            "ask for a count by these keys, which holds all of them",
        );
    }
    Ok(())
}

fn refuse(what: &str, help: &str) -> Result<()> {
    Err(Error::usage(format!("{what}, which a cluster cannot be asked yet")).help(help.to_owned()))
}

/// Refuses logs that only this program can read.
fn require_logs(logs: &Logs) -> Result<()> {
    if logs.identifier == Identifier::E164 {
        return refuse(
            "`[logs] identifier` is \"e164\": numbers in any spelling are read by libphonenumber",
            "if all stand in one form, such as +436641234567, set identifier = \"e164-exact\", by which another \
             spelling is a reject; \"opaque\" is for names and other texts",
        );
    }
    if logs.table.is_none() && logs.place.glob.contains(['*', '?', '[', ']', '{', '}', '\\']) {
        return refuse("`[logs] path` is a pattern", "name the folder, or one file");
    }
    if !logs.time_formats.is_empty() {
        return refuse(
            "`[logs] time_format` is given",
            "write times as timestamps or whole numbers",
        );
    }
    if matches!(logs.made(logs.column("requested_at")), Some(Made::Joined(_))) {
        return refuse(
            "`[logs] columns.requested_at` joins columns",
            "write one column of timestamps",
        );
    }
    if !logs.dialect.facts().is_empty() {
        return refuse(
            "`[logs]` says how text is written",
            "a cluster reads Parquet; remove those fields",
        );
    }
    if logs.day_names == Some(DayNames::File) && logs.table.is_some() {
        let help = "name the column that the table is divided by with day_folder = \"day\"";
        return refuse("`[logs] day_file` is about names of files, and `table` is given", help);
    }
    if logs.expect.is_some() {
        return refuse("`[logs] expect` is given", "remove it, or run without `[engine]`");
    }
    Ok(())
}

fn has_long_list(cells: &Cells) -> bool {
    cells.parts().any(|part| match part {
        CellPart::Key(..) => false,
        CellPart::Condition(_, met, _) => {
            let is_met = met.iter().filter(|met| **met).count();
            is_met.min(met.len() - is_met) > MOST_ARMS
        }
    })
}
