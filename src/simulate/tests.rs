use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use jiff::ToSpan;
use jiff::civil::date;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;
use crate::release_file::day::MICROS_PER_DAY;

fn settings(format: Format) -> Settings {
    Settings {
        start: date(2026, 1, 5),
        days: 2,
        lookups_per_day: 30_000,
        requesters: 3_000,
        seed: 7,
        format,
    }
}

fn written(settings: &Settings, folder: &Path, threads: usize) -> Vec<(String, Vec<u8>)> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| write(settings, folder, &|_| {})).unwrap();
    let mut files = Vec::new();
    for day in fs::read_dir(folder).unwrap() {
        let day = day.unwrap().path();
        for file in fs::read_dir(&day).unwrap() {
            let file = file.unwrap().path();
            let name = file.strip_prefix(folder).unwrap().display().to_string();
            files.push((name, fs::read(&file).unwrap()));
        }
    }
    files.sort();
    files
}

fn rows(settings: &Settings) -> Vec<Vec<RecordBatch>> {
    let folder = tempfile::tempdir().unwrap();
    write(settings, folder.path(), &|_| {}).unwrap();
    (0..settings.days)
        .map(|day| {
            let date = settings.start.checked_add(i64::from(day).days()).unwrap();
            let path = folder.path().join(format!("day={date}/part-0.parquet"));
            let file = fs::File::open(path).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
            reader.map(|batch| batch.unwrap()).collect()
        })
        .collect()
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let column =
        arrow_cast::cast(batch.column_by_name(column).unwrap(), &arrow_schema::DataType::Utf8);
    column.unwrap().as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_whatever_the_thread_count() {
    for format in [Format::Parquet, Format::Csv, Format::Ndjson, Format::Arrow] {
        let (one, three) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let settings = settings(format);
        let left = written(&settings, one.path(), 1);
        assert_eq!(left.len(), 2);
        assert!(left == written(&settings, three.path(), 3), "{format:?}");
        let other = tempfile::tempdir().unwrap();
        let reseeded = Settings { seed: 8, ..settings };
        assert!(left != written(&reseeded, other.path(), 1), "{format:?}");
    }
}

#[test]
fn every_day_has_exactly_its_lookups_and_each_lies_in_its_utc_day() {
    let settings = settings(Format::Parquet);
    for (index, day) in rows(&settings).iter().enumerate() {
        let start = settings.start.checked_add(i64::try_from(index).unwrap().days()).unwrap();
        let start =
            jiff::tz::TimeZone::UTC.to_timestamp(start.at(0, 0, 0, 0)).unwrap().as_microsecond();
        assert_eq!(day.iter().map(RecordBatch::num_rows).sum::<usize>(), 30_000);
        for batch in day {
            let times = batch
                .column_by_name("requested_at")
                .unwrap()
                .as_primitive::<TimestampMicrosecondType>();
            assert!(
                times.values().iter().all(|time| (start..start + MICROS_PER_DAY).contains(time))
            );
            assert!(batch.column_by_name("day").is_none());
        }
    }
}

#[test]
fn activity_is_heavy_tailed_and_answers_belong_to_targets() {
    let mut asked: HashMap<String, u64> = HashMap::new();
    let mut answers: HashMap<String, HashSet<String>> = HashMap::new();
    let (mut nulls, mut apps) = (0, HashSet::new());
    for batch in rows(&settings(Format::Parquet)).iter().flatten() {
        let routes = texts(batch, "route");
        let targets = texts(batch, "target");
        for (index, requester) in texts(batch, "requester").into_iter().enumerate() {
            *asked.entry(requester.unwrap()).or_default() += 1;
            let route = routes[index].clone().unwrap();
            assert!(route == "messenger" || route == "sms", "{route}");
            answers.entry(targets[index].clone().unwrap()).or_default().insert(route);
        }
        nulls +=
            batch.column_by_name("latency_ms").unwrap().as_primitive::<Float64Type>().null_count();
        apps.extend(texts(batch, "app").into_iter().flatten());
    }
    assert!(nulls > 0);
    for app in ["messages", "contacts", "calls", "share"] {
        assert!(apps.contains(app), "{app}");
    }
    let mut counts: Vec<u64> = asked.values().copied().collect();
    counts.sort_unstable_by(|left, right| right.cmp(left));
    let total: u64 = counts.iter().sum();
    let top: u64 = counts[..counts.len() / 100].iter().sum();
    assert!(top * 100 > total * 5, "the top hundredth asks {top} of {total}");
    let both = answers.values().filter(|routes| routes.len() > 1).count();
    assert!(both * 100 < answers.len(), "{both} of {} targets changed their answer", answers.len());
}

#[test]
fn every_number_is_valid_e164_as_it_stands() {
    let mut normaliser = crate::phone::Normaliser::new(None).unwrap();
    for batch in rows(&settings(Format::Parquet)).iter().flatten() {
        for column in ["requester", "target"] {
            for number in texts(batch, column).into_iter().flatten() {
                let known = normaliser
                    .normalise(&number)
                    .unwrap_or_else(|| panic!("{number} is not valid"));
                assert_eq!(known.e164, number.as_str());
            }
        }
    }
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let good = settings(Format::Csv);
    for (bad, word) in [
        (Settings { days: 0, ..good.clone() }, "days"),
        (Settings { lookups_per_day: 0, ..good.clone() }, "lookups per day"),
        (Settings { requesters: 0, ..good.clone() }, "requesters"),
        (Settings { requesters: REQUESTERS_MOST + 1, ..good.clone() }, "requesters"),
        (Settings { start: date(1969, 12, 31), ..good }, "1970"),
    ] {
        let error = bad.validate().unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_an_io_error_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("taken");
    fs::write(&file, b"").unwrap();
    let error = write(&settings(Format::Csv), &file, &|_| {}).unwrap_err();
    assert_eq!(error.kind(), crate::Kind::Io);
    assert!(error.to_string().contains("taken"), "{error}");
}

#[test]
fn the_public_list_puts_every_number_in_the_country_it_was_made_for() {
    let population = super::population::Population::new(3, 2_000);
    let mut normaliser = crate::phone::Normaliser::new(None).unwrap();
    let mut seen = HashSet::new();
    for person in 0..2_000 {
        let number = population.number_of(person);
        let mut text = String::new();
        population.write_number(number, &mut text).unwrap();
        let country = normaliser.normalise(&text).unwrap().country.unwrap();
        let made_for = population.country_of(number).name;
        assert_eq!(crate::phone::CallingCodes::shipped().name(country), made_for, "{text}");
        seen.insert(made_for);
    }
    assert!(seen.len() >= 15, "only {} countries", seen.len());
}
