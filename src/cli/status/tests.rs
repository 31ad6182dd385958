//! Warnings and lines divide a row of days alike.

use super::*;

/// Days in a row from the first of March, with the days until each expires.
fn days(make: fn(Option<i64>) -> Standing, expiries: &[Option<i64>]) -> Vec<(Day, Standing)> {
    let dated = expiries.iter().zip(1..).map(|(expires, day)| {
        let day = format!("2026-03-{day:02}").parse().unwrap();
        (day, make(*expires))
    });
    dated.collect()
}

#[test]
fn days_that_can_be_saved_are_not_warned_of_as_lost() {
    const PLACE: Place = Place::BehindTheLast;
    type Made = fn(Option<i64>) -> Standing;
    let looks_empty: Made =
        |expires_in_days| Standing::LooksEmpty { expires_in_days, place: PLACE };
    let no_logs: Made = |expires_in_days| Standing::NoLogs { expires_in_days, place: PLACE };
    for (make, lost, saved) in [
        (
            looks_empty,
            "the days 2026-03-01 to 2026-03-02 look empty and passed retention",
            "the days 2026-03-03 to 2026-03-04 look empty and pass retention in 0 to 1 days",
        ),
        (
            no_logs,
            "the days 2026-03-01 to 2026-03-02 have no log files and passed retention",
            "the days 2026-03-03 to 2026-03-04 have no log files and would pass retention in 0 to 1 days",
        ),
    ] {
        let standings = days(make, &[None, None, Some(0), Some(1)]);
        let warnings = of_days(&standings);
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings[0].starts_with(lost) && warnings[1].starts_with(saved), "{warnings:?}");
        let shown = |(day, standing)| Shown { day, standing, begun: None, logs_changed: None };
        let shown: Vec<Shown> = standings.into_iter().map(shown).collect();
        let text = lines(&shown);
        assert_eq!(text.lines().filter(|line| line.starts_with("2026")).count(), 2, "{text}");
    }
    // All of one row are lost, or none is.
    for expiries in [[None; 3], [Some(1), Some(2), Some(3)]] {
        assert_eq!(of_days(&days(looks_empty, &expiries)).len(), 1);
    }
}
