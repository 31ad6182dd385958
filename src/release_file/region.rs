//! The country in which numbers without `+` are dialled, as far as it is chosen.

use crate::{Error, Result};

/// What `init` writes for a country that only the owner of the logs knows.
pub const UNDECIDED: &str = "?";

/// `[logs] default_region`, unless it is still to be chosen.
///
/// # Errors
/// Usage.
pub(super) fn chosen(name: Option<String>) -> Result<Option<String>> {
    if name.as_deref() != Some(UNDECIDED) {
        return Ok(name);
    }
    Err(Error::usage("`[logs] default_region` is still to be chosen").help(
        "write the country in which numbers without + are dialled in place of the question mark, such as \"AT\"; a \
         wrong one makes other people of them, and after the first run it cannot be changed",
    ))
}
