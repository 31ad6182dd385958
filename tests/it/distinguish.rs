//! A whole run as a black box: log files in, published tables out. An attacker who has seen such days with and
//! without a group of requesters guesses which of the two others are.
//!
//! It learns from one half of the days which published numbers differ most, the sizes of files among them,
//! and guesses the other half. From how often it errs, with the limits of Clopper and Pearson, follows a lower
//! bound on the shift of the Gaussian that hides the group, which must not be above what the charge claims.
//! `POINTILLIST_DRAWS` sets how many days each side has.

use std::fmt::Write;
use std::path::Path;

use pointillist::ledger::Ledger;
use pointillist::pipeline::{Done, Job, open_ledger, release_day};
use pointillist::publish::Published;
use pointillist::release::normal_quantile;
use pointillist::release_file::ReleaseFile;
use pointillist::release_file::day::{Clock, Day, DayBounds};

use crate::world::HEADER;

/// Of the whole test.
const FALSE_ALARM: f64 = 1e-6;
/// Requesters of the group, and of one that is far too large to be hidden.
const GROUP: u64 = 5;
const CROWD: u64 = 150;
/// How many numbers the attacker looks at: those that differ most in the days that it learns from.
const BEST: usize = 8;

const RELEASE: &str = r#"name = "daily"
[logs]
path = "logs/**/*.csv"
day_folder = "day"
[keys]
app = ["messages", "calls"]
[retention]
days = 36500
[ledger]
path = "daily.ledger"
epsilon = 1.0
delta = 1e-6
[[question]]
name = "volume"
count = "lookups"
by = ["hour", "app"]
[[question]]
name = "people"
distinct = "requester"
by = ["app", "route"]
[[question]]
name = "sms"
share = "route = 'sms'"
[[question]]
name = "bins"
histogram = "lookups per requester"
[[question]]
name = "speed"
mean = "latency_ms"
range = [1, 1000]
"#;

/// Days of one kind: what was published of each, as numbers.
type Side = Vec<Vec<f64>>;

#[test]
fn whole_days_show_no_more_of_a_group_than_their_charge_claims() {
    let days = std::env::var("POINTILLIST_DRAWS").map_or(90, |days| days.parse().unwrap());
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let mut bench = Bench::new(folder.path());
    let [without, with, crowd] = [0, GROUP, CROWD].map(|group| bench.side(group, days));
    let claim = (2.0 * bench.charge).sqrt() * GROUP as f64;
    if let Some(column) = shown_as_it_is(&without, &with) {
        panic!("column {column} shows the group as it is");
    }
    let (shift, errors) = shown(&without, &with);
    println!(
        "{errors} of {days} guesses wrong: a shift of at least {shift:.3}, {claim:.3} is claimed"
    );
    assert!(shift <= claim, "{shift} is shown and {claim} claimed");
    // The attack is one: a group that is far too large is seen, and by more than the claim for the small one.
    let (shift, errors) = shown(&without, &crowd);
    println!("of the crowd {errors} wrong: at least {shift:.3}");
    assert!(shift > claim, "only {shift} is shown of {CROWD} requesters, {errors} guesses wrong");
}

/// Days that are released one after the other through one ledger.
struct Bench {
    job: Job,
    ledger: Ledger,
    next: Day,
    /// What a day costs, in rho.
    charge: f64,
}

impl Bench {
    fn new(folder: &Path) -> Self {
        let release_file = ReleaseFile::parse(RELEASE, "release.toml", folder).unwrap();
        let job = Job::new(release_file, Clock::System.now());
        std::fs::create_dir(folder.join("logs")).unwrap();
        let ledger = open_ledger(&job).unwrap();
        Self { job, ledger, next: "1990-01-01".parse().unwrap(), charge: 0.0 }
    }

    fn side(&mut self, group: u64, days: usize) -> Side {
        (0..days).map(|_| self.day(group)).collect()
    }

    /// The published numbers of a day with a group of this size beside the others.
    fn day(&mut self, group: u64) -> Vec<f64> {
        let day = self.next;
        self.next = day.next().unwrap();
        let logs = self.job.release_file.logs.place.folder.join(format!("logs/day={day}"));
        std::fs::create_dir(&logs).unwrap();
        std::fs::write(logs.join("x.csv"), log(day, group)).unwrap();
        let zone = &self.job.release_file.ledger.time_zone;
        let bounds = DayBounds::new(day, zone).unwrap();
        let done = release_day(&self.job, &mut self.ledger, &bounds).unwrap();
        assert!(matches!(done, Done::Released));
        let balances = self.ledger.balances().unwrap();
        self.charge = balances.last().unwrap().1.spent.rho();
        let mut numbers = Vec::new();
        for question in &self.job.release_file.questions {
            let path = format!("{}/day={day}/part-0.parquet", question.name);
            let bytes = std::fs::read(self.job.out.join(path)).unwrap();
            numbers.push(bytes.len() as f64);
            let table = Published::read(&bytes).unwrap();
            numbers.push(table.batch.num_rows() as f64);
            for column in ["value", "noise_sd", "ci_low", "ci_high", "uninformative"] {
                let values = table.numbers(column).unwrap();
                numbers.extend(values.into_iter().map(|value| value.unwrap_or(-1.0)));
            }
        }
        numbers
    }
}

/// Four hundred requesters of eight lookups, and some in cells where nobody else is.
fn log(day: Day, group: u64) -> String {
    let mut log = HEADER.to_owned();
    for row in 0..8 * (400 + group) {
        let (requester, target) = (row / 8, row % 97);
        let (hour, app) = if requester < 400 { (8 + row % 8, "messages") } else { (23, "calls") };
        let route = if requester < 400 { "messenger" } else { "sms" };
        writeln!(
            log,
            "+1415555{requester:04},+1212555{target:04},{day}T{hour:02}:15:00Z,,{app},{route},{}",
            if requester < 400 { 10 } else { 900 }
        )
        .unwrap();
    }
    log
}

/// A number that noise never moves and that is another one with the group. Of a crowd, which is not hidden, a
/// mark such as `uninformative` may be.
fn shown_as_it_is(without: &Side, with: &Side) -> Option<usize> {
    (0..without[0].len()).find(|column| {
        let [(one, first), (other, second)] =
            [without, with].map(|side| moments(side.iter().map(|day| day[*column])));
        first + second <= 0.0 && (one - other).abs() > 0.0
    })
}

/// The shift that guesses about the second half of the days show at least, and how many were wrong.
fn shown(without: &Side, with: &Side) -> (f64, u64) {
    let half = without.len() / 2;
    let sides = [without, with];
    let columns = without[0].len();
    assert!(sides.iter().all(|side| side.iter().all(|day| day.len() == columns)));
    let mut weights: Vec<(f64, usize, f64, f64)> = Vec::new();
    for column in 0..columns {
        let [(one, first), (other, second)] =
            sides.map(|side| moments(side[..half].iter().map(|day| day[column])));
        let (gap, variance) = (other - one, (first + second) / 2.0);
        if variance > 0.0 {
            weights.push((
                gap.abs() / variance.sqrt(),
                column,
                gap / variance,
                (one + other) / 2.0,
            ));
        }
    }
    weights.sort_by(|one, other| other.0.total_cmp(&one.0));
    weights.truncate(BEST);
    let score = |day: &Vec<f64>| -> f64 {
        weights.iter().map(|(_, column, weight, middle)| weight * (day[*column] - middle)).sum()
    };
    let trials = (without.len() - half) as u64;
    let wrong = [
        without[half..].iter().filter(|day| score(day) > 0.0).count() as u64,
        with[half..].iter().filter(|day| score(day) <= 0.0).count() as u64,
    ];
    let rates = wrong.map(|wrong| rate_at_most(wrong, trials, FALSE_ALARM / 2.0));
    ((deviations(rates[0]) + deviations(rates[1])).max(0.0), wrong.iter().sum())
}

/// How many deviations above its mean a normal variable is with this probability.
fn deviations(above: f64) -> f64 {
    if above < 0.5 { normal_quantile(above) } else { -normal_quantile((1.0 - above).max(1e-12)) }
}

/// The mean and the variance.
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    (mean, values.map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0))
}

/// The rate at which so few of these trials fail with a probability of `alpha`: Clopper and Pearson's limit.
fn rate_at_most(failures: u64, trials: u64, alpha: f64) -> f64 {
    let tail = |rate: f64| -> f64 {
        let mut term = (trials as f64 * (-rate).ln_1p()).exp();
        let mut sum = term;
        for failed in 0..failures {
            term *= (trials - failed) as f64 / (failed + 1) as f64 * rate / (1.0 - rate);
            sum += term;
        }
        sum
    };
    let (mut low, mut high) = (0.0, 1.0 - 1e-12);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if tail(middle) > alpha { low = middle } else { high = middle }
    }
    high
}
