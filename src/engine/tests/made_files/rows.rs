//! The rows that all made files hold.

/// The public list of apps as it is sorted, before "other"; some are hard to write in some formats.
pub(super) const APPS: [&str; 4] = ["\"hi\"", "calls, video", "gr\u{fc}\u{df}e", "messages"];

/// Midnight at the start of the day that is tallied, 2026-01-02T00:00:00Z, in microseconds.
const MIDNIGHT: i64 = 1_767_312_000_000_000;
const HOUR: i64 = 3_600_000_000;

/// One lookup.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// UTC microseconds.
    pub(super) at: Option<i64>,
    pub(super) requester: u64,
    pub(super) target: Option<u64>,
    pub(super) app: Option<&'static str>,
    pub(super) is_sms: bool,
    pub(super) latency: Option<f64>,
}

impl Row {
    /// Whether it can be read and lies in the day.
    pub(super) fn counts(&self) -> bool {
        let is_of_day = self.at.is_some_and(|at| (0..24 * HOUR).contains(&(at - MIDNIGHT)));
        is_of_day && self.target.is_some() && self.requester > 99
    }

    pub(super) fn hour(&self) -> usize {
        ((self.at.unwrap() - MIDNIGHT) / HOUR) as usize
    }

    /// The place of the app in its list, behind whose end is all else.
    pub(super) fn app_place(&self) -> usize {
        APPS.iter().position(|app| Some(*app) == self.app).unwrap_or(APPS.len())
    }

    pub(super) fn route(&self) -> &'static str {
        if self.is_sms { "sms" } else { "messenger" }
    }
}

/// Six hundred lookups of two days in the order of their times, by numbers that are never assigned. One
/// has no time, one no target, and one a requester that is no number.
pub(super) fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = (0..600_u64)
        .map(|place| Row {
            at: Some(MIDNIGHT - 12 * HOUR + place as i64 * 216_123_457),
            requester: 14_155_550_100 + place * place % 41,
            target: Some(12_125_550_100 + place * 7 % 97),
            app: APPS
                .iter()
                .copied()
                .cycle()
                .nth(place as usize * 3 % 7)
                .filter(|_| place % 11 > 0),
            is_sms: place % 3 == 0,
            latency: (place % 13 > 0).then(|| (place % 900 + 1) as f64 + 0.5),
        })
        .collect();
    // The first and the last microsecond of the day.
    let next = rows.iter().position(|row| row.at >= Some(MIDNIGHT)).unwrap();
    rows[next].at = Some(MIDNIGHT);
    rows[599].at = Some(MIDNIGHT + 24 * HOUR - 1);
    rows[300].at = None;
    rows[301].target = None;
    rows[302].requester = 12;
    rows
}
