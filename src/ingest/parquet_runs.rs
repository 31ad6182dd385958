//! Whole numbers as Parquet packs levels and places in a dictionary: runs of one number, and groups of eight in
//! a few bits each.

use super::parquet_pages::number;

/// Reads `count` numbers of `width` bits; `None` if they are not all there.
pub(super) fn read(mut bytes: &[u8], width: usize, count: usize) -> Option<Vec<u32>> {
    if width > u32::BITS as usize {
        return None;
    }
    let mut numbers = Vec::with_capacity(count);
    while numbers.len() < count {
        let mut at = 0;
        let head = usize::try_from(number(bytes, &mut at)?).ok()?;
        bytes = bytes.get(at..)?;
        let left = count - numbers.len();
        let length = if head & 1 == 0 {
            let length = width.div_ceil(8);
            let mut repeated = [0; size_of::<u32>()];
            repeated[..length].copy_from_slice(bytes.get(..length)?);
            let run = (head >> 1).min(left);
            numbers.resize(numbers.len() + run, u32::from_le_bytes(repeated));
            length
        } else {
            // The last group may lack the numbers behind the last one that counts.
            let length = (head >> 1).checked_mul(width)?.min(bytes.len());
            let there = left.min((head >> 1).checked_mul(8)?);
            unpack(&bytes[..length], width, there, &mut numbers)?;
            length
        };
        if head >> 1 == 0 {
            return None;
        }
        bytes = &bytes[length..];
    }
    Some(numbers)
}

/// Whether these are numbers of one bit in a single run of ones, as of a column without nulls.
pub(super) fn are_all_one(bytes: &[u8], count: usize) -> bool {
    let mut at = 0;
    let run = number(bytes, &mut at).filter(|head| head & 1 == 0).map(|head| head >> 1);
    run.is_some_and(|run| run >= count as u64) && bytes.get(at) == Some(&1)
}

/// Appends `count` numbers of `width` bits, the lowest bits first.
fn unpack(bytes: &[u8], width: usize, count: usize, numbers: &mut Vec<u32>) -> Option<()> {
    if count.checked_mul(width)?.div_ceil(8) > bytes.len() {
        return None;
    }
    let mask = (1_u64 << width) - 1;
    numbers.extend((0..count).map(|place| {
        let bit = place * width;
        let mut word = [0; size_of::<u64>()];
        let near = &bytes[bit / 8..];
        let length = near.len().min(word.len());
        word[..length].copy_from_slice(&near[..length]);
        (u64::from_le_bytes(word) >> (bit % 8) & mask) as u32
    }));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_groups_of_any_width() {
        assert_eq!(read(&[18, 5], 3, 9), Some(vec![5; 9]));
        // 0 1 2 3 4 5 6 7 in three bits each.
        let eight = [0b1000_1000, 0b1100_0110, 0b1111_1010];
        assert_eq!(read(&[&[3][..], &eight].concat(), 3, 8), Some((0..8).collect()));
        let both = [&[3][..], &eight, &[6, 7], &[3], &eight[..1]].concat();
        assert_eq!(read(&both, 3, 13), Some(vec![0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 0, 1]));
        assert_eq!(read(&[2, 1, 2, 3, 4], 32, 1), Some(vec![0x0403_0201]));
        assert_eq!(read(&[200, 1], 0, 100), Some(vec![0; 100]));
        assert_eq!(read(&[201, 1], 0, 100), Some(vec![0; 100]));
        assert_eq!(read(&[], 1, 0), Some(Vec::new()));
    }

    #[test]
    fn what_is_not_there_is_not_read() {
        for (bytes, width) in [
            // Nothing, a run without its number, no run, too few numbers, too many bits.
            (&[][..], 1),
            (&[18], 3),
            (&[0, 5], 3),
            (&[1], 3),
            (&[16, 5], 3),
            (&[3, 0, 0], 3),
            (&[18, 5, 0, 0, 0, 0], 33),
            (&[0xff; 11], 1),
        ] {
            assert_eq!(read(bytes, width, 9), None, "{bytes:?}");
        }
    }
}
