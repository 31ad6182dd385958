//! `manifest`: what the newest manifest of an output says, for programs and for public registries.

use std::path::Path;

use super::output::Output;
use crate::Result;
use crate::report::{manifest, registry};

/// Runs the command. It reads published files, and neither logs nor ledger. The result is JSON in
/// either case.
///
/// # Errors
/// Usage, when nothing was published; input, when a file is not as it was published; I/O.
pub(crate) fn run(out: &Path, is_for_registry: bool, output: &Output) -> Result<()> {
    let object = if is_for_registry { registry(out)? } else { manifest(out)? };
    output.result(&object, &format!("{object:#}\n"));
    Ok(())
}
