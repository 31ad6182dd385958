//! One simulated day, in memory and as a log.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use parquet::arrow::ArrowWriter;

pub(crate) const DATES: [&str; 8] = [
    "2026-01-05",
    "2026-01-06",
    "2026-01-07",
    "2026-01-08",
    "2026-01-09",
    "2026-01-10",
    "2026-01-11",
    "2026-01-12",
];
/// 2026-01-05T00:00:00Z in microseconds.
pub(crate) const START: i64 = 1_767_571_200_000_000;
const LOOKUPS: usize = 300_000;
const REQUESTERS: usize = 60_000;
pub(crate) const APPS: [&str; 4] = ["messages", "contacts", "calls", "share"];
const COUNTRIES: usize = 20;

pub(crate) const QUESTIONS: [(&str, &[&str]); 8] = [
    ("total", &[]),
    ("country", &["country"]),
    ("app", &["app"]),
    ("country_app", &["country", "app"]),
    ("country_app_route", &["country", "app", "route"]),
    ("hour", &["hour"]),
    ("hour_country", &["hour", "country"]),
    ("hour_country_app_route", &["hour", "country", "app", "route"]),
];

/// The axes of all questions: name, how many values, and how many of them make a block.
pub(crate) const AXES: [(&str, usize, Option<usize>); 4] =
    [("hour", 24, Some(4)), ("country", COUNTRIES + 1, None), ("app", 5, None), ("route", 3, None)];

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Users {
    /// Activity is lognormal with sigma 1.2.
    Plain,
    /// Two in a thousand requesters ask 60 times as much.
    Bots,
    /// The same, and these requesters all ask about one country by one app.
    ConcentratedBots,
}

impl Users {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Plain => "No bots",
            Self::Bots => "Bots: 2 in 1000 ask 60 times as much",
            Self::ConcentratedBots => "Bots that all ask about one country, by one app",
        }
    }
}

/// A lookup: who, and the positions of hour, country, app and route.
pub(crate) struct Row {
    requester: usize,
    keys: [usize; 4],
}

pub(crate) struct Day {
    /// Days after the first.
    number: i64,
    rows: Vec<Row>,
}

/// One table: each requester's cells and the truth.
pub(crate) struct Table {
    pub(crate) units: Vec<Vec<f64>>,
    pub(crate) cells: Vec<Vec<usize>>,
    pub(crate) truth: Vec<f64>,
}

/// The listed countries; positions in this list, sorted, and `other` last.
pub(crate) fn countries() -> Vec<String> {
    (0..COUNTRIES).map(|country| format!("c{country:02}")).collect()
}

/// A small generator of numbers: splitmix64.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.unit().max(1e-300), self.unit());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }

    fn pick(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (place, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return place;
            }
        }
        weights.len() - 1
    }
}

impl Day {
    pub(crate) fn simulate(users: Users, number: i64, seed: u64) -> Self {
        let mut chance = Chance(seed);
        let is_bot = |user: usize| !matches!(users, Users::Plain) && user.is_multiple_of(500);
        let activity: Vec<f64> = (0..REQUESTERS)
            .map(|user| (1.2 * chance.normal()).exp() * if is_bot(user) { 60.0 } else { 1.0 })
            .collect();
        // Countries by Zipf's law, every second lookup by the favourite app, hours with a daily rhythm.
        let sizes: Vec<f64> = (0..=COUNTRIES).map(|rank| 1.0 / (rank as f64 + 1.0)).collect();
        let rhythm: Vec<f64> = (0..24)
            .map(|hour| 1.2 - (f64::from(hour) / 24.0 * std::f64::consts::TAU).cos())
            .collect();
        let apps = [0.5, 0.25, 0.15, 0.07, 0.03];
        let homes: Vec<usize> = activity.iter().map(|_| chance.pick(&sizes)).collect();
        let mut ends = Vec::with_capacity(REQUESTERS);
        let mut sum = 0.0;
        for one in &activity {
            sum += one;
            ends.push(sum);
        }
        let rows = (0..LOOKUPS)
            .map(|_| {
                let at = chance.unit() * sum;
                let requester = ends.partition_point(|end| *end <= at).min(REQUESTERS - 1);
                let concentrated = matches!(users, Users::ConcentratedBots) && is_bot(requester);
                let country = match chance.unit() {
                    _ if concentrated => 3,
                    part if part < 0.85 => homes[requester],
                    _ => chance.pick(&sizes),
                };
                let app = if concentrated { 1 } else { chance.pick(&apps) };
                let route = usize::from(chance.unit() < 0.3);
                Row { requester, keys: [chance.pick(&rhythm), country, app, route] }
            })
            .collect();
        Self { number, rows }
    }

    /// The positions of a table's cells follow the published order: keys sorted, `other` among them.
    pub(crate) fn table(&self, by: &[&str]) -> Table {
        let axes: Vec<(usize, Vec<usize>)> = by.iter().map(|name| axis(name)).collect();
        let count: usize = axes.iter().map(|(_, order)| order.len()).product();
        let mut units: Vec<HashMap<usize, f64>> = vec![HashMap::new(); REQUESTERS];
        let mut truth = vec![0.0; count];
        for row in &self.rows {
            let cell = axes
                .iter()
                .fold(0, |cell, (axis, order)| cell * order.len() + order[row.keys[*axis]]);
            truth[cell] += 1.0;
            *units[row.requester].entry(cell).or_default() += 1.0;
        }
        let units: Vec<Vec<(usize, f64)>> = units
            .into_iter()
            .map(|unit| {
                let mut unit: Vec<(usize, f64)> = unit.into_iter().collect();
                unit.sort_unstable_by_key(|(cell, _)| *cell);
                unit
            })
            .collect();
        Table {
            cells: units.iter().map(|unit| unit.iter().map(|(cell, _)| *cell).collect()).collect(),
            units: units
                .iter()
                .map(|unit| unit.iter().map(|(_, count)| *count).collect())
                .collect(),
            truth,
        }
    }

    pub(crate) fn write(&self, path: &Path) {
        let text = |of: &dyn Fn(&Row) -> String| -> ArrayRef {
            Arc::new(self.rows.iter().map(|row| Some(of(row))).collect::<StringArray>())
        };
        let country =
            |row: &Row| countries().get(row.keys[1]).cloned().unwrap_or_else(|| "zz".to_owned());
        let times: TimestampMicrosecondArray = self
            .rows
            .iter()
            .map(|row| {
                let hour = i64::try_from(row.keys[0]).expect("an hour");
                Some(START + (self.number * 24 + hour) * 3_600_000_000)
            })
            .collect();
        let batch = RecordBatch::try_from_iter([
            ("requester", text(&|row| format!("r{}", row.requester))),
            ("target", text(&|_| "t".to_owned())),
            ("requested_at", Arc::new(times.with_timezone("UTC")) as ArrayRef),
            ("app", text(&|row| (*APPS.get(row.keys[2]).unwrap_or(&"web")).to_owned())),
            ("country", text(&country)),
            ("route", text(&|row| ["messenger", "sms"][row.keys[3]].to_owned())),
        ])
        .expect("a batch");
        let file = std::fs::File::create(path).expect("a file");
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
        writer.write(&batch).expect("rows");
        writer.close().expect("a footer");
    }
}

/// A key's place in a row, and the published position of each of its values.
fn axis(name: &str) -> (usize, Vec<usize>) {
    match name {
        "hour" => (0, (0..24).collect()),
        "country" => (1, (0..=COUNTRIES).collect()),
        // Published: calls, contacts, messages, other, share.
        "app" => (2, vec![2, 1, 0, 4, 3]),
        // Published: messenger, sms, unknown; no row is unknown.
        "route" => (3, vec![0, 1, 2]),
        other => panic!("no key {other}"),
    }
}
