//! The numbers of an order, as typed.

use std::path::Path;

use crate::ingest::Identities;
use crate::release_file::ReleaseFile;
use crate::{Error, Result};

/// How many of the last digits of a number an order's reference must not hold.
const NAMING_DIGITS: usize = 7;

/// Refuses a reference that contains one of the order's numbers.
pub(super) fn require_nameless(order: &str, numbers: &[String]) -> Result<()> {
    let names = |number: &String| {
        let digits = digits(number);
        // A national form lacks the calling code; references contain shorter numbers by chance.
        let tail = digits.get(digits.len().saturating_sub(NAMING_DIGITS)..).unwrap_or_default();
        tail.len() == NAMING_DIGITS && self::digits(order).contains(tail)
    };
    if numbers.iter().any(names) {
        return Err(Error::usage("the order's reference holds one of its numbers")
            .help("numbers are kept as keyed digests only: give the reference without them"));
    }
    Ok(())
}

/// Reads numbers in the canonical form by which rows are matched. An error names the position of a
/// bad number, not the number itself.
pub(super) fn canonical(release_file: &ReleaseFile, numbers: &[String]) -> Result<Vec<String>> {
    let mut identities = Identities::new(&release_file.logs)?;
    let canonical = |(place, number): (usize, &String)| {
        identities.canonical(number.trim()).map(str::to_owned).ok_or_else(|| {
            Error::usage(format!("number {} of the order is not valid", place + 1)).help(
                "write it with + and its calling code, or as dialled in `[logs] default_region`; \
                 it is not repeated here",
            )
        })
    };
    let numbers: Vec<String> = numbers.iter().enumerate().map(canonical).collect::<Result<_>>()?;
    if numbers.is_empty() {
        return Err(Error::usage("the order names no number").help("give --number or --numbers"));
    }
    Ok(numbers)
}

pub(super) fn listed_numbers(file: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Error::io(format!("{} cannot be read as text", file.display()))
            .help("give a file with one number per line")
            .because(error)
    })?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// Only the letters and digits, without separators.
fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}
