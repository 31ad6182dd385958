//! Texts, names and numbers as they stand in a statement. Nothing of a release file reaches one unquoted.

use std::fmt::Write;

/// A text: as it is if every reader takes it for the same one, and otherwise by its bytes, in which
/// nothing is an escape or a variable.
pub(super) fn text(value: &str) -> String {
    let is_plain =
        |letter: char| letter == ' ' || letter.is_ascii_graphic() && !"'\\$`\"".contains(letter);
    if value.chars().all(is_plain) {
        return format!("'{value}'");
    }
    let mut bytes = String::with_capacity(2 * value.len());
    for byte in value.as_bytes() {
        // Writing to a string cannot fail.
        let _infallible = write!(bytes, "{byte:02X}");
    }
    format!("CAST(X'{bytes}' AS STRING)")
}

/// The name of a column, or a path.
pub(super) fn name(value: &str) -> String {
    format!("`{}`", value.replace('`', "``"))
}

/// The name of a table, each of its parts quoted.
pub(super) fn names(parts: &[String]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| name(part)).collect();
    parts.join(".")
}

/// A number, in the shortest form that is read as the same one.
pub(super) fn number(value: f64) -> String {
    format!("{value:e}D")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_and_no_name_ends_its_quotes() {
        for (value, quoted) in [
            ("calls", "'calls'"),
            ("", "''"),
            ("a b-c.d/e", "'a b-c.d/e'"),
            ("it's", "CAST(X'69742773' AS STRING)"),
            ("\\", "CAST(X'5C' AS STRING)"),
            ("${x}", "CAST(X'247B787D' AS STRING)"),
            ("é\n", "CAST(X'C3A90A' AS STRING)"),
        ] {
            assert_eq!(text(value), quoted);
        }
        assert_eq!(name("a`b.c"), "`a``b.c`");
        assert_eq!([number(0.1), number(-60_000.0), number(1e300)], ["1e-1D", "-6e4D", "1e300D"]);
    }
}
