//! A session of Spark Connect: questions with a deadline, answers as Arrow.
//!
//! The client blocks, panics inside of an asynchronous task, and waits for ever for a server whose certificate
//! is not trusted. Each call therefore has a thread of its own and a deadline, behind which the cluster is
//! asked to stop. What the server says in its own words may quote a value of a row, so only the name of its
//! error is passed on.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use spark_connect::{DataType, SparkError, SparkSession};

use super::SETTINGS;
use crate::release_file::engine::Engine;
use crate::{Error, Result};

/// How long the server may take for its first answer, and for any that reads no rows.
const FIRST: Duration = Duration::from_secs(60);
/// How long it may take to stop.
const LAST: Duration = Duration::from_secs(10);
/// How often a stop is looked for.
const TICK: Duration = Duration::from_millis(100);

/// An open session.
pub(super) struct Connection {
    session: Arc<SparkSession>,
    tag: String,
    patience: Duration,
    stop: Box<dyn Fn() -> Result<()>>,
}

impl Connection {
    /// Opens a session whose questions carry `tag`; `stop` fails when somebody asks the run to end.
    ///
    /// # Errors
    /// Usage, for a token that would cross a network in clear text; I/O, when nobody answers.
    pub(super) fn open(
        engine: &Engine,
        tag: &str,
        stop: Box<dyn Fn() -> Result<()>>,
    ) -> Result<Self> {
        let remote = with_token(engine)?;
        let session = SparkSession::builder().remote(&remote).get_or_create();
        let session = session.map_err(|error| failed("for a session", &error))?;
        session.add_tag(tag).map_err(|error| failed("for a session", &error))?;
        let session = Arc::new(session);
        let open = Self { session, tag: tag.to_owned(), patience: engine.patience, stop };
        open.call("for its settings", FIRST, |session| {
            for (name, value) in SETTINGS {
                session.conf().set(name, value)?;
            }
            Ok(())
        })?;
        Ok(open)
    }

    /// The names and types of the columns of a query, which reads no rows.
    ///
    /// # Errors
    /// Input, when the cluster does not know a column or path; I/O.
    pub(super) fn columns(&self, sql: &str) -> Result<Vec<(String, DataType)>> {
        let sql = sql.to_owned();
        let schema = self.call("which columns the logs have", FIRST, move |session| {
            Ok(session.sql(&sql)?.schema()?)
        })?;
        match schema {
            DataType::Struct { fields } => {
                Ok(fields.into_iter().map(|field| (field.name, field.data_type)).collect())
            }
            _ => Err(Error::io("the cluster names no columns")),
        }
    }

    /// The answer to a query, as a file of Arrow's IPC format.
    ///
    /// # Errors
    /// Input, when the cluster cannot read the logs; I/O, when it fails or takes too long; stopped.
    pub(super) fn answer(&self, asked: &str, sql: &str) -> Result<Vec<u8>> {
        let sql = sql.to_owned();
        self.call(&format!("for {asked}"), self.patience, move |session| {
            Ok(session.sql(&sql)?.to_arrow()?)
        })
    }

    /// Calls the server on a thread of its own.
    fn call<T: Send + 'static>(
        &self,
        asked: &str,
        patience: Duration,
        call: impl FnOnce(&SparkSession) -> Result<T, Box<SparkError>> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = channel();
        let session = Arc::clone(&self.session);
        // Nobody waits for an answer that comes too late.
        std::thread::spawn(move || sender.send(call(&session)).ok());
        let begun = Instant::now();
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(answer) => return answer.map_err(|error| failed(asked, &error)),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::io(format!(
                        "the cluster's client gave up when asked {asked}"
                    )));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            let stopped = (self.stop)();
            if stopped.is_ok() && begun.elapsed() < patience {
                continue;
            }
            self.interrupt();
            stopped?;
            return Err(Error::io(format!(
                "the cluster was asked {asked} and did not answer within {} seconds",
                patience.as_secs()
            ))
            .help(
                "check that it is up, and that its certificate is trusted here (SSL_CERT_FILE); \
                 `[engine] patience` says how long a query may take",
            ));
        }
    }

    /// Asks the server to stop whatever carries the tag.
    fn interrupt(&self) {
        let (session, tag) = (Arc::clone(&self.session), self.tag.clone());
        let (sender, receiver) = channel();
        std::thread::spawn(move || sender.send(session.interrupt_tag(&tag).is_ok()).ok());
        let stopped = receiver.recv_timeout(LAST).unwrap_or(false);
        tracing::info!(stopped, "asked the cluster to stop");
    }
}

impl Drop for Connection {
    /// Has the server forget the session, if it does so at once.
    fn drop(&mut self) {
        let session = Arc::clone(&self.session);
        let (sender, receiver) = channel();
        std::thread::spawn(move || sender.send(session.stop().is_ok()).ok());
        let _gone = receiver.recv_timeout(LAST);
    }
}

/// The connection string with the token, which stands in a file or a variable that the client reads itself.
fn with_token(engine: &Engine) -> Result<String> {
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

/// The failure of a question, by the name of the server's error alone.
fn failed(asked: &str, error: &SparkError) -> Error {
    const UNAUTHENTICATED: i32 = 16;
    if error.grpc_code() == Some(UNAUTHENTICATED) {
        return Error::refused("the cluster does not accept the token")
            .help("tokens expire: write a new one into the file or the variable it is read from");
    }
    let class = error.get_condition().unwrap_or_default();
    let is_name = |letter: char| letter.is_ascii_uppercase() || "_.0123456789".contains(letter);
    let class = if !class.is_empty() && class.len() < 80 && class.chars().all(is_name) {
        class
    } else {
        "no named error".to_owned()
    };
    let message = format!("the cluster was asked {asked} and failed ({class})");
    let of_logs =
        ["PATH_NOT_FOUND", "UNRESOLVED_COLUMN", "FAILED_READ_FILE", "UNABLE_TO_INFER_SCHEMA"];
    let help = "its own log has the rest; docs/cluster.md lists what it needs";
    if of_logs.iter().any(|known| class.starts_with(known)) {
        Error::input(message)
            .help("check `[logs] path` and `[logs] columns` as the cluster sees them")
    } else {
        Error::io(message).help(help)
    }
}
