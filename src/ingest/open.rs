//! Opens files and decodes bytes that cannot be trusted.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use super::format::Compression;
use super::meter::{Count, Counted};
use super::wide::{Order, narrow};
use crate::{Error, Result};

/// Opens a file.
pub(super) fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|error| unreadable(path, error))
}

/// Opens a text file, decompressed and as UTF-8, and counts what is read of the file itself.
pub(super) fn open_text(
    path: &Path,
    compression: Compression,
    count: &Count,
) -> Result<Box<dyn Read + Send>> {
    Ok(open_narrow(path, compression, count)?.0)
}

/// The byte order of a text file in UTF-16; `None` for other text.
///
/// # Errors
/// Input, for a damaged file; I/O.
pub fn order_of(path: &Path, compression: Compression) -> Result<Option<Order>> {
    Ok(open_narrow(path, compression, &Count::default())?.1)
}

fn open_narrow(
    path: &Path,
    compression: Compression,
    count: &Count,
) -> Result<(Box<dyn Read + Send>, Option<Order>)> {
    let file = open(path)?;
    // A writer that had no row may have written nothing at all.
    if file.metadata().is_ok_and(|facts| facts.is_file() && facts.len() == 0) {
        return Ok((Box::new(io::empty()), None));
    }
    let file = Counted(file, Arc::clone(count));
    let opened = match compression {
        Compression::None => narrow(file),
        Compression::Gzip => narrow(flate2::read::MultiGzDecoder::new(BufReader::new(file))),
        Compression::Zstd => unpacked(file).and_then(narrow),
    };
    opened.map_err(|error| unreadable(path, error))
}

/// A zstd file, whatever window its writer chose.
fn unpacked<R: Read>(file: R) -> io::Result<zstd::stream::read::Decoder<'static, BufReader<R>>> {
    /// The largest window of the format, `zstd --long=31`. Memory is taken as the file needs it.
    const WINDOW_LOG_MAX: u32 = 31;
    let mut decoder = zstd::stream::read::Decoder::new(file)?;
    decoder.window_log_max(WINDOW_LOG_MAX)?;
    Ok(decoder)
}

/// The error for a file that cannot be read. Only an error of the operating system has a code; all
/// others come from a decompressor or from the reader of UTF-16, and mean that the file is damaged.
pub(super) fn unreadable(path: &Path, error: io::Error) -> Error {
    if error.raw_os_error().is_none() {
        Error::input(format!("{} is damaged or cut short", path.display()))
            .help("fetch the file again, or move it away")
            .because(error)
    } else {
        Error::io(format!("{} cannot be read", path.display()))
            .help("check that it is there and may be read")
            .because(error)
    }
}

/// Runs a decoder. Its failure, or its panic, means that the file is damaged. The decoder's own
/// message is dropped, since it may quote the data.
pub(super) fn guarded<T, E>(
    path: &Path,
    decode: impl FnOnce() -> std::result::Result<T, E>,
) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(decoded)) => Ok(decoded),
        Ok(Err(_)) | Err(_) => Err(Error::input(format!("{} cannot be decoded", path.display()))
            .help(
                "it is damaged, cut short or unusual: fetch it again, rewrite it, or move it away",
            )),
    }
}
