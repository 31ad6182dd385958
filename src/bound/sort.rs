//! Sorting one partition's words: dealt into small buckets by their highest bits, then each sorted.
//!
//! The highest bits of a word are those of a scrambled unit, so that buckets come out even; a unit
//! with many rows makes one large bucket, which the library's sort takes as fast as any.

/// How many words a bucket has on average.
const BUCKET: usize = 8;

/// Sorts `words`, all of them below two to the power of `bits`; `room` is overwritten.
pub(super) fn sort(words: &mut Vec<u64>, bits: u32, room: &mut Vec<u64>) {
    let buckets = (words.len() / BUCKET).next_power_of_two();
    let shift = bits.saturating_sub(buckets.trailing_zeros());
    if buckets < 2 || shift >= u64::BITS {
        words.sort_unstable();
        return;
    }
    // Where each bucket begins, and, while words are dealt out, where its next word goes.
    let mut next = vec![0_u32; buckets + 1];
    let bucket = |word: u64| ((word >> shift) as usize).min(buckets - 1);
    words.iter().for_each(|word| next[bucket(*word) + 1] += 1);
    for place in 1..next.len() {
        next[place] += next[place - 1];
    }
    room.clear();
    room.resize(words.len(), 0);
    for word in words.iter() {
        let place = &mut next[bucket(*word)];
        room[*place as usize] = *word;
        *place += 1;
    }
    std::mem::swap(words, room);
    // Every bucket's next word would now go to its end.
    let mut start = 0;
    for end in next.iter().take(buckets).map(|end| *end as usize) {
        words[start..end].sort_unstable();
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_the_library(
            mut words in prop::collection::vec(any::<u64>(), 0..3_000),
            bits in 1_u32..=64,
            heavy in 0_usize..3_000,
        ) {
            words.iter_mut().for_each(|word| *word >>= 64 - bits);
            let first = words.first().copied().unwrap_or(0);
            words.resize(words.len() + heavy, first);
            let mut sorted = words.clone();
            sort(&mut sorted, bits, &mut Vec::new());
            words.sort_unstable();
            prop_assert_eq!(sorted, words);
        }
    }
}
