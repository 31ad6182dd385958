//! The world of the properties: random lookups, a release that counts them in every way, and tallies.

use std::path::Path;

use proptest::prelude::*;

use super::counted::own_tables;
use crate::engine::DayRows;
use crate::ingest::LogReader;
use crate::plan::{MeasuredTable, Plan};
use crate::release_file::ReleaseFile;
use crate::release_file::day::DayBounds;
use crate::release_file::lattice::Clip;
use crate::release_file::unit::{Exempt, Unit};

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
    /// Whether a question distinguishes targets, so that rows keep them.
    pub(super) has_targets: bool,
    /// Whether a question looks for private prefixes.
    pub(super) has_private_prefixes: bool,
    /// Whether persons are the unit, with targets 20 and 3 exempt.
    pub(super) persons: bool,
    /// What rows may take; with nothing all of them go to disk.
    pub(super) memory: usize,
}

impl Setup {
    fn release(self, folder: &Path) -> ReleaseFile {
        let identifier = if self.has_numbers { "e164" } else { "opaque" };
        let more = if self.has_few_keys { "" } else { MANY_KEYS };
        let targets = if self.has_targets { TARGETS } else { "" };
        let keys = if self.has_private_prefixes { PRIVATE_PREFIXES } else { "" };
        let mut text = format!("{RELEASE}{more}{targets}{keys}").replace("IDENTIFIER", identifier);
        if self.persons {
            let exempt = EXEMPT.map(|exempt| self.name(exempt));
            let unit = format!("[privacy]\nunit = \"person-day\"\nexempt = {exempt:?}\n[ledger]");
            text = text.replacen("[ledger]", &unit, 1);
        }
        ReleaseFile::parse(&text, "property.toml", folder).unwrap()
    }

    /// The release file, for plans alone.
    pub(super) fn release_here(self) -> ReleaseFile {
        self.release(Path::new("."))
    }

    /// The key of the number that this question is about.
    pub(super) fn number(self, question: &str) -> String {
        let questions = self.release_here().questions;
        let of = questions.iter().find(|known| known.name == question).unwrap();
        of.measure.number().unwrap().name().to_owned()
    }

    /// The tables of questions about requesters, with clips that cut some of them.
    pub(super) fn plan(self) -> Plan {
        plan(&self.release_here())
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

fn plan(release_file: &ReleaseFile) -> Plan {
    let clips = [1_048_576, 1_258_291, 1_363_149, 1_572_864].into_iter().cycle();
    let clipped = |(table, clip): (MeasuredTable, u64)| {
        let clip = if table.axes.is_empty() { table.clip } else { Clip::lattice(clip) };
        let target_clip = (release_file.ledger.unit == Unit::PersonDay).then_some(clip);
        MeasuredTable { clip, target_clip, ..table }
    };
    Plan::for_test(
        release_file,
        own_tables(release_file).into_iter().zip(clips).map(clipped).collect(),
    )
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
        has_private_prefixes: false,
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
[[question]]
name = "by_app"
count = "lookups"
by = ["app"]
[[question]]
name = "people"
distinct = "requester"
by = ["app", "route"]
[[question]]
name = "sms"
share = "route = 'sms' AND app <> 'a1'"
by = ["hour"]
[[question]]
name = "sms_of_other_kinds"
share = "kind = 'x'"
by = ["route"]
[[question]]
name = "busy"
distinct = "requester"
having = "lookups >= 3"
by = ["app"]
[[question]]
name = "histogram"
histogram = "lookups per requester"
"#;

const MANY_KEYS: &str = r#"[[question]]
name = "mean"
mean = "latency_ms"
range = [10, 90]
by = ["app"]
[[question]]
name = "sum"
sum = "offset"
range = [-50, 100]
by = ["route"]
[[question]]
name = "median"
quantiles = [0.5]
of = "latency_ms"
range = [1, 100]
"#;

const PRIVATE_PREFIXES: &str = r#"[[question]]
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
pub(super) fn with_rows<T: Send>(
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
    let release_file = setup.release(folder.path());
    let plan = plan(&release_file);
    let bounds =
        DayBounds::new("2026-03-02".parse().unwrap(), &release_file.ledger.time_zone).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let reader =
            LogReader::open(&release_file.logs, plan.layout.keys(), Some(&bounds)).unwrap();
        let (mut rows, _) = DayRows::gather(&reader, &bounds, &plan, setup.memory).unwrap();
        work(&mut rows, &plan, &release_file.exempt)
    })
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
pub(super) fn adversary() -> impl Strategy<Value = Vec<Lookup>> {
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
