//! Invented users whose activity has a law of its own: a day in memory and as a log.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use parquet::arrow::ArrowWriter;

use crate::log::Log;

/// The day of all invented users.
pub(crate) const DATE: &str = "2026-01-05";
/// 2026-01-05T00:00:00Z in microseconds.
pub(crate) const START: i64 = 1_767_571_200_000_000;
const LOOKUPS: usize = 300_000;
const REQUESTERS: usize = 60_000;
/// How many requesters a power law has.
const POWER_REQUESTERS: usize = 20_000;
/// The mean number of lookups where nobody is very busy.
const ALIKE_LOOKUPS: f64 = 7.0;
/// From this many lookups on, a requester of a power law uses one app and asks about one country.
const HEAVY: usize = 100;
pub(crate) const APPS: [&str; 4] = ["messages", "contacts", "calls", "share"];
const COUNTRIES: usize = 20;
const ROUTES: [&str; 2] = ["messenger", "sms"];

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

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Users {
    /// Activity is lognormal with sigma 1.2.
    Plain,
    /// Two in a thousand requesters ask 60 times as much.
    Bots,
    /// The same, and these requesters all ask about one country by one app.
    ConcentratedBots,
    /// Activity follows a power law with this exponent, without end.
    Power(f64),
    /// This number of requesters, whose activity is exponential: none is very busy.
    Alike(usize),
}

impl Users {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Plain => "no bots",
            Self::Bots => "2 in 1000 ask 60 times as much",
            Self::ConcentratedBots => {
                "2 in 1000 ask 60 times as much, about one country by one app"
            }
            Self::Power(_) => "a power law",
            Self::Alike(_) => "nobody is very busy",
        }
    }
}

/// A lookup: who, and the positions of hour, country, app and route.
struct Row {
    requester: usize,
    keys: [usize; 4],
}

pub(crate) struct Day(Vec<Row>);

/// The listed countries; one position more stands for all others.
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
    pub(crate) fn simulate(users: Users, seed: u64) -> Self {
        let mut chance = Chance(seed);
        match users {
            Users::Power(exponent) => invented(&mut chance, POWER_REQUESTERS, |chance| {
                (1.0 - chance.unit()).powf(-1.0 / exponent) as usize
            }),
            Users::Alike(requesters) => invented(&mut chance, requesters, |chance| {
                (-(1.0 - chance.unit()).ln() * ALIKE_LOOKUPS).ceil() as usize
            }),
            users => lognormal(&mut chance, users),
        }
    }

    pub(crate) fn log(&self) -> Log {
        let mut log = Log::default();
        let (countries, hours) = (countries(), (0..24).map(|hour| hour.to_string()));
        let hours: Vec<String> = hours.collect();
        for Row { requester, keys: [hour, country, app, route] } in &self.0 {
            let keys = [
                ("hour", hours[*hour].as_str()),
                ("country", countries.get(*country).map_or("other", String::as_str)),
                ("app", APPS.get(*app).copied().unwrap_or("other")),
                ("route", ROUTES[*route]),
            ];
            log.add(*requester as u64, &keys, f64::NAN);
        }
        log
    }

    pub(crate) fn write(&self, folder: &Path) {
        let text = |of: &dyn Fn(&Row) -> String| -> ArrayRef {
            Arc::new(self.0.iter().map(|row| Some(of(row))).collect::<StringArray>())
        };
        let countries = countries();
        let country =
            |row: &Row| countries.get(row.keys[1]).map_or("zz", String::as_str).to_owned();
        let moment =
            |row: &Row| Some(START + i64::try_from(row.keys[0]).expect("an hour") * 3_600_000_000);
        let times: TimestampMicrosecondArray = self.0.iter().map(moment).collect();
        let batch = RecordBatch::try_from_iter([
            ("requester", text(&|row| format!("r{}", row.requester))),
            ("target", text(&|_| "t".to_owned())),
            ("requested_at", Arc::new(times.with_timezone("UTC")) as ArrayRef),
            ("app", text(&|row| (*APPS.get(row.keys[2]).unwrap_or(&"web")).to_owned())),
            ("country", text(&country)),
            ("route", text(&|row| ROUTES[row.keys[3]].to_owned())),
        ])
        .expect("a batch");
        write(&batch, folder);
    }
}

/// Writes a log below a folder.
pub(crate) fn write(batch: &RecordBatch, folder: &Path) {
    let folder = folder.join("lookups");
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = std::fs::File::create(folder.join("part-0.parquet")).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(batch).expect("rows");
    writer.close().expect("a footer");
}

fn lognormal(chance: &mut Chance, users: Users) -> Day {
    let is_bot = |user: usize| users != Users::Plain && user.is_multiple_of(500);
    let activity: Vec<f64> = (0..REQUESTERS)
        .map(|user| (1.2 * chance.normal()).exp() * if is_bot(user) { 60.0 } else { 1.0 })
        .collect();
    // Countries by Zipf's law, every second lookup by the favourite app, hours with a daily rhythm.
    let sizes: Vec<f64> = (0..=COUNTRIES).map(|rank| 1.0 / (rank as f64 + 1.0)).collect();
    let rhythm = rhythm(|part| 1.2 - part.cos());
    let apps = [0.5, 0.25, 0.15, 0.07, 0.03];
    let homes: Vec<usize> = activity.iter().map(|_| chance.pick(&sizes)).collect();
    let mut ends = Vec::with_capacity(REQUESTERS);
    let mut sum = 0.0;
    for one in &activity {
        sum += one;
        ends.push(sum);
    }
    let rows = (0..LOOKUPS).map(|_| {
        let at = chance.unit() * sum;
        let requester = ends.partition_point(|end| *end <= at).min(REQUESTERS - 1);
        let concentrated = users == Users::ConcentratedBots && is_bot(requester);
        let country = match chance.unit() {
            _ if concentrated => 3,
            part if part < 0.85 => homes[requester],
            _ => chance.pick(&sizes),
        };
        let app = if concentrated { 1 } else { chance.pick(&apps) };
        let route = usize::from(chance.unit() < 0.3);
        Row { requester, keys: [chance.pick(&rhythm), country, app, route] }
    });
    Day(rows.collect())
}

fn invented(chance: &mut Chance, requesters: usize, count: impl Fn(&mut Chance) -> usize) -> Day {
    let sizes: Vec<f64> = (0..=COUNTRIES).map(|rank| (rank as f64 + 1.0).powf(-0.9)).collect();
    let rhythm = rhythm(|part| 1.1 + (part - 14.0 / 24.0 * std::f64::consts::TAU).cos());
    let apps = [0.65, 0.15, 0.1, 0.07, 0.03];
    let mut rows = Vec::new();
    for requester in 0..requesters {
        let count = count(chance);
        let home = chance.pick(&sizes);
        for _ in 0..count {
            let country = match chance.unit() {
                _ if count > HEAVY => 0,
                part if part < 0.6 => home,
                _ => chance.pick(&sizes),
            };
            let app = if count > HEAVY { 0 } else { chance.pick(&apps) };
            let route = usize::from(chance.unit() < 0.3);
            rows.push(Row { requester, keys: [chance.pick(&rhythm), country, app, route] });
        }
    }
    Day(rows)
}

/// The weight of each hour, from its part of the circle.
fn rhythm(of: impl Fn(f64) -> f64) -> Vec<f64> {
    (0..24).map(|hour| of(f64::from(hour) / 24.0 * std::f64::consts::TAU)).collect()
}
