//! The clip of each table of lookups: set by the release file, or derived from the expected lookups.
//!
//! A clip takes lookups from heavy users, and the noise grows with it. If cells hold few lookups the
//! noise matters more, if a log is large what the clip takes. The constants below were found on the
//! simulated users of `cargo bench --bench accuracy` and of the demo; a `clip` in the release file may
//! be better for others (docs/mechanisms.md, section 6).

use super::axis::Axis;
use super::family::AxisSet;
use super::history::History;
use super::kinds::DEFAULT_BOUND;
use crate::release_file::lattice::{Clip, LATTICE_ONE, MOST_CLIP};
use crate::release_file::privacy_loss::NanoRho;

/// How many lookups of a requester stay unclipped in a table of [`FEW_CELLS`] cells on such a day.
const TYPICAL_MOST: f64 = 20.0;
const FEW_CELLS: f64 = 4.0;
/// The power of the number of cells by which that number falls.
const FINER: f64 = 0.1;
/// The factor for tables by hour. Heavy users differ from others less by hour than by country and
/// app, so a smaller clip distorts hours less.
const BY_HOUR: f64 = 0.5;

/// The lookups times the root of the finer tables' rho for which these numbers hold, and the power
/// of it by which more lookups stay unclipped: on a larger log the noise matters less.
const USUAL_SIGNAL: f64 = 38_000.0;
const LARGER: f64 = 0.65;
/// The limits of that factor. The smaller clips are, the more a contact pair loses.
const LEAST_FACTOR: f64 = 0.5;
const MOST_FACTOR: f64 = 16.0;

/// How likely two lookups of one requester and day share the hour and the country (most people ask
/// about one country). These guesses are used for clips only.
const SAME_HOUR: f64 = 1.0 / 12.0;
const SAME_COUNTRY: f64 = 0.6;

/// The numbers that clips follow from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Clips {
    /// The most of one requester's lookups that count in the total.
    pub(super) total: Clip,
    /// The most that count in loose tables.
    loose: f64,
    /// How many stay unclipped in a table of few cells.
    most: f64,
}

impl Clips {
    /// For a total and finer tables with these budgets; `asked` is the total's clip as the release
    /// file sets it.
    pub(super) fn new(
        asked: Option<Clip>,
        total: NanoRho,
        finer: NanoRho,
        history: Option<&History>,
    ) -> Self {
        let learned = history.and_then(|history| history.total_clip(DEFAULT_BOUND, total));
        let typical = history.and_then(History::typical_most).unwrap_or(TYPICAL_MOST);
        let factor = history.and_then(History::lookups).map_or(1.0, |lookups| {
            let signal = lookups.max(0.0) * finer.rho().sqrt();
            (signal / USUAL_SIGNAL).powf(LARGER).clamp(LEAST_FACTOR, MOST_FACTOR)
        });
        let total = asked.or(learned).unwrap_or(DEFAULT_BOUND);
        // Bots can raise the clip of the total by far, and loose tables have its noise in each cell.
        let loose = match asked {
            Some(asked) => asked.contributions(),
            None => total.contributions().min(DEFAULT_BOUND.contributions()),
        };
        Self { total, loose, most: typical * factor }
    }

    /// How many lookups of a requester stay unclipped in a table; in a loose table as many as in the
    /// total, up to the total's clip without a history.
    pub(super) fn whole_lookups(&self, cells: f64, has_hours: bool, is_loose: bool) -> f64 {
        if is_loose {
            return self.loose;
        }
        let part = if has_hours { BY_HOUR } else { 1.0 };
        (self.most * part * (FEW_CELLS / cells).powf(FINER)).min(self.total.contributions())
    }
}

/// The expected norm of this many lookups of one requester in a table, where two lookups share a
/// cell with a probability that depends on the keys.
pub(super) fn norm(axes: &[Axis], sizes: &[u64], set: AxisSet, lookups: f64) -> Clip {
    let same: f64 = axes
        .iter()
        .zip(sizes)
        .enumerate()
        .filter(|(place, _)| set >> place & 1 == 1)
        .map(|(_, (axis, size))| match axis {
            hour if hour.is_hour() => SAME_HOUR,
            Axis::Key(name) if name.ends_with("country") => SAME_COUNTRY,
            _ => 1.0 / (1.0 + (*size as f64).log2()),
        })
        .product();
    let squares = lookups + lookups * (lookups - 1.0) * same;
    let norm = squares.max(0.0).sqrt().clamp(1.0, MOST_CLIP);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let units = (norm * LATTICE_ONE as f64).ceil() as u64;
    Clip::lattice(units)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::PublishedLayers;

    fn clips(lookups: Option<f64>, rho: u64) -> Clips {
        let layers = |lookups: f64| PublishedLayers {
            width: 20.0,
            noise_sd: lookups / 1_000.0,
            sums: vec![lookups / 16.0; 16],
        };
        let history = lookups.and_then(|lookups| History::new(&[], vec![layers(lookups)]));
        Clips::new(None, NanoRho::new(rho / 2), NanoRho::new(rho), history.as_ref())
    }

    #[test]
    fn finer_tables_keep_fewer_lookups_whole_and_none_more_than_the_total() {
        let clips = clips(None, 24_000_000);
        let whole =
            |cells: f64, has_hours, is_loose| clips.whole_lookups(cells, has_hours, is_loose);
        assert!((whole(4.0, false, false) - 20.0).abs() < 1e-9);
        // Ten times as many cells keep 10^-0.1 of it.
        assert!((whole(40.0, false, false) - 15.887).abs() < 1e-3);
        assert!((whole(40.0, true, false) - 7.943).abs() < 1e-3);
        assert!((whole(4_096.0, true, true) - 300.0).abs() < 1e-9);
        let bots = Clips::new(Some(Clip::whole(1_000)), NanoRho::new(1), NanoRho::new(1), None);
        assert!((bots.whole_lookups(24.0, true, true) - 1_000.0).abs() < 1e-9, "as the file says");
        let small = Clips { total: Clip::whole(12), ..clips };
        assert!((small.whole_lookups(4.0, false, false) - 12.0).abs() < 1e-9);
    }

    #[test]
    fn larger_logs_and_budgets_keep_more_whole() {
        let most = |lookups: f64, rho| clips(Some(lookups), rho).most;
        let usual = most(300_000.0, 16_000_000);
        assert!((usual / 20.0 - 1.0).abs() < 0.01, "{usual}");
        assert!((most(3_000_000.0, 16_000_000) / usual - 10_f64.powf(0.65)).abs() < 1e-9);
        assert!((most(300_000.0, 1_600_000_000) / usual - 10_f64.powf(0.65)).abs() < 1e-9);
        let far = [most(1e12, 16_000_000), most(1.0, 16_000_000)];
        assert!((far[0] - 320.0).abs() < 1e-9 && (far[1] - 10.0).abs() < 1e-9, "{far:?}");
    }
}
