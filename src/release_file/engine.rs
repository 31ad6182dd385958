//! `[engine]`: the cluster that reads and tallies the logs, where they may not leave it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;

use super::raw::RawEngine;
use crate::{Error, Result};

/// How long one question to a cluster may take unless the release file says otherwise.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// `[engine]`, checked. Nothing of it changes an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    /// Where the cluster listens: a connection string of Spark Connect without a token.
    pub remote: String,
    /// The file that holds its token, read again for each statement.
    pub token_file: Option<PathBuf>,
    /// How long one question may take.
    pub patience: Duration,
}

impl Engine {
    /// The engine at a connection string, with what `[engine]` says otherwise, if there is one.
    ///
    /// # Errors
    /// Usage, for text that is no connection string, or one with a token.
    pub fn at(remote: &str, declared: Option<&Self>) -> Result<Self> {
        require_remote(remote, "--remote")?;
        let declared = declared.cloned();
        let other = declared.unwrap_or(Self {
            remote: String::new(),
            token_file: None,
            patience: PATIENCE,
        });
        Ok(Self { remote: remote.to_owned(), ..other })
    }

    /// Checks `[engine]`; its paths start from `folder`.
    pub(super) fn parse(raw: &RawEngine, folder: &Path) -> Result<Self> {
        require_remote(&raw.spark, "[engine] spark")?;
        let patience = raw.patience.as_deref().map_or(Ok(PATIENCE), |text| {
            let patience = text.parse::<SignedDuration>().ok();
            let patience = patience.and_then(|patience| Duration::try_from(patience).ok());
            patience.filter(|patience| !patience.is_zero()).ok_or_else(|| {
                Error::usage(format!("`[engine] patience` is `{text}`"))
                    .help("write a duration such as \"30m\" or \"2h\"")
            })
        })?;
        let token_file = raw.token_file.as_deref().map(|path| folder.join(path));
        Ok(Self { remote: raw.spark.clone(), token_file, patience })
    }
}

fn require_remote(remote: &str, field: &str) -> Result<()> {
    // Whoever reads a release file or a list of processes would read the token.
    if remote.to_ascii_lowercase().contains("token=") {
        return Err(Error::usage(format!("`{field}` holds a token")).help(
            "put it into a file and name that by `[engine] token_file`, or into the variable \
             SPARK_CONNECT_AUTHENTICATE_TOKEN",
        ));
    }
    let place = remote.strip_prefix("sc://").and_then(|rest| rest.split(['/', ';']).next());
    match place {
        Some(place) if !place.is_empty() => Ok(()),
        _ => Err(Error::usage(format!(
            "`{field}` is `{remote}`, no place of a Spark Connect server"
        ))
        .help("write it as sc://host:15002, with /;use_ssl=true behind it for TLS")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(spark: &str, patience: Option<&str>) -> RawEngine {
        let patience = patience.map(str::to_owned);
        RawEngine { spark: spark.to_owned(), token_file: Some("token".to_owned()), patience }
    }

    #[test]
    fn a_place_and_a_patience_are_checked_and_a_token_is_never_part_of_them() {
        let engine =
            Engine::parse(&raw("sc://host:15002/;use_ssl=true", Some("5m")), Path::new("/r"));
        let engine = engine.unwrap();
        assert_eq!(
            (engine.patience.as_secs(), engine.remote.as_str()),
            (300, "sc://host:15002/;use_ssl=true")
        );
        assert_eq!(engine.token_file.as_deref(), Some(Path::new("/r/token")));
        for (spark, patience, named) in [
            ("host:15002", None, "no place"),
            ("sc://", None, "no place"),
            ("sc:///;use_ssl=true", None, "no place"),
            ("sc://host/;Token=abc", None, "holds a token"),
            ("sc://host", Some("soon"), "patience"),
            ("sc://host", Some("0s"), "patience"),
        ] {
            let error = Engine::parse(&raw(spark, patience), Path::new(".")).unwrap_err();
            assert!(error.to_string().contains(named), "{spark}: {error}");
            assert!(!error.to_string().contains("abc"), "{error}");
        }
        let other = Engine::at("sc://other", Some(&engine)).unwrap();
        assert_eq!((other.remote.as_str(), other.patience), ("sc://other", engine.patience));
        assert!(Engine::at("other", None).is_err());
    }
}
