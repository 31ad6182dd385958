use std::fs::File;
use std::path::Path;

use arrow_array::{ArrayRef, Int64Array, StringArray, TimestampMicrosecondArray};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;

use super::super::LogReader;
use super::super::find::find;
use super::*;
use crate::release_file::ReleaseFile;

/// 2026-03-29T00:00:00Z: the day on which clocks go forward in Berlin.
const START: i64 = 1_774_742_400_000_000;
const HOUR: i64 = 3_600_000_000;

/// How the times of a file are written.
#[derive(Debug, Clone, Copy)]
enum Times {
    Instants,
    Naive,
    Seconds,
}

fn logs(folder: &Path, zone: &str) -> Logs {
    let text = format!(
        "name = \"r\"\n[logs]\npath = \"*.parquet\"\nidentifier = \"opaque\"\ntime_unit = \"s\"\n\
         time_zone = \"{zone}\"\n[ledger]\npath = \"l\"\nepsilon = 1.0\ndelta = 1e-6\n[[question]]\n\
         name = \"q\"\ncount = \"lookups\"\n"
    );
    ReleaseFile::parse(&text, "r.toml", folder).unwrap().logs
}

/// A file with one row group for each list of hours and minutes from the start; none is no time.
fn write(folder: &Path, groups: &[Vec<Option<i64>>], times: Times) {
    let file = File::create(folder.join("lookups.parquet")).unwrap();
    let mut writer: Option<ArrowWriter<File>> = None;
    for group in groups {
        let micros = group.iter().map(|minutes| minutes.map(|minutes| START + minutes * HOUR / 60));
        let at: ArrayRef = match times {
            Times::Instants => {
                Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
            }
            Times::Naive => Arc::new(micros.collect::<TimestampMicrosecondArray>()),
            Times::Seconds => {
                let seconds = micros.map(|micros| micros.map(|micros| micros / 1_000_000));
                Arc::new(seconds.collect::<Int64Array>())
            }
        };
        let names: ArrayRef = Arc::new(group.iter().map(|_| Some("a")).collect::<StringArray>());
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("requester", Arc::clone(&names), false),
            ("target", names, false),
            ("requested_at", at, true),
        ])
        .unwrap();
        let writer = writer.get_or_insert_with(|| {
            let properties = WriterProperties::builder().build();
            let file = file.try_clone().unwrap();
            ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap()
        });
        writer.write(&batch).unwrap();
        writer.flush().unwrap();
    }
    writer.unwrap().close().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_row_of_a_day_is_in_a_row_group_that_is_passed_over(
        groups in prop::collection::vec(
            prop::collection::vec(prop::option::weighted(0.95, -2_000_i64..4_000), 1..6),
            1..8,
        ),
        times in prop_oneof![Just(Times::Instants), Just(Times::Naive), Just(Times::Seconds)],
        zone in prop_oneof![Just("UTC"), Just("Europe/Berlin")],
        block_zone in prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("Asia/Kolkata")],
    ) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &groups, times);
        let logs = logs(folder.path(), zone);
        let path = find(&logs, None).unwrap().files.remove(0).path;
        let wanted = Wanted::new(&logs, &[]);
        let footer = ParquetFooter::read(&path, &wanted, &logs).unwrap();
        let block_zone = crate::release_file::day::parse_zone(block_zone, "zone").unwrap();
        let day = DayBounds::new("2026-03-29".parse().unwrap(), &block_zone).unwrap();
        let kept = footer.groups_of(Some(&day), &logs).unwrap();
        for (group, minutes) in groups.iter().enumerate() {
            let (mut has, mut has_null) = (false, false);
            footer
                .read_group(&path, group, &wanted, &mut |raw| {
                    let micros = raw.times(&wanted, &logs)?;
                    has |= micros.iter().flatten().any(|micros| day.holds(micros));
                    has_null |= micros.iter().any(|micros| micros.is_none());
                    Ok(())
                })
                .unwrap();
            prop_assert!(!has || kept.contains(&group), "{group} {kept:?}");
            let far = minutes.iter().flatten().all(|minutes| *minutes > 3 * 1_440 - 400);
            prop_assert!(!far || has_null || !kept.contains(&group), "{group} {kept:?}");
        }
        let reader = LogReader::open(&logs, &[], Some(&day)).unwrap();
        let rows: usize = kept.iter().map(|group| groups[*group].len()).sum();
        prop_assert_eq!(reader.rows_at_most(), rows as u64);
    }
}
