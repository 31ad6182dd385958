//! Exact tallies of real logs, against figures computed without this program.
//!
//! The figures were computed with SQL over the same files (a GROUP BY of all rows with a target),
//! for the tab-separated log with a few lines of Python; the tables here cut nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::counted::Counted;
use crate::ingest::{Reason, RowCounts};
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Day, DayBounds};

/// Whole contributions summed over days, for each table.
pub(super) struct Sums {
    names: Vec<String>,
    tables: Vec<Vec<i64>>,
    by_day: BTreeMap<Day, Vec<Vec<i64>>>,
    pub(super) counts: RowCounts,
}

impl Sums {
    /// The place of the measured table with this name.
    fn at(&self, name: &str) -> usize {
        self.names.iter().position(|known| known == name).unwrap()
    }

    pub(super) fn of(&self, name: &str) -> &[i64] {
        &self.tables[self.at(name)]
    }
}

/// The release file of this name.
pub(super) fn release(name: &str) -> ReleaseFile {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    ReleaseFile::read(&folder.join(name)).unwrap()
}

fn case(name: &str, first: &str, last: &str) -> Option<Sums> {
    let release_file = release(name);
    if !release_file.logs.place.path().exists() {
        eprintln!("SKIPPED {name}: {} is not here", release_file.logs.place.path().display());
        return None;
    }
    Some(sums(&release_file, first, last))
}

/// The sums of the release's tables over some days.
pub(super) fn sums(release_file: &ReleaseFile, first: &str, last: &str) -> Sums {
    let counted = Counted::new(release_file);
    let mut sums = Sums {
        names: counted.names.clone(),
        tables: Vec::new(),
        by_day: BTreeMap::new(),
        counts: RowCounts::default(),
    };
    let (mut day, last): (Day, Day) = (first.parse().unwrap(), last.parse().unwrap());
    while day <= last {
        let bounds = DayBounds::new(day, &release_file.ledger.time_zone).unwrap();
        let (tables, counts) = counted.of_day(release_file, &bounds).unwrap();
        sums.tables.resize_with(tables.len(), Vec::new);
        for (sum, whole) in sums.tables.iter_mut().zip(&tables) {
            sum.resize(whole.len(), 0);
            sum.iter_mut().zip(whole).for_each(|(sum, whole)| *sum += whole);
        }
        sums.by_day.insert(day, tables);
        sums.counts = counts;
        day = day.next().unwrap();
    }
    sums
}

fn shared(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path)
}

#[test]
fn account_lookups() {
    let Some(sums) = case("account_lookups.toml", "2015-03-27", "2015-04-20") else { return };
    assert_eq!((sums.counts.rows, sums.counts.rejects.of(Reason::NoTarget)), (1_121, 86));
    // Routes are messenger, sms, unknown; kinds are the four listed and other.
    #[rustfmt::skip]
    assert_eq!(
        sums.of("lookups by route, kind"),
        [226, 0, 386, 0, 0, 0, 288, 0, 135, 0, 0, 0, 0, 0, 0]
    );
    let by_hour = [
        16, 27, 21, 26, 54, 22, 59, 66, 20, 14, 24, 45, 16, 23, 76, 150, 58, 65, 97, 32, 26, 34,
        48, 16,
    ];
    assert_eq!(sums.of("lookups by hour"), by_hour);
    let hours = sums.at("lookups by hour");
    let of = |day: &str| sums.by_day[&day.parse().unwrap()][hours].iter().sum::<i64>();
    assert_eq!((of("2015-03-30"), of("2015-03-29"), of("2015-03-28")), (251, 97, 89));
    // Requester-days by route: 83 and 68; a clip of two keeps requesters of up to four routes whole.
    assert_eq!(sums.of("requesters"), [83, 68, 0]);
    // The share reads the routes: 612 on the messenger, 423 by SMS.
    assert_eq!(sums.of("lookups by route"), [612, 423, 0]);
}

#[test]
fn zeek_names_in_both_formats() {
    if let Some(sums) = case("zeek_json.toml", "2019-12-03", "2019-12-03") {
        assert_eq!(sums.counts.rows, 50);
        assert_eq!(sums.of("lookups by qtype_name"), [44, 1, 3, 2, 0]);
    }
    if let Some(sums) = case("zeek_tsv.toml", "2013-09-15", "2013-09-15") {
        // Three records have `-` as their query.
        assert_eq!((sums.counts.rows, sums.counts.rejects.of(Reason::NoTarget)), (54, 3));
        assert_eq!(sums.of("lookups by qtype_name"), [51, 0, 0, 0, 0]);
    }
}

#[test]
fn local_days_and_hours_agree_with_the_rows_own() {
    let expected = |day: Day| -> Vec<i64> {
        let mut cells = vec![0; 4 * 24];
        let mut reader =
            csv::Reader::from_path(shared("real/flights/flights_dst_slice.csv")).unwrap();
        let headers = reader.headers().unwrap().clone();
        let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
        let (month, date, hour, origin) = (at("month"), at("day"), at("hour"), at("origin"));
        for record in reader.records() {
            let record = record.unwrap();
            let number = |place: usize| record[place].parse::<usize>().unwrap();
            if number(month) == usize::try_from(day.date().month()).unwrap()
                && number(date) == usize::try_from(day.date().day()).unwrap()
            {
                let origin =
                    ["EWR", "JFK", "LGA"].iter().position(|known| *known == &record[origin]);
                cells[origin.unwrap() * 24 + number(hour)] += 1;
            }
        }
        cells
    };
    for (first, last, rows) in
        [("2013-03-08", "2013-03-12", 4_598), ("2013-11-01", "2013-11-05", 4_522)]
    {
        let Some(sums) = case("flights.toml", first, last) else { return };
        let departures = sums.at("lookups by origin, hour");
        assert_eq!(sums.tables[departures].iter().sum::<i64>(), rows);
        for (day, tables) in &sums.by_day {
            assert_eq!(tables[departures], expected(*day), "{day}");
        }
    }
}

#[test]
fn call_records() {
    if let Some(sums) = case("cdr_demo_ego.toml", "2014-03-02", "2014-04-14") {
        assert_eq!((sums.counts.rows, sums.counts.filtered), (314, 210));
        assert_eq!(sums.of("lookups by interaction"), [31, 0, 73]);
        assert_eq!(sums.of("correspondents"), [30, 0, 66]);
    }
    if let Some(sums) = case("cdr_demo_a.toml", "2014-03-02", "2014-04-14") {
        assert_eq!((sums.counts.rows, sums.counts.filtered), (42, 15));
        assert_eq!(sums.of("lookups by interaction"), [8, 0, 19]);
        assert_eq!(sums.of("correspondents"), [3, 0, 11]);
    }
}
