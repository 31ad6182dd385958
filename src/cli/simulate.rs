//! `simulate`: writes logs of a made-up lookup service.

use serde_json::json;

use super::output::{Output, grouped};
use super::simulate_args::Simulate;
use crate::Result;
use crate::release_file::day::Day;
use crate::simulate::{Settings, require_absent, write};

/// Runs the command.
///
/// # Errors
/// Usage, for settings out of range, and for a folder that has such files; I/O, when the folder cannot be written.
pub(crate) fn run(asked: &Simulate, output: &Output) -> Result<()> {
    let settings = Settings {
        start: asked.start.parse::<Day>()?.date(),
        days: asked.days,
        lookups_per_day: asked.lookups_per_day,
        requesters: asked.requesters,
        seed: asked.seed,
        format: asked.format,
    };
    require_absent(&settings, &asked.out)?;
    let lookups = u64::from(asked.days).saturating_mul(asked.lookups_per_day);
    let bar = output.bar(lookups, "{human_pos} of {human_len} lookups, {eta} left");
    let summary = write(&settings, &asked.out, &|rows| bar.inc(rows))?;
    bar.finish_and_clear();
    let object = json!({
        "files": summary.files,
        "lookups": summary.lookups,
        "bytes": summary.bytes,
        "seed": asked.seed,
        "out": asked.out,
    });
    let text = format!(
        "wrote {} lookups in {} files ({} bytes) under {}\n",
        grouped(summary.lookups as f64),
        summary.files,
        grouped(summary.bytes as f64),
        asked.out.display()
    );
    output.result(&object, &text);
    Ok(())
}
