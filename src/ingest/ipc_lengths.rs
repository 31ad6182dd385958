//! Compares the lengths that a packed Arrow message states with what it holds.
//!
//! Each packed buffer says how long it is unpacked, and the decoder asks for that much memory at
//! once. A damaged length would end the process, so a length that is out of proportion is checked
//! first.

use std::io::{self, Read};

use arrow_ipc::{CompressionType, Message, RecordBatch, root_as_message};
use arrow_schema::ArrowError;

/// What decoding gives, or what is wrong with the file.
pub(super) type Decoded<T> = std::result::Result<T, ArrowError>;

/// The length of the length before a packed buffer.
const PREFIX: usize = 8;
/// A length up to this one is left to the decoder.
const SMALL: u64 = 16 << 20;
/// No LZ4 block unpacks to more than this multiple.
const LZ4_MOST: u64 = 255;
/// A multiple that zstd seldom reaches; a buffer that does is unpacked to measure it.
const ZSTD_USUAL: u64 = 16;

/// Refuses a message with a packed buffer of another length than it says; a wrong length that is in
/// proportion is left to the decoder. `metadata` is the number of bytes before the message's body.
pub(super) fn check(message: &[u8], metadata: usize) -> Decoded<()> {
    let (head, body) = message.split_at_checked(metadata).ok_or_else(damaged)?;
    let is_marked = head.starts_with(&[0xff; 4]);
    let head = head.get(if is_marked { 8 } else { 4 }..).ok_or_else(damaged)?;
    let message = root_as_message(head).map_err(|_| damaged())?;
    let Some(batch) = batch(&message) else { return Ok(()) };
    let Some(compression) = batch.compression() else { return Ok(()) };
    for buffer in batch.buffers().into_iter().flatten() {
        let start = usize::try_from(buffer.offset()).map_err(|_| damaged())?;
        let length = usize::try_from(buffer.length()).map_err(|_| damaged())?;
        if length == 0 {
            continue;
        }
        let end = start.checked_add(length).ok_or_else(damaged)?;
        let packed = body.get(start..end).ok_or_else(damaged)?;
        check_buffer(packed, compression.codec())?;
    }
    Ok(())
}

fn batch<'m>(message: &Message<'m>) -> Option<RecordBatch<'m>> {
    message.header_as_record_batch().or_else(|| message.header_as_dictionary_batch()?.data())
}

fn check_buffer(buffer: &[u8], codec: CompressionType) -> Decoded<()> {
    let (length, packed) = buffer.split_first_chunk::<PREFIX>().ok_or_else(damaged)?;
    // Minus one says that the buffer is not packed.
    let Ok(length) = u64::try_from(i64::from_le_bytes(*length)) else { return Ok(()) };
    let multiple = length / (packed.len() as u64).max(1);
    let is_true = length <= SMALL
        || match codec {
            CompressionType::ZSTD => multiple < ZSTD_USUAL || unpacks_to(packed, length)?,
            _ => multiple <= LZ4_MOST,
        };
    is_true.then_some(()).ok_or_else(damaged)
}

/// Unpacks a buffer piece by piece, keeps nothing, and compares the length.
fn unpacks_to(packed: &[u8], length: u64) -> Decoded<bool> {
    let mut unpacked = zstd::stream::read::Decoder::new(packed)?.take(length.saturating_add(1));
    Ok(io::copy(&mut unpacked, &mut io::sink())? == length)
}

/// The error for what is no Arrow file.
pub(super) fn damaged() -> ArrowError {
    ArrowError::IpcError("damaged".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(length: i64, packed: &[u8]) -> Vec<u8> {
        [&length.to_le_bytes(), packed].concat()
    }

    #[test]
    fn a_length_out_of_proportion_is_measured_and_refused_unless_it_is_true() {
        let zeros = 64_usize << 20;
        let packed = zstd::encode_all(vec![0_u8; zeros].as_slice(), 1).unwrap();
        assert!(packed.len() < zeros / 1_000);
        let zeros = zeros as i64;
        for (length, is_read) in [
            (zeros, true),
            (zeros - 1, false),
            (zeros + 1, false),
            (i64::MAX, false),
            (1_i64 << 50, false),
            (-1, true),
            (0, true),
            // Small ones are left to the decoder.
            (7, true),
        ] {
            let checked = check_buffer(&buffer(length, &packed), CompressionType::ZSTD);
            assert_eq!(checked.is_ok(), is_read, "{length}");
        }
        for (length, is_read) in [(255_i64 << 20, true), (1_i64 << 40, false), (1 << 20, true)] {
            let packed = vec![0; 1 << 20];
            let checked = check_buffer(&buffer(length, &packed), CompressionType::LZ4_FRAME);
            assert_eq!(checked.is_ok(), is_read, "{length}");
        }
        assert!(check_buffer(&[1, 2, 3], CompressionType::ZSTD).is_err());
    }
}
