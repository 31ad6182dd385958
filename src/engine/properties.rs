//! What must hold of every tally, whatever the logs: properties over random and adversarial rows.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::tally;
use crate::ingest::LogReader;
use crate::plan::{Axis, Contribution, MeasuredTable, Plan};
use crate::spec::Release;
use crate::spec::privacy_loss::NanoRho;
use crate::spec::window::DayWindow;

/// A lookup of the test: requester, seconds from the day's start, app, route.
#[derive(Debug, Clone)]
struct Lookup {
    requester: u8,
    second: i64,
    app: Option<u8>,
    route: Option<bool>,
    /// The latency, and two less of it as the signed number.
    number: Option<i8>,
}

const RELEASE: &str = r#"
name = "property"
[logs]
path = "*.csv"
identifier = "opaque"
time_unit = "s"
[keys]
app = ["a0", "a1", "a2"]
kind = ["x"]
[ledger]
path = "property.ledger"
epsilon = 1.0
delta = 1e-6
[[question]]
name = "volume"
count = "lookups"
by = ["hour", "app", "route"]
clip = 3
[[question]]
name = "by_app"
count = "lookups"
by = ["app"]
clip = 2.5
[[question]]
name = "people"
distinct = "requester"
by = ["app", "route"]
clip = 1.5
[[question]]
name = "sms"
share = "route = 'sms' AND app <> 'a1'"
by = ["hour"]
clip = 4
[[question]]
name = "sms_of_other_kinds"
share = "kind = 'x'"
by = ["route"]
clip = 2
[[question]]
name = "busy"
distinct = "requester"
having = "lookups >= 3"
by = ["app"]
clip = 1.2
[[question]]
name = "mean"
mean = "latency_ms"
range = [10, 90]
by = ["app"]
clip = 3
[[question]]
name = "sum"
sum = "offset"
range = [-50, 100]
by = ["route"]
clip = 2
[[question]]
name = "median"
quantiles = [0.5]
of = "latency_ms"
range = [1, 100]
clip = 2
[[question]]
name = "histogram"
histogram = "lookups per requester"
"#;

/// 2026-03-02T00:00:00Z.
const START: i64 = 1_772_409_600;

fn tallies(files: &[Vec<Lookup>], threads: usize) -> Vec<Vec<i64>> {
    let folder = tempfile::tempdir().unwrap();
    for (number, rows) in files.iter().enumerate() {
        let mut text =
            String::from("app,requested_at,requester,route,target,latency_ms,offset,kind\n");
        for row in rows {
            use std::fmt::Write;
            let app = row.app.map_or(String::new(), |app| format!("a{app}"));
            let route = row.route.map_or("", |is_sms| if is_sms { "sms" } else { "messenger" });
            let at = START + row.second;
            let [latency, offset] = [0, 2].map(|off| {
                row.number.map_or(String::new(), |number| (i32::from(number) - off).to_string())
            });
            let kind = if row.second % 2 == 0 { "x" } else { "" };
            writeln!(text, "{app},{at},r{},{route},t,{latency},{offset},{kind}", row.requester)
                .unwrap();
        }
        std::fs::write(folder.path().join(format!("{number}.csv")), text).unwrap();
    }
    let release = Release::parse(RELEASE, "property.toml", folder.path()).unwrap();
    let plan = Plan::new(&release, NanoRho::new(24_000_000), None).unwrap();
    let window = DayWindow::new("2026-03-02".parse().unwrap(), &release.ledger.time_zone).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let reader = LogReader::open(&release.logs, plan.layout.keys(), Some(&window)).unwrap();
        let (exact, _) = tally(&reader, &window, &plan).unwrap();
        (0..plan.tables.len()).map(|place| exact.table(place).unwrap().to_vec()).collect()
    })
}

fn clips() -> Vec<u64> {
    let release = Release::parse(RELEASE, "property.toml", Path::new(".")).unwrap();
    let plan = Plan::new(&release, NanoRho::new(24_000_000), None).unwrap();
    plan.tables.iter().map(|table| table.clip.units()).collect()
}

fn square(units: impl Iterator<Item = i64>) -> u128 {
    units.map(|units| u128::from(units.unsigned_abs()).pow(2)).sum()
}

/// The slow, plain form of the same mathematics, in floats: each unit's vector, scaled, summed.
fn reference(rows: &[Lookup]) -> Vec<Vec<f64>> {
    let release = Release::parse(RELEASE, "property.toml", Path::new(".")).unwrap();
    let plan = Plan::new(&release, NanoRho::new(24_000_000), None).unwrap();
    let mut units: BTreeMap<u8, Vec<&Lookup>> = BTreeMap::new();
    for row in rows.iter().filter(|row| (0..86_400).contains(&row.second)) {
        units.entry(row.requester).or_default().push(row);
    }
    let mut sums = Vec::new();
    for (table, cells) in plan.tables.iter().zip(&plan.cells) {
        let mut sum = vec![0.0; cells.count() as usize];
        for rows in units.values() {
            let vector = vector(table, rows, sum.len());
            let norm = vector.iter().map(|count| count * count).sum::<f64>().sqrt();
            let scale = (table.clip.contributions() / norm).min(1.0);
            sum.iter_mut().zip(vector).for_each(|(sum, count)| *sum += count * scale);
        }
        sums.push(sum);
    }
    sums
}

fn vector(table: &MeasuredTable, rows: &[&Lookup], cells: usize) -> Vec<f64> {
    let mut vector = vec![0.0; cells];
    if table.contribution == Contribution::Histogram {
        // The bins of the histogram begin at these.
        let edges = [1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500];
        vector[edges.iter().filter(|edge| **edge <= rows.len()).count() - 1] = 1.0;
        return vector;
    }
    for row in rows {
        let Some(cell) = table.axes.iter().try_fold(0, |cell, axis| {
            let (position, size) = position(axis, row)?;
            Some(cell * size + position)
        }) else {
            continue;
        };
        match &table.contribution {
            Contribution::Sum { .. } => {
                let offset = row.number.map(|number| f64::from(number) - 2.0);
                vector[cell] += offset.map_or(0.0, |offset| offset.clamp(-50.0, 100.0) / 100.0);
            }
            Contribution::Mean { .. } => {
                if let Some(number) = row.number.filter(|number| *number >= 0) {
                    vector[2 * cell] += (f64::from(number).clamp(10.0, 90.0) - 50.0) / 40.0;
                    vector[2 * cell + 1] += 1.0;
                }
            }
            _ => vector[cell] += 1.0,
        }
    }
    if let Contribution::Presence { at_least } = table.contribution {
        vector.iter_mut().for_each(|count| *count = f64::from(*count >= f64::from(at_least)));
    }
    vector
}

/// Where a row lies on an axis, and how many values that has.
fn position(axis: &Axis, row: &Lookup) -> Option<(usize, usize)> {
    let app = usize::from(row.app.filter(|app| *app < 3).unwrap_or(3));
    let route = row.route.map_or(2, usize::from);
    Some(match axis {
        Axis::Key(name) if name == "hour" => (usize::try_from(row.second / 3_600).unwrap(), 24),
        Axis::Key(name) if name == "app" => (app, 4),
        Axis::Key(name) if name == "route" => (route, 3),
        // 128 bins from 1 to 100, equal in ratio.
        Axis::Key(name) if name.starts_with("latency_ms in bins") => {
            let number = f64::from(row.number.filter(|number| *number >= 0)?).clamp(1.0, 100.0);
            let bin = (number.ln() / 100_f64.ln() * 128.0).floor().min(127.0);
            ((0..128).find(|place| *place as f64 >= bin).unwrap(), 128)
        }
        Axis::Condition(question) if question == "sms" => (usize::from(route == 1 && app != 1), 2),
        Axis::Condition(question) if question == "sms_of_other_kinds" => {
            (usize::from(row.second % 2 == 0), 2)
        }
        _ => panic!("an axis that the test does not know: {axis:?}"),
    })
}

fn lookup() -> impl Strategy<Value = Lookup> {
    let second = prop_oneof![
        4 => 0_i64..86_400,
        1 => -100_i64..100,
        1 => 86_300_i64..86_500,
    ];
    let app = prop::option::weighted(0.8, 0_u8..5);
    let number = prop::option::weighted(0.8, prop_oneof![4 => -10_i8..100, 1 => any::<i8>()]);
    (0_u8..12, second, app, prop::option::weighted(0.8, any::<bool>()), number).prop_map(
        |(requester, second, app, route, number)| Lookup { requester, second, app, route, number },
    )
}

/// Rows of one more requester, made to move the tally as far as rows can.
fn adversary() -> impl Strategy<Value = Vec<Lookup>> {
    let row = |second, app, route| {
        let number = Some(i8::MAX);
        Lookup { requester: 200, second, app, route, number }
    };
    prop_oneof![
        // One cell, many times.
        (1_usize..300).prop_map(move |times| vec![row(3_600, Some(0), Some(true)); times]),
        // Every cell.
        Just(
            (0..24)
                .flat_map(|hour| {
                    (0..4_u8).flat_map(move |app| {
                        [None, Some(false), Some(true)]
                            .map(|route| row(hour * 3_600, (app < 3).then_some(app), route))
                    })
                })
                .collect()
        ),
        // Across both midnights.
        (1_i64..200).prop_map(move |times| {
            (-times..times)
                .flat_map(|second| [second, 86_400 + second].map(|at| row(at, Some(1), None)))
                .collect()
        }),
        // Anything at all, nulls included.
        prop::collection::vec(lookup(), 0..120).prop_map(|mut rows| {
            rows.iter_mut().for_each(|row| row.requester = 200);
            rows
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn one_requester_moves_every_table_by_at_most_its_clip(
        rows in prop::collection::vec(lookup(), 0..150),
        more in adversary(),
    ) {
        let without = tallies(std::slice::from_ref(&rows), 2);
        let with = tallies(&[rows, more], 2);
        for ((with, without), clip) in with.iter().zip(&without).zip(clips()) {
            let moved = with.iter().zip(without).map(|(with, without)| with - without);
            prop_assert!(square(moved) <= u128::from(clip).pow(2));
        }
    }

    #[test]
    fn order_files_and_threads_do_not_matter(
        rows in prop::collection::vec(lookup(), 0..200),
        cut in 0.0_f64..1.0,
        seed in any::<u64>(),
    ) {
        let whole = tallies(std::slice::from_ref(&rows), 1);
        let mut mixed = rows;
        let mut state = seed;
        for place in (1..mixed.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from((state >> 33) % (place as u64 + 1)).unwrap();
            mixed.swap(place, other);
        }
        let at = (mixed.len() as f64 * cut).floor();
        let at = (0..=mixed.len()).find(|place| *place as f64 >= at).unwrap_or(0);
        let (left, right) = mixed.split_at(at);
        let split = [left.to_vec(), Vec::new(), right.to_vec()];
        prop_assert_eq!(&whole, &tallies(&split, 3));
    }

    #[test]
    fn the_kernel_agrees_with_the_plain_form(rows in prop::collection::vec(lookup(), 0..200)) {
        let expected = reference(&rows);
        // Each of at most twelve requesters may be off by one rounding step in each cell; a row's
        // number by half a step of its grid, which is a step of the lattice.
        for (units, expected) in tallies(std::slice::from_ref(&rows), 2).iter().zip(&expected) {
            for (units, expected) in units.iter().zip(expected) {
                let off = expected * 65_536.0 - *units as f64;
                prop_assert!(off.abs() <= 13.0 + rows.len() as f64, "off by {off} steps");
            }
        }
    }
}
