//! Days in words for people: those in a row as a range.

use crate::release_file::day::Day;

/// Days in order, such as `2026-03-01 to 2026-03-05, 2026-03-09`.
pub(super) fn ranges<'d>(days: impl IntoIterator<Item = &'d Day>) -> String {
    let days: Vec<Day> = days.into_iter().copied().collect();
    let in_a_row = days.chunk_by(|day, next| day.next() == Some(*next));
    let words = in_a_row.map(|days| match days {
        [first, .., last] => format!("{first} to {last}"),
        days => days.iter().map(Day::to_string).collect(),
    });
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_a_row_are_a_range() {
        for (days, words) in [
            (vec![], ""),
            (vec!["2026-03-01"], "2026-03-01"),
            (vec!["2026-02-28", "2026-03-01"], "2026-02-28 to 2026-03-01"),
            (
                vec!["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-03"],
                "2026-02-27 to 2026-03-01, 2026-03-03",
            ),
        ] {
            let days: Vec<Day> = days.into_iter().map(|day| day.parse().unwrap()).collect();
            assert_eq!(ranges(&days), words);
        }
    }
}
