//! Random words from the system's generator, in blocks.

use opendp::traits::samplers::fill_bytes;

use super::super::fault;
use crate::Result;

/// How many words are fetched at a time.
const BLOCK: usize = 8_192;

/// Random words; each is used once, and the rest of a block is dropped with it.
pub(in super::super) struct Words {
    block: Vec<u8>,
    next: usize,
    bits: u64,
    bits_left: u32,
}

impl Words {
    /// Starts with nothing fetched.
    pub(in super::super) const fn new() -> Self {
        Self { block: Vec::new(), next: 0, bits: 0, bits_left: 0 }
    }

    /// 64 random bits.
    ///
    /// # Errors
    /// Internal, when the generator fails.
    #[inline]
    pub(super) fn word(&mut self) -> Result<u64> {
        if let Some((word, _)) = self.block.get(self.next..).and_then(<[u8]>::split_first_chunk) {
            self.next += 8;
            return Ok(u64::from_le_bytes(*word));
        }
        self.refill()?;
        self.word()
    }

    /// One random bit.
    ///
    /// # Errors
    /// Internal, when the generator fails.
    #[inline]
    pub(super) fn bit(&mut self) -> Result<bool> {
        if self.bits_left == 0 {
            self.bits = self.word()?;
            self.bits_left = 64;
        }
        let bit = self.bits & 1 == 1;
        self.bits >>= 1;
        self.bits_left -= 1;
        Ok(bit)
    }

    /// A number below `end`, each with the same probability: words whose product would favour some
    /// are thrown away.
    ///
    /// # Errors
    /// Internal, when the generator fails.
    #[inline]
    pub(super) fn below(&mut self, end: u64) -> Result<u64> {
        loop {
            let product = u128::from(self.word()?) * u128::from(end);
            #[expect(clippy::cast_possible_truncation, reason = "the lower and the upper half")]
            let (low, high) = (product as u64, (product >> 64) as u64);
            if low >= end || low >= end.wrapping_neg() % end {
                return Ok(high);
            }
        }
    }

    fn refill(&mut self) -> Result<()> {
        self.block.resize(BLOCK * 8, 0);
        self.next = 0;
        fill_bytes(&mut self.block).map_err(|error| fault("the generator failed", &error))
    }
}
