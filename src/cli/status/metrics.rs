//! `status --metrics`: the same facts in the OpenMetrics text format, for a collector of text files.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jiff::Timestamp;

use super::shown::Shown;
use super::standing::WARN_DAYS;
use crate::{Error, Result};

/// The facts that are written.
pub(super) struct Facts<'a> {
    pub(super) release: &'a str,
    pub(super) as_of: Timestamp,
    pub(super) days: &'a [Shown],
    /// The least that a day has left of its budget, in rho.
    pub(super) left: Option<f64>,
    /// How many holds end soon or lack an archive.
    pub(super) holds: usize,
    pub(super) needs_operator: bool,
}

/// What the file begins with.
pub(super) const FIRST: &str = "# TYPE pointillist_";

/// Writes the file whole, or leaves the one that is there.
pub(super) fn write_metrics(path: &Path, facts: &Facts<'_>) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let write = || -> std::io::Result<()> {
        // A collector runs as another user, who must be able to read the file.
        let mut file = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o644))
            .tempfile_in(folder.unwrap_or_else(|| Path::new(".")))?;
        file.write_all(text(facts).as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map(drop).map_err(|error| error.error)
    };
    write().map_err(|error| {
        Error::io(format!("the metrics {} cannot be written", path.display()))
            .help("check the folder and its permissions")
            .because(error)
    })
}

fn text(facts: &Facts<'_>) -> String {
    let Facts { release, days, .. } = facts;
    let mut text = String::new();
    let mut family = |name: &str, help: &str, samples: &[(String, String)]| {
        text.push_str(&format!(
            "# TYPE pointillist_{name} gauge\n# HELP pointillist_{name} {help}\n"
        ));
        for (label, value) in samples {
            text.push_str(&format!("pointillist_{name}{{release=\"{release}\"{label}}} {value}\n"));
        }
    };
    let one = |value: String| [(String::new(), value)];
    let words =
        ["released", "open", "pending", "looks empty", "no log files", "expired unreleased"];
    let of = |word: &str| days.iter().filter(|day| day.standing.word() == word).count();
    let standings = words.map(|word| (format!(",standing=\"{word}\""), of(word).to_string()));
    family("days", "Days by standing.", &standings);
    let begun = days.iter().filter(|day| day.begun.is_some()).count();
    family("days_begun", "Days that a run began and did not finish.", &one(begun.to_string()));
    let left = |day: &Shown| day.standing.expires_in_days();
    let expiring = days.iter().filter_map(left).filter(|days| *days < WARN_DAYS).count();
    let help = "Days not released that pass retention in less than three days.";
    family("days_expiring", help, &one(expiring.to_string()));
    let changed = days.iter().filter(|day| day.logs_changed == Some(true)).count();
    let help = "Released days whose logs have changed, as far as that was asked.";
    family("days_changed", help, &one(changed.to_string()));
    if let Some(left) = facts.left {
        let help = "The least rho that a charged day has left of its budget.";
        family("budget_left_rho", help, &one(left.to_string()));
    }
    let help = "Holds that end within seven days, and archives that are gone.";
    family("hold_warnings", help, &one(facts.holds.to_string()));
    let needs = u8::from(facts.needs_operator).to_string();
    family("needs_operator", "1 if somebody must look.", &one(needs));
    let help = "When these facts were true, in Unix time.";
    family("status_time_seconds", help, &one(facts.as_of.as_second().to_string()));
    text.push_str("# EOF\n");
    text
}
