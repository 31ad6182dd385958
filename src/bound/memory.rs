//! How much memory the rows of a day may take, and what to do when it is used up.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The memory that rows may take, shared by all threads of one run.
pub struct Memory {
    limit: usize,
    folder: PathBuf,
    held: AtomicUsize,
}

impl Memory {
    /// Rows may take so many bytes; beyond, they go to temporary files in a folder.
    #[must_use]
    pub const fn new(limit: usize, folder: PathBuf) -> Self {
        Self { limit, folder, held: AtomicUsize::new(0) }
    }

    /// Where temporary files go.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Notes that a thread holds so many bytes more, and tells whether all threads together hold too
    /// many and this one, of so many bytes itself, has its part in it.
    pub(super) fn is_used_up(&self, more: usize, own: usize) -> bool {
        let held = self.held.fetch_add(more, Ordering::Relaxed) + more;
        // Whoever holds little would write little and gain nothing.
        held > self.limit && own > self.limit / (4 * rayon::current_num_threads())
    }

    /// Whether so many bytes more would fit.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.held.load(Ordering::Relaxed).saturating_add(bytes) <= self.limit
    }

    /// Notes that a thread wrote out what it held.
    pub(super) fn free(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}
