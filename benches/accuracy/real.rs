//! Real logs: departures of an airport's planes, and lookups of accounts by clients.
//!
//! They lie beside the repository, and not in it; where one is missing, its figures are left out.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use crate::asked::five_by;
use crate::log::Log;
use crate::runs::Release;

/// The day and the values of the keys of a row, of which the text of a column can be asked.
type OfRow = fn(&dyn Fn(&str) -> String) -> (String, [String; 3]);

/// A log in CSV, each of whose rows has its day and its keys.
pub(crate) struct Real {
    pub(crate) words: &'static str,
    path: &'static str,
    columns: &'static str,
    time_zone: &'static str,
    requester: &'static str,
    /// The keys of the five questions.
    keys: [&'static str; 3],
    /// The day of a row and the values of its keys.
    of_row: OfRow,
}

pub(crate) const REAL: [Real; 2] = [
    Real {
        words: "departures of New York by plane",
        path: "flights/flights_dst_slice.csv",
        columns: "requester = \"tailnum\", target = \"dest\", requested_at = \"time_hour\"",
        time_zone: "America/New_York",
        requester: "tailnum",
        keys: ["hour", "origin", "carrier"],
        // Days and hours are the airport's own.
        of_row: |column| {
            let date = format!("{}-{:0>2}-{:0>2}", column("year"), column("month"), column("day"));
            (date, ["hour", "origin", "carrier"].map(column))
        },
    },
    Real {
        words: "lookups of accounts by client",
        path: "account_lookups.csv",
        columns: "requester = \"client\", target = \"account\", requested_at = \"time\", route = \
                  \"registered\"",
        time_zone: "UTC",
        requester: "client",
        keys: ["hour", "kind", "route"],
        of_row: |column| {
            let time = column("time");
            let hour = time[11..13].trim_start_matches('0');
            let hour = if hour.is_empty() { "0" } else { hour };
            let route = if column("registered") == "1" { "messenger" } else { "sms" };
            (time[..10].to_owned(), [hour.to_owned(), column("kind"), route.to_owned()])
        },
    },
];

impl Real {
    /// The days of the log, each with its lookups; `None` if it is missing.
    pub(crate) fn days(&self) -> Option<Vec<(String, Log)>> {
        let mut reader = csv::Reader::from_path(self.file()).ok()?;
        let columns = reader.headers().expect("a header").clone();
        let place =
            |name: &str| columns.iter().position(|column| column == name).expect("a column");
        let mut days: BTreeMap<String, Log> = BTreeMap::new();
        let mut requesters: HashMap<String, u64> = HashMap::new();
        for row in reader.records() {
            let row = row.expect("a row");
            let column = |name: &str| row[place(name)].to_owned();
            let (date, values) = (self.of_row)(&column);
            let next = requesters.len() as u64;
            let requester = *requesters.entry(column(self.requester)).or_insert(next);
            let keys: Vec<(&str, &str)> =
                self.keys.iter().copied().zip(values.iter().map(String::as_str)).collect();
            days.entry(date).or_default().add(requester, &keys, f64::NAN);
        }
        Some(days.into_iter().collect())
    }

    /// Puts the log below a folder.
    pub(crate) fn copy(&self, folder: &Path) {
        std::fs::create_dir_all(folder.join("lookups")).expect("a folder");
        std::fs::copy(self.file(), folder.join("lookups/part-0.csv")).expect("a copy");
    }

    /// The five questions of a daily release, with the values that occur as public lists.
    pub(crate) fn release(&self, days: &[(String, Log)]) -> Release {
        let listed = self.keys.iter().filter(|key| !["hour", "route"].contains(*key));
        let lists = listed.map(|key| {
            let values = days.iter().flat_map(|(_, log)| log.cells(&[key]).into_keys().flatten());
            let values: std::collections::BTreeSet<String> = values.collect();
            format!("{key} = {:?}\n", Vec::from_iter(values))
        });
        Release {
            logs: format!(
                "identifier = \"opaque\"\ncolumns = {{ {} }}\n[keys]\n{}",
                self.columns,
                lists.collect::<String>()
            ),
            ledger: format!("key_delta = 0.0\ntime_zone = \"{}\"", self.time_zone),
            questions: five_by(self.keys),
        }
    }

    fn file(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/real").join(self.path)
    }
}
