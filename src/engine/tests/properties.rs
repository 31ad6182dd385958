//! What must hold of every tally, whatever the logs: properties over random and adversarial rows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;

use super::reference::{Part, exact_reference, person_parts, reference};
use crate::engine::DayRows;
use crate::ingest::LogReader;
use crate::plan::{MOST_KEYS_OF_ONE, Plan};
use crate::spec::Release;
use crate::spec::prefix::{Prefix, PrefixOf};
use crate::spec::privacy_loss::NanoRho;
use crate::spec::unit::Exempt;
use crate::spec::window::DayWindow;

/// A lookup of the test: requester, target, seconds from the day's start, app, route.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    pub(super) requester: u8,
    pub(super) target: u8,
    pub(super) second: i64,
    pub(super) app: Option<u8>,
    pub(super) route: Option<bool>,
    /// The latency, and two less of it as the signed number.
    pub(super) number: Option<i8>,
}

/// How requesters are written and which questions are asked: with few keys a row of a short number
/// fits into one word, otherwise rows are wide.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setup {
    pub(super) has_numbers: bool,
    pub(super) has_few_keys: bool,
    /// Whether a question tells targets apart, so that rows keep them.
    pub(super) has_targets: bool,
    /// Whether a question looks for private keys, so that a tally leaves rows sorted for it.
    pub(super) has_private_keys: bool,
    /// Whether persons are the unit, with targets 20 and 3 exempt.
    pub(super) persons: bool,
    /// What rows may take; with nothing all of them go to disk.
    pub(super) memory: usize,
}

impl Setup {
    fn release(self, folder: &Path) -> Release {
        let identifier = if self.has_numbers { "e164" } else { "opaque" };
        let more = if self.has_few_keys { "" } else { MANY_KEYS };
        let targets = if self.has_targets { TARGETS } else { "" };
        let keys = if self.has_private_keys { PRIVATE_KEYS } else { "" };
        let mut text = format!("{RELEASE}{more}{targets}{keys}").replace("IDENTIFIER", identifier);
        if self.persons {
            let exempt = EXEMPT.map(|exempt| self.name(exempt));
            let unit = format!("[privacy]\nunit = \"person-day\"\nexempt = {exempt:?}\n[ledger]");
            text = text.replacen("[ledger]", &unit, 1);
        }
        Release::parse(&text, "property.toml", folder).unwrap()
    }

    pub(super) fn plan(self) -> Plan {
        Plan::new(&self.release(Path::new(".")), NanoRho::new(24_000_000), None).unwrap()
    }

    /// Every third number is one of the longest.
    pub(super) fn name(self, requester: u8) -> String {
        match (self.has_numbers, requester % 3) {
            (false, _) => format!("r{requester}"),
            (true, 0) => format!("+234700{requester:08}"),
            (true, _) => {
                format!("+1{}555{requester:04}", AREAS[usize::from(requester) % AREAS.len()])
            }
        }
    }
}

/// The targets that are exempt where persons are the unit.
pub(super) const EXEMPT: [u8; 2] = [3, 20];

/// So that numbers have many prefixes.
const AREAS: [u16; 13] = [201, 212, 305, 312, 404, 415, 503, 602, 702, 801, 901, 914, 917];

pub(super) fn setup() -> impl Strategy<Value = Setup> {
    let memory = prop_oneof![Just(usize::MAX), Just(0), Just(1_000)];
    (any::<[bool; 4]>(), memory).prop_map(|(has, memory)| Setup {
        has_numbers: has[0],
        has_few_keys: has[1],
        has_targets: has[2],
        has_private_keys: false,
        persons: has[3],
        memory,
    })
}

const RELEASE: &str = r#"
name = "property"
[logs]
path = "*.csv"
identifier = "IDENTIFIER"
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
name = "histogram"
histogram = "lookups per requester"
"#;

const MANY_KEYS: &str = r#"[[question]]
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
"#;

const PRIVATE_KEYS: &str = r#"[[question]]
name = "hot"
count = "lookups"
by = ["target_prefix:4"]
keys = "private"
"#;

const TARGETS: &str = r#"[[question]]
name = "curious"
distinct = "requester"
having = "targets >= 2"
by = ["app"]
clip = 1.3
"#;

/// 2026-03-02T00:00:00Z.
const START: i64 = 1_772_409_600;

pub(super) fn tallies(setup: Setup, files: &[Vec<Lookup>], threads: usize) -> Vec<Vec<i64>> {
    with_rows(setup, files, threads, |rows, plan, exempt| {
        let exact = rows.tally(plan, exempt).unwrap();
        (0..plan.tables.len()).map(|place| exact.table(place).unwrap().to_vec()).collect()
    })
}

/// What is made of the rows that were read from files of these lookups.
fn with_rows<T: Send>(
    setup: Setup,
    files: &[Vec<Lookup>],
    threads: usize,
    work: impl FnOnce(&mut DayRows, &Plan, &Exempt) -> T + Send,
) -> T {
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
            let name = setup.name(row.requester);
            let target = setup.name(row.target);
            writeln!(text, "{app},{at},{name},{route},{target},{latency},{offset},{kind}").unwrap();
        }
        std::fs::write(folder.path().join(format!("{number}.csv")), text).unwrap();
    }
    let release = setup.release(folder.path());
    let plan = Plan::new(&release, NanoRho::new(24_000_000), None).unwrap();
    let window = DayWindow::new("2026-03-02".parse().unwrap(), &release.ledger.time_zone).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let reader = LogReader::open(&release.logs, plan.layout.keys(), Some(&window)).unwrap();
        let (mut rows, _) = DayRows::gather(&reader, &window, &plan, setup.memory).unwrap();
        work(&mut rows, &plan, &release.exempt)
    })
}

/// The weights of keys, without those found before.
fn weights(setup: Setup, files: &[Vec<Lookup>], found: &BTreeSet<u64>) -> BTreeMap<u64, i64> {
    with_rows(setup, files, 2, |rows, plan, exempt| {
        if setup.has_private_keys {
            // Leaves the rows sorted, if they are not on disk.
            rows.tally(plan, exempt).unwrap();
        }
        let prefix = Prefix { of: PrefixOf::Target, digits: 4 };
        let (keys, weights) = rows.key_weights(prefix, found).unwrap().into_weights();
        keys.into_iter().zip(weights).collect()
    })
}

fn clips(setup: Setup) -> Vec<u64> {
    setup.plan().tables.iter().map(|table| table.clip.units()).collect()
}

fn square(units: impl Iterator<Item = i64>) -> u128 {
    units.map(|units| u128::from(units.unsigned_abs()).pow(2)).sum()
}

pub(super) fn lookup() -> impl Strategy<Value = Lookup> {
    let second = prop_oneof![
        4 => 0_i64..86_400,
        1 => -100_i64..100,
        1 => 86_300_i64..86_500,
    ];
    let app = prop::option::weighted(0.8, 0_u8..5);
    let number = prop::option::weighted(0.8, prop_oneof![4 => -10_i8..100, 1 => any::<i8>()]);
    let people = (0_u8..12, prop_oneof![4 => 20_u8..24, 1 => 0_u8..12]);
    (people, second, app, prop::option::weighted(0.8, any::<bool>()), number).prop_map(
        |((requester, target), second, app, route, number)| Lookup {
            requester,
            target,
            second,
            app,
            route,
            number,
        },
    )
}

/// Rows of one more requester, made to move the tally as far as rows can.
fn adversary() -> impl Strategy<Value = Vec<Lookup>> {
    let row = |second: i64, app, route| {
        let (number, target) = (Some(i8::MAX), u8::try_from(second.rem_euclid(50)).unwrap());
        Lookup { requester: 200, target, second, app, route, number }
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
        setup in setup(),
        rows in prop::collection::vec(lookup(), 0..150),
        more in adversary(),
    ) {
        let setup = Setup { persons: false, ..setup };
        let without = tallies(setup, std::slice::from_ref(&rows), 2);
        let with = tallies(setup, &[rows, more], 2);
        for ((with, without), clip) in with.iter().zip(&without).zip(clips(setup)) {
            let moved = with.iter().zip(without).map(|(with, without)| with - without);
            prop_assert!(square(moved) <= u128::from(clip).pow(2));
        }
    }

    #[test]
    fn a_person_whose_rows_count_as_nothing_moves_every_table_by_at_most_both_clips(
        setup in setup(),
        rows in prop::collection::vec(lookup(), 0..120),
        more in adversary(),
    ) {
        let setup = Setup { persons: true, has_few_keys: true, ..setup };
        let rows = [rows, more].concat();
        let tallied = tallies(setup, std::slice::from_ref(&rows), 2);
        let plan = setup.plan();
        for ((units, parts), table) in
            tallied.iter().zip(person_parts(setup, &rows)).zip(&plan.tables)
        {
            let mut sums = vec![0; units.len()];
            parts.iter().for_each(|part| sums[part.cell] += part.units);
            prop_assert_eq!(&sums, units, "{}", &table.name);
            for person in 0..=u8::MAX {
                let mut moved = vec![0; units.len()];
                let is_of = |part: &&Part| {
                    part.requester == person
                        || part.target == person && !EXEMPT.contains(&person)
                };
                parts.iter().filter(is_of).for_each(|part| moved[part.cell] += part.units);
                let most = u128::from(table.sensitivity().units());
                prop_assert!(square(moved.into_iter()) <= most * most, "{}", &table.name);
            }
        }
    }

    #[test]
    fn one_requester_moves_the_weights_of_keys_by_at_most_one(
        rows in prop::collection::vec(lookup(), 0..80),
        more in adversary(),
        found in prop::collection::btree_set(prop_oneof![Just(1_415_u64), Just(1_212), Just(2_347)], 0..3),
        memory in prop_oneof![Just(usize::MAX), Just(0)],
        has_private_keys in any::<bool>(),
    ) {
        let setup = Setup {
            has_numbers: true,
            has_few_keys: true,
            has_targets: true,
            has_private_keys,
            persons: false,
            memory,
        };
        let without = weights(setup, std::slice::from_ref(&rows), &found);
        let with = weights(setup, &[rows.clone(), more], &found);
        let moved: Vec<i64> = with
            .iter()
            .map(|(key, weight)| weight - without.get(key).copied().unwrap_or(0))
            .filter(|moved| *moved != 0)
            .collect();
        prop_assert!(without.keys().all(|key| with.contains_key(key)));
        prop_assert!(moved.len() <= MOST_KEYS_OF_ONE);
        prop_assert!(square(moved.into_iter()) <= 1 << 32);
        prop_assert!(with.keys().all(|key| !found.contains(key)));

        // By hand: each requester's keys, those it has the most lookups for.
        let mut expected: BTreeMap<u64, i64> = BTreeMap::new();
        let mut units: BTreeMap<u8, BTreeMap<u64, i64>> = BTreeMap::new();
        for row in rows.iter().filter(|row| (0..86_400).contains(&row.second)) {
            let key = setup.name(row.target)[1..5].parse().unwrap();
            *units.entry(row.requester).or_default().entry(key).or_default() += 1;
        }
        for own in units.into_values() {
            let mut own: Vec<(u64, i64)> =
                own.into_iter().filter(|(key, _)| !found.contains(key)).collect();
            own.sort_by_key(|(_, lookups)| -lookups);
            own.truncate(10);
            for (key, _) in &own {
                let weight = (65_536.0 / (own.len() as f64).sqrt()).floor();
                *expected.entry(*key).or_default() += weight as i64;
            }
        }
        prop_assert_eq!(&without, &expected);
    }

    #[test]
    fn order_files_and_threads_do_not_matter(
        setup in setup(),
        rows in prop::collection::vec(lookup(), 0..200),
        cut in 0.0_f64..1.0,
        seed in any::<u64>(),
    ) {
        let whole = tallies(setup, std::slice::from_ref(&rows), 1);
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
        prop_assert_eq!(&whole, &tallies(setup, &split, 3));
    }

    #[test]
    fn the_kernel_agrees_with_the_plain_form(
        setup in setup(),
        rows in prop::collection::vec(lookup(), 0..200),
    ) {
        let setup = Setup { persons: false, ..setup };
        let tallied = tallies(setup, std::slice::from_ref(&rows), 2);
        for (units, exact) in tallied.iter().zip(exact_reference(setup, &rows)) {
            prop_assert!(exact.is_none_or(|exact| exact == *units));
        }
        let expected = reference(setup, &rows);
        // Each of at most twelve requesters may be off by one rounding step in each cell; a row's
        // number by half a step of its grid, which is a step of the lattice.
        for (units, expected) in tallied.iter().zip(&expected) {
            for (units, expected) in units.iter().zip(expected) {
                let off = expected * 65_536.0 - *units as f64;
                prop_assert!(off.abs() <= 13.0 + rows.len() as f64, "off by {off} steps");
            }
        }
    }
}
