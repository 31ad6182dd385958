//! The tables of docs/logs.md say what the program does.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray};
use jiff::Timestamp;

use super::super::{declared, time};
use crate::phone::Normaliser;
use crate::release_file::ReleaseFile;

/// The rows of the table whose header begins with these names, without the backquotes around cells.
fn table(first: &str, second: &str) -> Vec<[String; 3]> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/logs.md");
    let text = std::fs::read_to_string(path).unwrap();
    let head = format!("| {first} | {second} |");
    let lines = text.lines().skip_while(|line| !line.starts_with(&head)).skip(2);
    let cells = |line: &str| -> [String; 3] {
        let cells: Vec<String> =
            line.trim_matches('|').split(" |").map(|cell| cell.trim().to_owned()).collect();
        cells.try_into().unwrap()
    };
    lines.take_while(|line| line.starts_with('|')).map(cells).collect()
}

fn bare(cell: &str) -> &str {
    cell.trim_matches('`')
}

#[test]
fn spellings_of_times_are_read_as_documented() {
    let rows = table("in the log", "`[logs]` says");
    assert!(rows.len() >= 40, "{}", rows.len());
    for [text, settings, outcome] in rows {
        let settings: String =
            settings.split("; ").map(|setting| format!("{}\n", bare(setting))).collect();
        let release = format!(
            "name = \"x\"\n[logs]\npath = \"x\"\n{settings}[ledger]\npath = \"l\"\nepsilon = 1\n\
             delta = 1e-6\n[[question]]\nname = \"q\"\ncount = \"lookups\"\n"
        );
        let logs = ReleaseFile::parse(&release, "x.toml", "".as_ref()).unwrap().logs;
        let array: ArrayRef = Arc::new(StringViewArray::from(vec![bare(&text)]));
        let read = time::to_micros(&array, &logs).unwrap();
        let seen = match read.iter().next().unwrap() {
            Some(micros) => Timestamp::from_microsecond(micros).unwrap().to_string(),
            None => match declared::asked_for(bare(&text).as_bytes(), &logs) {
                None => "reject".to_owned(),
                Some(error) => {
                    let hint = error.hint().unwrap().to_owned();
                    assert!(!hint.contains(bare(&text)), "{hint}");
                    let field = ["default_year", "time_format", "time_unit"].into_iter();
                    let field = field.filter(|field| format!("{error} {hint}").contains(field));
                    format!("refused: `{}`", field.collect::<Vec<_>>()[0])
                }
            },
        };
        assert!(outcome.starts_with(&seen), "{text} with {settings}: {seen}");
    }
}

#[test]
fn spellings_of_numbers_are_read_as_documented() {
    let rows = table("in the log", "`default_region`");
    assert!(rows.len() >= 40, "{}", rows.len());
    let mut wrong = Vec::new();
    for [text, region, outcome] in rows {
        let region = Some(bare(&region)).filter(|region| !region.is_empty());
        let mut normaliser = Normaliser::new(region).unwrap();
        let seen = normaliser.normalise(bare(&text)).map_or("reject", |known| known.e164);
        if Some(seen) != outcome.split(':').next() {
            wrong.push(format!("{text} in {region:?} is {seen}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
