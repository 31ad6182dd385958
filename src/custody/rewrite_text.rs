//! A text file without some of its records; the others keep every byte.
//!
//! In: the file and the cutoff. Out: head, comments, the records that stay and the lines
//! around them, compressed as the file
//! was. A gzip header's file name and comment are dropped.

use std::fs::File;
use std::io::{BufWriter, Write};

use flate2::write::GzEncoder;

use super::files::cannot_write;
use super::undated::Fates;
use crate::ingest::{Compression, Format, OpenLog, Segment, Wide, order_of};
use crate::{Error, Result};

/// Writes the records at or after the cutoff.
pub(super) fn rewrite(
    log: &OpenLog<'_>,
    fates: Option<&Fates>,
    to: &File,
    cutoff: i64,
) -> Result<()> {
    let failed = |error| cannot_write(log.path(), error);
    let buffered = BufWriter::new(to);
    match log.file().format() {
        Format::Text(_, Compression::Gzip) => {
            let mut encoder = GzEncoder::new(buffered, flate2::Compression::default());
            copy(log, fates, &mut encoder, cutoff)?;
            encoder.finish().and_then(|mut inner| inner.flush()).map_err(failed)
        }
        Format::Text(_, Compression::Zstd) => {
            let mut encoder = zstd::Encoder::new(buffered, 0).map_err(failed)?;
            copy(log, fates, &mut encoder, cutoff)?;
            encoder.finish().and_then(|mut inner| inner.flush()).map_err(failed)
        }
        Format::Text(_, Compression::None) => {
            let mut plain = buffered;
            copy(log, fates, &mut plain, cutoff)?;
            plain.flush().map_err(failed)
        }
        Format::Parquet | Format::Arrow => {
            Err(Error::internal("a file without lines was taken for text"))
        }
    }
}

fn copy(log: &OpenLog<'_>, fates: Option<&Fates>, to: &mut dyn Write, cutoff: i64) -> Result<()> {
    let failed = |error| cannot_write(log.path(), error);
    let mut wide;
    let order = match log.file().format() {
        Format::Text(_, compression) => order_of(log.path(), compression)?,
        Format::Parquet | Format::Arrow => None,
    };
    let to: &mut dyn Write = match order {
        Some(order) => {
            wide = Wide::new(to, order);
            &mut wide
        }
        None => to,
    };
    to.write_all(&log.head()?).map_err(failed)?;
    let mut commas = Commas { is_array: log.is_array(), ..Commas::default() };
    let mut walk = fates.map(|fates| fates.walk(cutoff));
    log.scan(true, &mut |piece| {
        let mut times = piece.times.iter();
        for segment in piece.segments() {
            let time = segment.is_record.then(|| times.next().flatten()).flatten();
            let stays = match &mut walk {
                Some(walk) => walk.stays(time),
                // What has no time that can be read stays.
                None => time.is_none_or(|time| time >= cutoff),
            };
            if stays {
                commas.write(&segment, to).map_err(failed)?;
            }
        }
        Ok(())
    })
}

/// What stands between the elements of an array: a comma is written with the element after it, and
/// the first one that stays has none before it.
#[derive(Default)]
struct Commas {
    is_array: bool,
    pending: Vec<u8>,
    has_element: bool,
}

impl Commas {
    fn write(&mut self, segment: &Segment<'_>, to: &mut dyn Write) -> std::io::Result<()> {
        if !self.is_array {
            return to.write_all(segment.bytes);
        }
        if segment.is_record {
            if std::mem::replace(&mut self.has_element, true) {
                to.write_all(&self.pending)?;
            }
            self.pending.clear();
        } else if segment.bytes.contains(&b',') {
            self.pending = segment.bytes.to_vec();
            return Ok(());
        } else {
            self.has_element &= !segment.bytes.contains(&b'[');
        }
        to.write_all(segment.bytes)
    }
}
