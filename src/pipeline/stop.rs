//! A request to stop, by a signal, that a run obeys where stopping costs nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_default};

use crate::{Error, Result};

/// Whether somebody has asked the run to stop. It stops before the next day, or before a day is
/// drawn; a draw that has begun is committed and published first.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens to SIGTERM and SIGINT from here on. The first one asks the run to stop; a second one
    /// ends the process at once, which the next run heals like any crash.
    ///
    /// # Errors
    /// I/O, when the system does not let the process listen.
    pub fn on_signals() -> Result<Self> {
        let stop = Self::default();
        for signal in [SIGTERM, SIGINT] {
            // Runs before the flag is set, so that only a second signal finds it set.
            register_conditional_default(signal, Arc::clone(&stop.0))
                .and_then(|_| register(signal, Arc::clone(&stop.0)))
                .map_err(|error| Error::io("signals cannot be received").because(error))?;
        }
        Ok(stop)
    }

    /// Asks the run to stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Stops here if somebody asked for it.
    ///
    /// # Errors
    /// Stopped.
    pub(super) fn check(&self) -> Result<()> {
        if self.0.load(Ordering::SeqCst) {
            return Err(Error::stopped("the run was stopped by a signal before it drew")
                .help("run again: a day that was reserved goes on and is not charged again"));
        }
        Ok(())
    }
}
