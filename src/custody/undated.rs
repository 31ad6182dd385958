//! Lines without a time, in logs that a pattern reads: they are as old as the lines around them.
//!
//! In: the lines of a file in their order. Out: which of those that the pattern does not match, or
//! that `skip` passes over, go. They go if the nearest line with a time before them goes, and the
//! nearest one behind them, too. Where none is before them the one behind decides, and at the end of
//! the file the time at which the file was last written to stands for the one behind. Anybody can
//! write such lines into the log of a server: they must neither stay for ever nor hold deletion up.

use std::slice::Iter;
use std::time::SystemTime;

use jiff::Timestamp;

use crate::ingest::LogRows;

/// What was seen of the lines of a file so far.
pub(super) struct Undated {
    cutoff: i64,
    /// Whether all stay: they may hold numbers that an order in force names, and cannot be searched for them.
    all_stay: bool,
    /// Whether the line with a time before these stays, if there is one.
    before: Option<bool>,
    /// How many lines without a time there are since then; `None` without a byte of them.
    waiting: Option<u64>,
    /// Whether one of these is too long to be held in memory.
    is_cut: bool,
    fates: Fates,
}

/// What becomes of the lines without a time of a file.
#[derive(Default)]
pub(super) struct Fates {
    /// For each group of them that stands between lines with a time, whether it stays.
    groups: Vec<bool>,
    /// How many lines stay, and how many go.
    pub(super) kept: u64,
    pub(super) gone: u64,
    /// Whether one that stays is too long to be copied.
    pub(super) keeps_cut: bool,
}

impl Undated {
    pub(super) fn new(cutoff: i64, all_stay: bool) -> Self {
        Self {
            cutoff,
            all_stay,
            before: None,
            waiting: None,
            is_cut: false,
            fates: Fates::default(),
        }
    }

    /// Takes in the next lines of the file.
    pub(super) fn take(&mut self, piece: &LogRows) {
        self.is_cut |= piece.is_cut();
        let mut times = piece.times.iter();
        for segment in piece.segments() {
            match segment.is_record.then(|| times.next().flatten()).flatten() {
                Some(time) => self.dated(time >= self.cutoff),
                None => self.undated(segment.bytes),
            }
        }
    }

    fn dated(&mut self, stays: bool) {
        self.decide(stays);
        self.before = Some(stays);
    }

    fn undated(&mut self, bytes: &[u8]) {
        let lines = bytes.split(|byte| *byte == b'\n');
        let lines = lines.filter(|line| !line.trim_ascii().is_empty()).count();
        *self.waiting.get_or_insert(0) += lines as u64;
    }

    fn decide(&mut self, after_stays: bool) {
        let Some(lines) = self.waiting.take() else { return };
        let stays = self.all_stay || after_stays || self.before == Some(true);
        self.fates.keeps_cut |= std::mem::take(&mut self.is_cut) && stays;
        self.fates.groups.push(stays);
        *(if stays { &mut self.fates.kept } else { &mut self.fates.gone }) += lines;
    }

    /// Ends a file that was last written to then; where that is not known, what stands at its end stays.
    pub(super) fn end(mut self, written: Option<SystemTime>) -> Fates {
        let written = written.and_then(|at| Timestamp::try_from(at).ok());
        self.decide(written.is_none_or(|at| at.as_microsecond() >= self.cutoff));
        self.fates
    }
}

impl Fates {
    /// Whether the lines of the file stay, asked one after the other.
    pub(super) fn walk(&self, cutoff: i64) -> Walk<'_> {
        Walk { groups: self.groups.iter(), group: None, cutoff }
    }
}

/// Goes through the lines of a file again.
pub(super) struct Walk<'f> {
    groups: Iter<'f, bool>,
    group: Option<bool>,
    cutoff: i64,
}

impl Walk<'_> {
    /// Whether the next line stays, or the next group of lines without a time.
    pub(super) fn stays(&mut self, time: Option<i64>) -> bool {
        match time {
            Some(time) => {
                self.group = None;
                time >= self.cutoff
            }
            None => *self.group.get_or_insert_with(|| self.groups.next().copied().unwrap_or(true)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Which lines stay: `o` is a line past retention, `y` one inside it, `x` one without a time.
    fn left(lines: &str, written: u64, all_stay: bool) -> String {
        let time = |line: char| match line {
            'o' => Some(1),
            'y' => Some(2_000_000),
            _ => None,
        };
        let mut undated = Undated::new(1_000_000, all_stay);
        for line in lines.chars() {
            match time(line) {
                Some(time) => undated.dated(time >= 1_000_000),
                None => undated.undated(b"x\n"),
            }
        }
        let fates = undated.end(Some(SystemTime::UNIX_EPOCH + Duration::from_secs(written)));
        let lost = lines.chars().filter(|line| *line == 'x').count() as u64;
        assert_eq!(fates.kept + fates.gone, lost, "{lines}");
        let mut walk = fates.walk(1_000_000);
        lines.chars().filter(|line| walk.stays(time(*line))).collect()
    }

    #[test]
    fn a_line_without_a_time_goes_with_the_lines_around_it() {
        for (lines, written, expected) in [
            ("oxo", 0, ""),
            ("oxxy", 2, "xxy"),
            ("yxo", 0, "yx"),
            ("xo", 0, ""),
            ("xxy", 2, "xxy"),
            ("oxoxyxx", 2, "xyxx"),
            // What stands at the end is no older than the last write, nor younger.
            ("ox", 0, ""),
            ("ox", 1, "x"),
            ("yx", 0, "yx"),
            ("xx", 0, ""),
            ("xx", 1, "xx"),
            ("", 0, ""),
        ] {
            assert_eq!(left(lines, written, false), expected, "{lines}");
            let all: String = lines.chars().filter(|line| *line != 'o').collect();
            assert_eq!(left(lines, written, true), all, "{lines}");
        }
    }
}
