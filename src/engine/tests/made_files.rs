//! Log files of every kind, made here from rows that the test knows: each gives the tally of its
//! rows, and each that is damaged is refused or read as `tests/bad_data/made.txt` says.
//!
//! Files that other programs wrote are read too where they are there (`ingest::tests::awkward`); these make
//! sure that no format, codec, encoding or damage goes untested where they are not.

mod damaged;
mod damaged_text;
mod ipc_kinds;
mod pages;
mod parquet_before;
mod parquet_kinds;
mod rows;
pub(super) mod text_kinds;

use std::collections::BTreeSet;
use std::path::Path;

use self::rows::{APPS, Row, rows};
use super::counted::Counted;
use crate::ingest::{LogReader, Reason, Rejects, RowCounts};
use crate::plan::Layout;
use crate::release_file::ReleaseFile;
use crate::release_file::day::DayBounds;
use crate::{Kind, Result};

/// A file, what it is an example of, and what the release file must say to read it.
struct Made {
    what: String,
    /// Its name, from which a reader learns the format.
    file: &'static str,
    bytes: Vec<u8>,
    /// Lines of `[logs]`.
    logs: &'static str,
}

impl Made {
    fn new(what: impl Into<String>, file: &'static str, bytes: Vec<u8>) -> Self {
        Self { what: what.into(), file, bytes, logs: "" }
    }

    fn with_logs(self, logs: &'static str) -> Self {
        Self { logs, ..self }
    }

    fn release(&self, folder: &Path) -> ReleaseFile {
        std::fs::write(folder.join(self.file), &self.bytes).unwrap();
        let apps: Vec<String> =
            APPS.iter().map(|app| toml::Value::from(*app).to_string()).collect();
        let text = format!(
            "name = \"made\"\n[logs]\npath = {:?}\n{}\n[keys]\napp = [{}]\n[ledger]\npath = \"l\"\n\
             epsilon = 1.0\ndelta = 1e-6\n{QUESTIONS}",
            self.file,
            self.logs,
            apps.join(",")
        );
        ReleaseFile::parse(&text, "made.toml", folder).unwrap()
    }

    /// The exact tables of [`DAY`], and the rejects among the rows read for it.
    fn tally(&self) -> Result<(Vec<Vec<i64>>, Rejects)> {
        let folder = tempfile::tempdir().unwrap();
        let release_file = self.release(folder.path());
        let bounds = DayBounds::new(DAY.parse().unwrap(), &release_file.ledger.time_zone).unwrap();
        let (tables, counts) = Counted::new(&release_file).of_day(&release_file, &bounds)?;
        Ok((tables, counts.rejects))
    }

    /// Reads the whole file and counts its rows.
    fn counts(&self) -> Result<RowCounts> {
        let folder = tempfile::tempdir().unwrap();
        let release_file = self.release(folder.path());
        let layout = Layout::new(&release_file.questions)?;
        let reader = LogReader::open(&release_file.logs, layout.keys(), None)?;
        Ok(reader.fold(|| (), |(), _| Ok(()))?.1)
    }
}

/// The day that is tallied; there are rows of the day before too.
const DAY: &str = "2026-01-02";

const QUESTIONS: &str = r#"
[[question]]
name = "volume"
count = "lookups"
by = ["hour", "app", "route"]

[[question]]
name = "active"
distinct = "requester"
by = ["app"]

[[question]]
name = "contacts"
distinct = "requester"
having = "targets >= 3"

[[question]]
name = "latency"
quantiles = [0.5]
of = "latency_ms"
range = [1, 1000]
"#;

/// How many times each whole file is changed: more where the variable says so.
fn changes() -> usize {
    std::env::var("POINTILLIST_CHANGES").ok().map_or(200, |changes| changes.parse().unwrap())
}

/// The tally of the plainest file, which is checked against the rows themselves.
fn plain() -> (Vec<Vec<i64>>, Rejects) {
    Made::new("plain", "x.csv", text_kinds::csv(&rows())).tally().unwrap()
}

/// Checks that each of these files gives the tally of the plainest one.
fn all_give_the_same(files: &[Made]) {
    let (tables, rejects) = plain();
    let distinct: BTreeSet<&Vec<u8>> = files.iter().map(|made| &made.bytes).collect();
    assert_eq!(distinct.len(), files.len(), "two kinds are one");
    for made in files {
        let tally = made.tally().unwrap_or_else(|error| panic!("{}: {error}", made.what));
        assert!(tally.0 == tables, "{}", made.what);
        let counts = [tally.1, rejects].map(|of| Reason::ALL.map(|reason| of.of(reason)));
        assert_eq!(counts[0], counts[1], "{}", made.what);
    }
}

#[test]
fn the_plainest_file_gives_the_tally_of_its_rows() {
    let (tables, rejects) = plain();
    let rows = rows();
    let counted: Vec<&Row> = rows.iter().filter(|row| row.counts()).collect();
    let apps = APPS.len() + 1;
    let mut volume = vec![0; 24 * apps * 3];
    for row in &counted {
        volume[(row.hour() * apps + row.app_place()) * 3 + usize::from(row.is_sms)] += 1;
    }
    assert!(tables.contains(&volume));
    let requesters = |app: usize| {
        let of_app = counted.iter().filter(|row| row.app_place() == app);
        of_app.map(|row| row.requester).collect::<BTreeSet<_>>().len()
    };
    let active: Vec<i64> = (0..apps).map(|app| requesters(app) as i64).collect();
    assert!(tables.contains(&active));
    assert_eq!(Reason::ALL.map(|reason| rejects.of(reason)), [0, 1, 0, 1, 1]);
}

#[test]
fn parquet_of_every_codec_encoding_and_page() {
    all_give_the_same(&parquet_kinds::containers(&rows()));
}

#[test]
fn parquet_of_every_type_that_a_column_may_have() {
    all_give_the_same(&parquet_kinds::types(&rows()));
}

#[test]
fn arrow_files_of_every_compression_dictionary_and_view() {
    all_give_the_same(&ipc_kinds::all(&rows()));
}

#[test]
fn text_of_every_format_packing_and_line_end() {
    all_give_the_same(&text_kinds::all(&rows()));
}

#[test]
fn bytes_changed_anywhere_are_refused_or_read_and_nothing_else() {
    let changes = changes();
    for made in damaged::wholes(&rows()) {
        let most = made.bytes.len();
        for step in 0..changes {
            let mut bytes = made.bytes.clone();
            // Ends and footers are more than their share of what can go wrong.
            let near_end = (most - 1).saturating_sub(step / 2 * 3 % most);
            let place = if step % 2 == 0 { step * most / changes } else { near_end };
            match step % 5 {
                // A length becomes as large as it can be.
                0 => bytes[place..].iter_mut().take(8).for_each(|byte| *byte = 0xff),
                1 => bytes[place..].iter_mut().take(5).for_each(|byte| *byte |= 0x7f),
                _ => bytes[place] ^= 1 << (step % 8),
            }
            let what = format!("{} changed at {place}, step {step}", made.what);
            if let Err(error) = Made::new(what.as_str(), made.file, bytes).counts() {
                assert_eq!(error.kind(), Kind::Input, "{what}: {error}");
            }
        }
    }
}

#[test]
fn damaged_files_are_refused_or_read_as_was_accepted() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad_data/made.txt");
    let mut seen = String::new();
    for made in damaged::all(&rows()) {
        let outcome = match made.counts() {
            Ok(counts) => {
                let [malformed, times, requesters, targets, numbers] =
                    Reason::ALL.map(|reason| counts.rejects.of(reason));
                format!(
                    "{} rows, rejects: {malformed} records, {times} times, {requesters} requesters, \
                     {targets} targets, {numbers} numbers",
                    counts.rows
                )
            }
            Err(error) => {
                assert_eq!(error.kind(), Kind::Input, "{}: {error}", made.what);
                let words = error.to_string();
                let at = words.find(made.file).unwrap_or_else(|| panic!("{}: {words}", made.what));
                let words = format!("FILE{}", &words[at + made.file.len()..]);
                for private in ["1415555", "1212555", APPS[1]] {
                    assert!(!words.contains(private), "{}: {words}", made.what);
                }
                format!("refused: {words}")
            }
        };
        seen.push_str(&format!("{}: {outcome}\n", made.what));
    }
    if std::env::var_os("POINTILLIST_ACCEPT").is_some() {
        std::fs::write(&path, &seen).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    for (seen, expected) in seen.lines().zip(expected.lines()) {
        assert_eq!(seen, expected, "run with POINTILLIST_ACCEPT=1 to accept, after looking");
    }
    assert_eq!(seen, expected);
}
