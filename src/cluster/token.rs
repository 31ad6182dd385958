//! The token of a cluster: where it stands, and where it may not go.

use crate::release_file::engine::Engine;
use crate::{Error, Result};

/// The connection string with the token, which is in a file, or in a variable that the client reads
/// itself.
pub(super) fn with_token(engine: &Engine) -> Result<String> {
    let remote = &engine.remote;
    let from_file = engine.token_file.as_ref().map(|path| {
        std::fs::read_to_string(path).map_err(|error| {
            Error::io(format!("the token file {} cannot be read", path.display()))
                .help("`[engine] token_file` starts at the release file's folder")
                .because(error)
        })
    });
    let from_file = from_file.transpose()?;
    let has_token =
        from_file.is_some() || std::env::var_os("SPARK_CONNECT_AUTHENTICATE_TOKEN").is_some();
    let (place, is_tls) =
        (remote.trim_start_matches("sc://"), remote.to_ascii_lowercase().contains("use_ssl=true"));
    let is_here = ["localhost", "127.0.0.1", "[::1]"].iter().any(|here| {
        place
            .strip_prefix(here)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/', ';']))
    });
    if has_token && !is_tls && !is_here {
        return Err(Error::usage("a token would cross the network in clear text")
            .help("add /;use_ssl=true to the place of the cluster"));
    }
    let Some(token) = from_file else { return Ok(remote.clone()) };
    let token: String = token.trim().bytes().map(|byte| format!("%{byte:02X}")).collect();
    let between = if remote.contains(";") { ";" } else { "/;" };
    Ok(format!("{}{between}token={token}", remote.trim_end_matches('/')))
}
