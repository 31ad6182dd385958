//! Random words from a stream cipher whose key comes from the operating system.
//!
//! Each [`Words`] draws a key of its own on first use. Every block of key stream begins with the key
//! of the next block (fast key erasure), so earlier blocks cannot be computed from what is left in
//! memory. Key and block are wiped when they are dropped. The program never forks; if it did, the
//! child would draw a new key for its next block, and share the rest of the one it was born with.

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use zeroize::Zeroizing;

use crate::{Error, Result};

/// How many words one block holds.
const BLOCK: usize = 8_192;
const KEY_BYTES: usize = 32;
const WORD_BYTES: usize = 8;

/// Random words; each is used once, and the rest of a block is dropped with it.
pub(in super::super) struct Words {
    key: Zeroizing<[u8; KEY_BYTES]>,
    /// The process that drew the key; zero before the first use.
    process: u32,
    block: Zeroizing<Vec<u8>>,
    /// Where the next word lies in the block.
    next: usize,
    bits: u64,
    bits_left: u32,
}

impl Words {
    /// Creates a source that draws its key when the first word is asked for.
    pub(in super::super) fn new() -> Self {
        Self {
            key: Zeroizing::default(),
            process: 0,
            block: Zeroizing::default(),
            next: 0,
            bits: 0,
            bits_left: 0,
        }
    }

    /// 64 random bits.
    ///
    /// # Errors
    /// I/O, when the operating system gives no randomness.
    #[inline]
    pub(super) fn word(&mut self) -> Result<u64> {
        if let Some((word, _)) = self.block.get(self.next..).and_then(<[u8]>::split_first_chunk) {
            self.next += WORD_BYTES;
            return Ok(u64::from_le_bytes(*word));
        }
        self.refill()?;
        self.word()
    }

    /// One random bit.
    ///
    /// # Errors
    /// I/O, when the operating system gives no randomness.
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
    /// numbers are thrown away.
    ///
    /// # Errors
    /// I/O, when the operating system gives no randomness.
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

    /// Fills the block with fresh key stream and replaces the key.
    fn refill(&mut self) -> Result<()> {
        let process = std::process::id();
        if self.process != process {
            getrandom::fill(self.key.as_mut_slice()).map_err(|error| {
                Error::io("the operating system gives no randomness").because(error.to_string())
            })?;
            if mutant!("seed-that-never-changes") {
                self.key.fill(7);
            }
            self.process = process;
        }
        self.block.clear();
        self.block.resize(KEY_BYTES + BLOCK * WORD_BYTES, 0);
        // The nonce may stay the same because no key is used twice.
        let mut cipher = ChaCha20::new(self.key.as_slice().into(), &[0; 12].into());
        cipher.apply_keystream(&mut self.block);
        self.key.copy_from_slice(&self.block[..KEY_BYTES]);
        self.next = KEY_BYTES;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_word_comes_twice_within_a_source_or_between_sources() {
        // 2^16 words of 64 bits: a chance collision has probability 2^-33.
        let mut seen = HashSet::new();
        for _ in 0..4 {
            let mut words = Words::new();
            for _ in 0..2 * BLOCK {
                assert!(seen.insert(words.word().unwrap()));
            }
        }
    }

    #[test]
    fn a_block_is_the_key_stream_after_the_next_key() {
        let mut words = Words::new();
        words.word().unwrap();
        let first = words.key.clone();
        // The words that are left of this block, then the first of the next.
        for _ in 0..BLOCK {
            words.word().unwrap();
        }
        let mut expected = vec![0; KEY_BYTES + BLOCK * WORD_BYTES];
        ChaCha20::new(first.as_slice().into(), &[0; 12].into()).apply_keystream(&mut expected);
        assert_eq!(*words.block, expected);
        assert_eq!(words.key.as_slice(), &expected[..KEY_BYTES]);
        assert_eq!(words.next, KEY_BYTES + WORD_BYTES);
    }

    #[test]
    fn another_process_draws_another_key() {
        let mut words = Words::new();
        words.word().unwrap();
        // As a forked process would find it: the same memory under another process identifier.
        let key = words.key.clone();
        words.process = words.process.wrapping_add(1);
        words.next = words.block.len();
        words.word().unwrap();
        let mut expected = vec![0; KEY_BYTES];
        ChaCha20::new(key.as_slice().into(), &[0; 12].into()).apply_keystream(&mut expected);
        assert_ne!(words.key.as_slice(), expected);
    }
}
