//! The first lines of text files as they stand, for `init`, which proposes how they are divided.

use std::io::Read;
use std::path::Path;

use super::find::{self, by_first_bytes, marks_by_name};
use super::foreign;
use super::format::{Format, TextFormat};
use super::header::is_for_excel;
use super::meter::Count;
use super::open::{open_text, unreadable};
use super::sample::spread;
use crate::release_file::dialect::Marks;
use crate::release_file::logs::Logs;
use crate::{Error, Result};

/// How much of a file is read.
const MOST_BYTES: u64 = 256 << 10;

/// The first lines of a text file. Secret.
pub struct FirstLines {
    /// The lines, without their ends and without blank ones.
    pub lines: Vec<String>,
    /// The marks that the ending of the file's name stands for, if it stands for any.
    pub named: Option<Marks>,
}

/// The first lines of some of the files, spread over all of them. Files that show by themselves how
/// they are written are left out: columnar ones, JSON, logs of Zeek and of the W3C. `logs` must
/// declare something about text, so that no file is refused for an unknown ending of its name.
///
/// # Errors
/// Input, for an empty glob or damaged files; I/O.
pub fn first_lines(logs: &Logs) -> Result<Vec<FirstLines>> {
    let mut all = Vec::new();
    for file in spread(find::find(logs, None)?.files) {
        let Format::Text(TextFormat::Separated(_), compression) = file.format else { continue };
        let mut bytes = Vec::new();
        let mut text = open_text(&file.path, compression, &Count::default())?.take(MOST_BYTES);
        text.read_to_end(&mut bytes).map_err(|error| unreadable(&file.path, error))?;
        if let Some(refusal) = foreign::by_bytes(&file.path, &bytes) {
            return Err(refusal);
        }
        let is_cut = bytes.len() as u64 == MOST_BYTES;
        let end = if is_cut { memchr::memrchr(b'\n', &bytes).unwrap_or(0) } else { bytes.len() };
        let bytes = &bytes[..end];
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let named = marks_by_name(&file.path);
        let says_itself =
            by_first_bytes(bytes).is_some() || bytes.trim_ascii_start().starts_with(b"{");
        if says_itself && named.is_none() {
            continue;
        }
        require_utf8(&file.path, bytes)?;
        let text = String::from_utf8_lossy(bytes);
        let is_one =
            |line: &&str| !line.trim().is_empty() && !is_for_excel(line.trim_end().as_bytes());
        let lines = text.lines().filter(is_one);
        all.push(FirstLines { lines: lines.map(str::to_owned).collect(), named });
    }
    Ok(all)
}

/// How text in another encoding is converted.
pub const TO_UTF8: &str =
    "as in iconv -f WINDOWS-1252 -t UTF-8; a spreadsheet saves \"CSV UTF-8\" or \"Unicode text\"";

/// Refuses text of which a tenth of the lines or more is not UTF-8; fewer lines are rejects.
fn require_utf8(path: &Path, bytes: &[u8]) -> Result<()> {
    let lines = || bytes.split(|byte| *byte == b'\n');
    let other = lines().filter(|line| std::str::from_utf8(line).is_err()).count();
    if other * 10 < lines().count() {
        return Ok(());
    }
    let error = Error::input(format!("{} is not UTF-8 text", path.display()));
    Err(error.help(format!("convert it, {TO_UTF8}")))
}
