//! Sorting one partition's words: spread over small buckets by their highest bits, then each sorted.
//!
//! The highest bits of a word are those of a scrambled number, so that buckets come out even. A
//! requester with many rows makes one large bucket; the library sorts that one as fast as any.

/// How many words a bucket has on average.
const BUCKET: usize = 8;

/// Sorts items whose words, by which they are ordered first, are all below 2^`bits`; `spare` is
/// overwritten.
pub(super) fn sort<T: Copy + Ord>(
    items: &mut Vec<T>,
    word: impl Fn(&T) -> u64,
    bits: u32,
    spare: &mut Vec<T>,
) {
    let buckets = (items.len() / BUCKET).next_power_of_two();
    let shift = bits.saturating_sub(buckets.trailing_zeros());
    // Places are counted in 32 bits.
    let is_spread = buckets >= 2 && shift < u64::BITS && u32::try_from(items.len()).is_ok();
    let Some(any) = items.first().copied().filter(|_| is_spread) else {
        items.sort_unstable();
        return;
    };
    // Where each bucket begins and, while words are spread, where its next word goes.
    let mut next = vec![0_u32; buckets + 1];
    let bucket = |item: &T| ((word(item) >> shift) as usize).min(buckets - 1);
    items.iter().for_each(|item| next[bucket(item) + 1] += 1);
    for place in 1..next.len() {
        next[place] += next[place - 1];
    }
    spare.clear();
    spare.resize(items.len(), any);
    for item in items.iter() {
        let place = &mut next[bucket(item)];
        spare[*place as usize] = *item;
        *place += 1;
    }
    std::mem::swap(items, spare);
    // Now `next` holds the end of each bucket.
    let mut start = 0;
    for end in next.iter().take(buckets).map(|end| *end as usize) {
        items[start..end].sort_unstable();
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
            sort(&mut sorted, |word| *word, bits, &mut Vec::new());
            words.sort_unstable();
            prop_assert_eq!(sorted, words);
        }
    }
}
