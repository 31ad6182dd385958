//! A published file in an output folder, compared with the manifest beside it.

use std::fs;
use std::path::Path;

use super::own::listed_digest;
use super::read::{Published, unreadable};
use crate::release_file::day::Day;
use crate::{Error, Result};

/// A file as it was published, as far as that can be known.
pub(super) struct Checked {
    pub(super) table: Published,
    /// Whether a manifest has its digest, or it is of a kind that no manifest lists.
    pub(super) is_vouched: bool,
}

impl Checked {
    /// Reads the file of a question and a period. `path` is where it lies in the output.
    ///
    /// # Errors
    /// Input, for a file that was not published by this program, or not with these bytes; I/O.
    pub(super) fn read(out: &Path, path: &str, period: &str) -> Result<Self> {
        let file = out.join(path);
        let bytes = fs::read(&file).map_err(|error| {
            Error::io(format!("{} cannot be read", file.display()))
                .help("check its permissions")
                .because(error)
        })?;
        let listed = period.parse::<Day>().ok().and_then(|day| listed_digest(out, day, path));
        let digest = blake3::hash(&bytes).to_hex();
        if listed.as_ref().is_some_and(|listed| *listed != digest.as_str()) {
            return Err(Error::input(format!("{} is not as it was published", file.display()))
                .help("run `pointillist run` again, which writes such files again for no charge"));
        }
        let table = Published::read(&bytes).map_err(|_| unreadable(&file))?;
        let is_rolled_up = !table.facts["grain"].is_null();
        Ok(Self { table, is_vouched: listed.is_some() || is_rolled_up })
    }

    /// A warning about where the file comes from, if there is one.
    pub(super) fn warning(&self, path: &Path) -> Option<String> {
        let path = path.display();
        (!self.is_vouched)
            .then(|| format!("no manifest lists {path}, so nothing shows whether it was changed"))
    }
}
