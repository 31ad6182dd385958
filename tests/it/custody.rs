//! After a deletion the live rows are those inside retention, archives hold exactly what orders asked
//! for, and no byte of any other expired row is left.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::archive_world::{ArchiveWorld, FORMATS, HOUR, Row, START, instant, number};

const DAY: i64 = 24 * HOUR;

/// An order, as it was entered.
#[derive(Debug, Clone)]
struct Order {
    number: usize,
    role: usize,
    from: i64,
    hours: i64,
    lasts: i64,
    is_lifted: bool,
}

const ROLES: [&str; 3] = ["requester", "target", "either"];

impl Order {
    fn asks(&self, (at, requester, target): &Row) -> bool {
        let name = number(self.number);
        let named = match self.role {
            0 => *requester == name,
            1 => *target == name,
            _ => *requester == name || *target == name,
        };
        named && self.from <= *at && *at < self.from + self.hours * HOUR
    }

    /// A hold is reported in its last seven days.
    fn ends_soon(&self, as_of: i64) -> bool {
        let left = START + self.lasts * DAY - as_of;
        !self.is_lifted && (1..=7 * DAY).contains(&left)
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (0..72_i64, 0..HOUR, 0..9_usize, 0..9_usize);
    proptest::collection::vec(row, 1..60).prop_map(|rows| {
        rows.into_iter()
            .map(|(hour, within, from, to)| {
                (START + hour * HOUR + within, number(from), number(to))
            })
            .collect()
    })
}

fn orders() -> impl Strategy<Value = Vec<Order>> {
    let order = (0..12_usize, 0..3_usize, 0..72_i64, 1..72_i64, 28..36_i64, any::<bool>());
    let order = order.prop_map(|(number, role, from, hours, lasts, is_lifted)| Order {
        number,
        role,
        from: START + from * HOUR,
        hours,
        lasts,
        is_lifted: is_lifted && lasts % 3 == 0,
    });
    proptest::collection::vec(order, 0..4)
}

/// Files by format, the orders about them, and the hours at which `retain` runs.
type History = (Vec<(usize, Vec<Row>)>, Vec<Order>, Vec<i64>);

#[test]
fn live_rows_archives_and_nothing_else() {
    let cases = std::env::var("POINTILLIST_CUSTODY").map_or(12, |text| text.parse().unwrap());
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let files = proptest::collection::vec((0..FORMATS.len(), rows()), 1..5);
    let clocks = proptest::collection::vec(0..90_i64, 1..4);
    let check = |(files, orders, mut clocks): History| {
        let world = ArchiveWorld::new();
        for (place, (format, rows)) in files.iter().enumerate() {
            world.write_log(&format!("part-{place}/x.{}", FORMATS[*format]), rows);
        }
        world.begin();
        for (place, order) in orders.iter().enumerate() {
            enter(&world, &format!("A-{place}"), order);
        }
        let mut live: Vec<Row> = files.iter().flat_map(|(_, rows)| rows.clone()).collect();
        live.sort();
        let mut archives: Vec<Vec<Row>> = vec![Vec::new(); orders.len()];
        clocks.sort_unstable();
        for hour in clocks {
            let as_of = START + 30 * DAY + hour * HOUR;
            let cutoff = START + hour * HOUR;
            let ran = world.retain(as_of);
            let (gone, kept): (Vec<Row>, Vec<Row>) =
                live.iter().cloned().partition(|row| row.0 < cutoff);
            // No day was released here, so every deletion must be reported, and a hold that ends soon.
            let ends_soon = orders.iter().any(|order| order.ends_soon(as_of));
            assert_eq!(ran.code, i32::from(!gone.is_empty() || ends_soon), "{}", ran.stderr);
            live = kept;
            assert_eq!(world.live(), live);
            for (place, order) in orders.iter().enumerate() {
                let is_active = !order.is_lifted && as_of < START + order.lasts * DAY;
                if is_active {
                    archives[place].extend(gone.iter().filter(|row| order.asks(row)).cloned());
                } else {
                    archives[place].clear();
                    assert!(world.files("daily.ledger.holds").iter().all(|path| {
                        !path.display().to_string().contains(&format!("hold-{:04}", place + 1))
                    }));
                }
                archives[place].sort();
                assert_eq!(world.disclosed(&format!("A-{place}"), as_of), archives[place]);
            }
            no_byte_of_the_gone(
                &world,
                &files.iter().flat_map(|(_, rows)| rows.clone()).collect::<Vec<_>>(),
                cutoff,
            );
            world.verify();
        }
        Ok(())
    };
    runner.run(&(files, orders(), clocks), check).unwrap();
}

fn enter(world: &ArchiveWorld, reference: &str, order: &Order) {
    let (from, to) = (instant(order.from), instant(order.from + order.hours * HOUR));
    let expires = instant(START + order.lasts * DAY);
    let add = [
        "hold",
        "add",
        "release.toml",
        "--order",
        reference,
        "--number",
        &number(order.number),
        "--role",
        ROLES[order.role],
        "--from",
        &from,
        "--to",
        &to,
        "--expires",
        &expires,
        "--recipient",
        &world.recipient(),
    ];
    let ran = world.run_at(START, &add);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    if order.is_lifted {
        let ran =
            world.run_at(START + 2 * DAY, &["hold", "lift", "release.toml", "--order", reference]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
}

/// Searches every byte of logs, ledger and archives for numbers all of whose rows were deleted.
fn no_byte_of_the_gone(world: &ArchiveWorld, all: &[Row], cutoff: i64) {
    let names = |rows: &mut dyn Iterator<Item = &Row>| -> BTreeSet<String> {
        rows.flat_map(|row| [row.1.clone(), row.2.clone()]).collect()
    };
    let stays = names(&mut all.iter().filter(|row| row.0 >= cutoff));
    let gone = names(&mut all.iter().filter(|row| row.0 < cutoff));
    let mut files = world.files("logs");
    files.extend(world.files("daily.ledger.holds"));
    files.extend(
        ["daily.ledger", "daily.ledger.key", "daily.ledger.lock"].map(|name| world.path(name)),
    );
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        for name in gone.difference(&stays) {
            let bare = &name.as_bytes()[1..];
            let found = bytes.windows(bare.len()).any(|window| window == bare);
            assert!(!found, "{} holds a number of an expired row", path.display());
            assert!(!path.display().to_string().contains(name));
        }
    }
}

/// A world of one small file in each format, half of it expired, and one order.
fn half_expired(rows_per_file: i64) -> (ArchiveWorld, Vec<Row>, Order) {
    let world = ArchiveWorld::new();
    let mut all = Vec::new();
    for (place, format) in FORMATS.iter().enumerate() {
        let rows: Vec<Row> = (0..rows_per_file)
            .map(|row| {
                let at = START + row * 48 * HOUR / rows_per_file;
                (at, number(row as usize % 9), number((row as usize + place) % 9))
            })
            .collect();
        world.write_log(&format!("x{place}.{format}"), &rows);
        all.extend(rows);
    }
    all.sort();
    let order = Order { number: 3, role: 2, from: START, hours: 40, lasts: 60, is_lifted: false };
    world.begin();
    enter(&world, "A-0", &order);
    (world, all, order)
}

#[test]
fn a_deletion_that_is_killed_at_any_moment_is_finished_by_the_next() {
    let kills: u64 = std::env::var("POINTILLIST_KILLS").map_or(12, |text| text.parse().unwrap());
    let as_of = START + 31 * DAY;
    let probe = half_expired(400).0;
    let start = std::time::Instant::now();
    assert_eq!(probe.retain(as_of).code, 1);
    let whole = start.elapsed();
    for round in 0..kills {
        let (world, all, order) = half_expired(400);
        let (gone, kept): (Vec<Row>, Vec<Row>) =
            all.into_iter().partition(|row| row.0 < START + DAY);
        // Killed once or twice on the way, at moments that the golden ratio spreads evenly.
        for kill in 0..=(round % 2) {
            let retain = ["retain", "release.toml", "--as-of", &instant(as_of)];
            let mut command = crate::clock::at(world.command(&retain), as_of);
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
            let mut run = command.spawn().unwrap();
            let moment = ((round * 2 + kill) as f64 * 0.618_033_988_749_895).fract();
            std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * moment));
            run.kill().unwrap();
            run.wait().unwrap();
            world.verify();
            let live: BTreeSet<Row> = world.live().into_iter().collect();
            assert!(
                kept.iter().all(|row| live.contains(row)),
                "round {round}: a live row was lost"
            );
        }
        let ran = world.retain(as_of);
        assert!([0, 1].contains(&ran.code), "round {round}: {}", ran.stderr);
        world.verify();
        assert_eq!(world.live(), kept, "round {round}");
        let asked: Vec<Row> = gone.into_iter().filter(|row| order.asks(row)).collect();
        assert_eq!(world.disclosed("A-0", as_of), asked, "round {round}");
        let left = world.files("logs");
        assert_eq!(left.len(), FORMATS.len() + 1, "round {round}: {left:?}");
        let done = world.retain(as_of);
        assert!(done.code == 0 && done.stdout.contains("no row is past retention"));
    }
}
