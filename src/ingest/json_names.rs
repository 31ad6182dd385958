//! The names of columns in the first lines of JSON. A name may be of one row, and even be a number of a person, so a
//! message shows only names that at least half of these lines have.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::json_array;
use super::json_fallback;
use super::text_pieces::TextPieces;
use crate::Result;

/// How many lines of a file are searched.
const NAMES_FROM: usize = 1_000;

/// The names in the first lines of one file or several, each with how many lines have it.
#[derive(Debug, Clone, Default)]
pub(super) struct JsonNames {
    /// How many lines, or elements of arrays, were searched.
    lines: usize,
    names: BTreeMap<String, usize>,
}

impl JsonNames {
    /// Reads the first lines of a file.
    ///
    /// # Errors
    /// Input or I/O, when it cannot be read.
    pub(super) fn read(pieces: TextPieces) -> Result<Self> {
        let is_array = pieces.is_array();
        let mut found = Self::default();
        for piece in pieces {
            let piece = piece?;
            let bytes = &piece.bytes;
            let lines: Vec<&[u8]> = if is_array {
                json_array::elements(bytes).map(|element| &bytes[element]).collect()
            } else {
                bytes.split(|byte| *byte == b'\n').collect()
            };
            let lines = lines.into_iter().filter(|line| !line.trim_ascii().is_empty());
            lines.take(NAMES_FROM - found.lines).for_each(|line| found.take(line));
            if found.lines >= NAMES_FROM {
                break;
            }
        }
        Ok(found)
    }

    /// Adds the lines of another file.
    pub(super) fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        for (name, lines) in &other.names {
            *self.names.entry(name.clone()).or_default() += lines;
        }
    }

    /// Whether there was a line.
    pub(super) const fn has_lines(&self) -> bool {
        self.lines > 0
    }

    /// All names. They may be of one row.
    pub(super) fn all(&self) -> Vec<String> {
        self.names.keys().cloned().collect()
    }

    /// The names that a message may show.
    pub(super) fn usual(&self) -> Vec<String> {
        let usual = self.names.iter().filter(|(_, lines)| 2 * **lines >= self.lines);
        usual.map(|(name, _)| name.clone()).collect()
    }

    fn take(&mut self, line: &[u8]) {
        self.lines += 1;
        let mut names = Vec::new();
        json_fallback::object(line).iter().for_each(|object| paths(object, "", &mut names));
        names.into_iter().for_each(|name| *self.names.entry(name).or_default() += 1);
    }
}

/// The names of an object's members, and the paths of those within.
fn paths(object: &Map<String, Value>, above: &str, names: &mut Vec<String>) {
    for (name, value) in object {
        names.push(format!("{above}{name}"));
        if let Value::Object(inner) = value {
            paths(inner, &format!("{above}{name}."), names);
        }
    }
}
