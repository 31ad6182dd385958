//! One list for each partition, growing in pieces: nothing is moved when a list grows, and little is
//! held in reserve.

/// How many bytes a piece takes.
const PIECE_BYTES: usize = 8 << 10;

/// Items by partition, in the order in which they came.
pub(super) struct Dealt<T> {
    // Apart from the pieces that are full, so that what a push touches stays in the nearest cache.
    last: Vec<Vec<T>>,
    full: Vec<Vec<Vec<T>>>,
}

impl<T: Copy> Dealt<T> {
    const PIECE: usize = PIECE_BYTES / size_of::<T>();

    /// Empty lists.
    pub(super) fn new(partitions: usize) -> Self {
        Self { last: vec![Vec::new(); partitions], full: vec![Vec::new(); partitions] }
    }

    #[inline]
    pub(super) fn push(&mut self, partition: usize, item: T) {
        if self.last[partition].len() == self.last[partition].capacity() {
            self.begin_piece(partition);
        }
        self.last[partition].push(item);
    }

    /// The pieces of one list in order.
    pub(super) fn pieces(&self, partition: usize) -> impl Iterator<Item = &[T]> {
        self.full[partition].iter().chain([&self.last[partition]]).map(Vec::as_slice)
    }

    #[cold]
    fn begin_piece(&mut self, partition: usize) {
        let piece = std::mem::replace(&mut self.last[partition], Vec::with_capacity(Self::PIECE));
        if !piece.is_empty() {
            self.full[partition].push(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_item_of_every_partition_in_order() {
        let mut dealt = Dealt::new(3);
        (0..15_000_u64).for_each(|item| dealt.push(usize::try_from(item % 3).unwrap(), item));
        for partition in 0..3 {
            let items: Vec<u64> = dealt.pieces(partition).flatten().copied().collect();
            let expected: Vec<u64> = (partition as u64..15_000).step_by(3).collect();
            assert_eq!(items, expected);
            assert!(dealt.pieces(partition).all(|piece| piece.len() <= PIECE_BYTES / 8));
        }
    }
}
