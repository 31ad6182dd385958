//! What went wrong on a cluster, without the server's own words, which may quote a value of a row.

use spark_connect_core::SparkError;

use crate::Error;

/// Whether the way to the server is broken, for now: the client says so in several ways, none of which has the
/// details that an error of Spark has.
pub(super) fn is_gone(error: &SparkError) -> bool {
    const CANCELLED: i32 = 1;
    const UNKNOWN: i32 = 2;
    const INTERNAL: i32 = 13;
    const UNAVAILABLE: i32 = 14;
    match error.grpc_code() {
        Some(UNAVAILABLE) => true,
        Some(CANCELLED | UNKNOWN | INTERNAL) => error.grpc_details().is_none(),
        _ => false,
    }
}

/// The failure of a question, by the name of the server's error alone.
pub(super) fn failed(asked: &str, error: &SparkError) -> Error {
    const UNAUTHENTICATED: i32 = 16;
    if error.grpc_code() == Some(UNAUTHENTICATED) {
        return Error::refused("the cluster does not accept the token")
            .help("tokens expire: write a new one into the file or the variable it is read from");
    }
    if is_gone(error) {
        let message = format!("the cluster was asked {asked} and is not there, or not any more");
        return Error::io(message)
            .help("check that it is up, and that its certificate is trusted here (SSL_CERT_FILE)");
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
