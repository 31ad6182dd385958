//! Do intervals hold the truth? Simulated days are released by the program and compared with a plain
//! count of the same rows, which is made here without any of its code.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::world::World;

const DAYS: [&str; 5] = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"];
/// The listed values of the key `app`; all others count as `other`.
const APPS: [&str; 2] = ["messages", "calls"];
/// The range that latencies are held to.
const RANGE: [f64; 2] = [1.0, 10_000.0];

const RELEASE: &str = r#"name = "daily"

[logs]
path = "lookups/**/*.parquet"
day_folder = "day"

[keys]
app = ["messages", "calls"]

[ledger]
path = "daily.ledger"
epsilon = 2.0
delta = 1e-6

[[question]]
name = "volume"
count = "lookups"
by = ["hour", "app"]

[[question]]
name = "routes"
count = "lookups"
by = ["app", "route"]

[[question]]
name = "busiest"
count = "lookups"
by = ["hour"]
top = 3

[[question]]
name = "sms_share"
share = "route = 'sms'"
by = ["hour"]

[[question]]
name = "latency_mean"
mean = "latency_ms"
range = [1, 10000]
by = ["hour"]

[[question]]
name = "latency"
quantiles = [0.25, 0.5, 0.9]
of = "latency_ms"
range = [1, 10000]
by = ["route"]

[[question]]
name = "people"
distinct = "requester"
by = ["hour", "app"]

[[question]]
name = "prefixes"
count = "lookups"
by = ["target_prefix:4"]
keys = "private"
"#;

/// A question with the keys that its rows name.
const QUESTIONS: [(&str, &[&str]); 8] = [
    ("volume", &["hour", "app"]),
    ("routes", &["app", "route"]),
    ("busiest", &["hour"]),
    ("sms_share", &["hour"]),
    ("latency_mean", &["hour"]),
    ("latency", &["route"]),
    ("people", &["hour", "app"]),
    ("prefixes", &["target_prefix"]),
];

/// One row of a log.
struct Lookup {
    requester: String,
    target: String,
    hour: i64,
    app: String,
    route: String,
    latency: Option<f64>,
}

impl Lookup {
    fn key(&self, name: &str) -> String {
        let listed = APPS.iter().find(|app| **app == self.app).copied();
        match name {
            "hour" => self.hour.to_string(),
            "app" => listed.unwrap_or("other").to_owned(),
            "route" => self.route.clone(),
            // A plus and four digits.
            _ => self.target[..5].to_owned(),
        }
    }
}

fn batches(path: &Path) -> Vec<RecordBatch> {
    let file = std::fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    reader.map(Result::unwrap).collect()
}

fn texts(batch: &RecordBatch, name: &str) -> StringArray {
    cast(batch.column_by_name(name).unwrap(), &DataType::Utf8).unwrap().as_string::<i32>().clone()
}

/// The rows of a day.
fn lookups(world: &World, day: &str) -> Vec<Lookup> {
    let mut lookups = Vec::new();
    for file in std::fs::read_dir(world.path(&format!("lookups/day={day}"))).unwrap() {
        for batch in batches(&file.unwrap().path()) {
            let names = ["requester", "target", "app", "route"];
            let [requester, target, app, route] = names.map(|name| texts(&batch, name));
            let times = batch.column_by_name("requested_at").unwrap();
            let times = times.as_primitive::<TimestampMicrosecondType>();
            let latency = batch.column_by_name("latency_ms").unwrap().as_primitive::<Float64Type>();
            lookups.extend((0..batch.num_rows()).map(|row| Lookup {
                requester: requester.value(row).to_owned(),
                target: target.value(row).to_owned(),
                hour: times.value(row) / 3_600_000_000 % 24,
                app: if app.is_valid(row) { app.value(row).to_owned() } else { String::new() },
                route: route.value(row).to_owned(),
                latency: latency.is_valid(row).then(|| latency.value(row)),
            }));
        }
    }
    lookups
}

/// The exact answer over these rows; `which` is the quantile that is asked for. Nothing is the answer
/// where no row has what is asked for.
fn truth(question: &str, rows: &[&Lookup], which: f64) -> Option<f64> {
    let count = rows.len() as f64;
    let mut latencies: Vec<f64> = rows
        .iter()
        .filter_map(|row| row.latency)
        .map(|latency| latency.clamp(RANGE[0], RANGE[1]))
        .collect();
    let answer = match question {
        "sms_share" => rows.iter().filter(|row| row.route == "sms").count() as f64 / count,
        "people" => rows.iter().map(|row| &row.requester).collect::<BTreeSet<_>>().len() as f64,
        "latency_mean" => latencies.iter().sum::<f64>() / latencies.len() as f64,
        "latency" => {
            latencies.sort_by(f64::total_cmp);
            // The smallest number that this part of them does not exceed.
            let rank = (which * latencies.len() as f64).ceil().max(1.0);
            *latencies.get(rank as usize - 1)?
        }
        _ => count,
    };
    answer.is_finite().then_some(answer)
}

/// How many intervals of one published file hold the truth, and how many there are.
fn held(world: &World, day: &str, question: &str, keys: &[&str], rows: &[Lookup]) -> [usize; 2] {
    let mut by_keys: HashMap<Vec<String>, Vec<&Lookup>> = HashMap::new();
    for row in rows {
        let keys = keys.iter().map(|key| row.key(key)).collect();
        by_keys.entry(keys).or_default().push(row);
    }
    let (mut inside, mut all) = (0, 0);
    for batch in batches(&world.path(&format!("published/{question}/day={day}/part-0.parquet"))) {
        let names: Vec<StringArray> = keys.iter().map(|key| texts(&batch, key)).collect();
        let number = |name: &str, row: usize| {
            let column = cast(batch.column_by_name(name)?, &DataType::Float64).unwrap();
            Some(column.as_primitive::<Float64Type>().value(row))
        };
        let found: Vec<Vec<String>> = (0..batch.num_rows())
            .map(|row| names.iter().map(|name| name.value(row).to_owned()).collect())
            .collect();
        for (place, keys) in found.iter().enumerate() {
            let others: Vec<&Lookup>;
            let of_row = if question == "prefixes" && keys == &["other"] {
                let lost = by_keys.iter().filter(|(keys, _)| !found.contains(keys));
                others = lost.flat_map(|(_, rows)| rows.iter().copied()).collect();
                &others
            } else {
                by_keys.get(keys).map_or(&[][..], Vec::as_slice)
            };
            let which = number("quantile", place).unwrap_or_default();
            let Some(truth) = truth(question, of_row, which) else { continue };
            let [low, high] = ["ci_low", "ci_high"].map(|name| number(name, place).unwrap());
            inside += usize::from(low <= truth && truth <= high);
            all += 1;
        }
    }
    [inside, all]
}

/// At least 85 of 100 intervals of each question hold the truth, or all but eight where there are few of
/// them, and 90 of all.
///
/// The rows are the same in every run, and the noise is not. The errors of a day's cells are correlated,
/// for they share its numbers of requesters, so no binomial law gives the probability of a false alarm.
/// In 44 runs 97.8 of 100 intervals held, 96.8 at least. Closest to its limit are `routes`, with 2.3
/// misses on average, a standard deviation of 0.9, and 5 at most where more than 8 fail; and `prefixes`
/// with 3.0, 1.6 and 7 of about 94, where more than 14 fail. Both limits are six deviations or more
/// away, as those of all others. Shares by app are left out on purpose: of 90, in six other worlds of
/// this size, 81 held, because a single bot may ask a sixth of what a cell holds, and one requester is
/// invisible by design.
#[test]
fn intervals_of_simulated_days_hold_the_truth() {
    let world = World::empty();
    world.write("release.toml", RELEASE.as_bytes());
    let simulate = ["simulate", "--out", "lookups", "--days", "5", "--lookups-per-day", "20000"];
    assert_eq!(world.run(&[&simulate[..], &["--requesters", "4000"]].concat()).code, 0);
    let run = ["run", "release.toml", "--from", DAYS[0], "--to", DAYS[4], "--as-of", "2026-01-08"];
    let ran = world.run(&run);
    assert_eq!(ran.code, 0, "{}", ran.stderr);

    let mut held_by: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for day in DAYS {
        let rows = lookups(&world, day);
        assert!(rows.len() > 15_000, "{}", rows.len());
        for (question, keys) in QUESTIONS {
            let [inside, all] = held(&world, day, question, keys, &rows);
            let sums = held_by.entry(question).or_default();
            *sums = [sums[0] + inside, sums[1] + all];
        }
    }
    for (question, [inside, all]) in &held_by {
        let missed = all - inside;
        assert!(missed * 100 <= all * 15 || missed <= 8, "{question}: {held_by:?}");
    }
    let inside: usize = held_by.values().map(|held| held[0]).sum();
    let all: usize = held_by.values().map(|held| held[1]).sum();
    assert!(inside * 100 >= all * 90, "{held_by:?}");
}
