//! How much of the log files was read, for a progress display.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A step of reading the files of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Reading begins, of about this many bytes.
    Begins(u64),
    /// This many more were read.
    Read(u64),
    /// All rows are read.
    Ends,
}

/// Where each step is noted. The default one drops all steps.
///
/// # Privacy
/// Sizes of files decide what is noted, and no row.
#[derive(Clone, Default)]
pub struct Meter(Option<Arc<dyn Fn(Step) + Send + Sync>>);

impl Meter {
    /// Hands each step to `watch`, from any thread.
    pub fn new(watch: impl Fn(Step) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(watch)))
    }

    /// Notes a step.
    pub fn note(&self, step: Step) {
        if let Some(watch) = &self.0 {
            watch(step);
        }
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Meter").field(&self.0.is_some()).finish()
    }
}

/// How many bytes were read through a reader.
pub(super) type Count = Arc<AtomicU64>;

/// A reader whose bytes are counted.
pub(super) struct Counted<R>(pub(super) R, pub(super) Count);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
