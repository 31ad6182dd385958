//! A list that grows in pieces: nothing is moved when it grows, and little is held in reserve.

/// How many bytes a piece takes.
const PIECE_BYTES: usize = 8 << 10;

/// Items in the order in which they came.
pub(super) struct Chunks<T> {
    full: Vec<Vec<T>>,
    last: Vec<T>,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { full: Vec::new(), last: Vec::new() }
    }
}

impl<T: Copy> Chunks<T> {
    const PIECE: usize = PIECE_BYTES / size_of::<T>();

    #[inline]
    pub(super) fn push(&mut self, item: T) {
        if self.last.len() == self.last.capacity() {
            self.begin_piece();
        }
        self.last.push(item);
    }

    /// The pieces in order.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &[T]> {
        self.full.iter().chain([&self.last]).map(Vec::as_slice)
    }

    #[cold]
    fn begin_piece(&mut self) {
        let piece = std::mem::replace(&mut self.last, Vec::with_capacity(Self::PIECE));
        if !piece.is_empty() {
            self.full.push(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_item_in_order() {
        let mut chunks = Chunks::default();
        (0..5_000_u64).for_each(|item| chunks.push(item));
        let items: Vec<u64> = chunks.pieces().flatten().copied().collect();
        assert_eq!(items, (0..5_000).collect::<Vec<_>>());
        assert!(chunks.pieces().all(|piece| piece.len() <= PIECE_BYTES / 8));
    }
}
