//! The units of systemd and the line of cron that are shipped: what they call works, and cron mails only what matters.

use std::path::Path;
use std::process::Command;

use crate::clock;
use crate::world::{Ran, World};

/// 2026-01-08T04:00:00Z in microseconds: the third simulated day is over.
const NIGHT: i64 = 1_767_844_800_000_000;

/// The release file that is shipped, with three simulated days of logs.
fn world() -> World {
    let world = World::empty();
    world.write("daily-operations.toml", read("daily-operations.toml").as_bytes());
    let logs = ["simulate", "--out", "lookups", "--start", "2026-01-05", "--days", "3"];
    let size = ["--lookups-per-day", "20000", "--requesters", "4000"];
    let ran = world.run(&[&logs[..], &size].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    world
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn what_the_units_call_works() {
    let world = world();
    let mut called = 0;
    for unit in ["pointillist-daily.service", "pointillist-retain.service"] {
        let text = read(&format!("schedule/{unit}"));
        let calls =
            text.lines().filter_map(|it| it.strip_prefix("ExecStart=/usr/local/bin/pointillist "));
        for call in calls {
            let arguments: Vec<&str> = call.split(' ').collect();
            let ran = Ran::of(&clock::at(world.command(&arguments), NIGHT).output().unwrap());
            assert_eq!(ran.code, 0, "{unit}: {call}: {}{}", ran.stdout, ran.stderr);
            called += 1;
        }
    }
    assert_eq!(called, 3);
    assert!(world.path("published/volume/day=2026-01-07/part-0.parquet").exists());
}

#[test]
fn both_units_have_the_same_fences() {
    let fences = |unit: &str| {
        let text = read(&format!("schedule/{unit}.service"));
        text.split_once("LimitCORE=0").unwrap().1.to_owned()
    };
    assert_eq!(fences("pointillist-daily"), fences("pointillist-retain"));
}

#[test]
fn cron_mails_nothing_unless_somebody_must_look() {
    let world = world();
    let table = read("schedule/crontab");
    let line = table.lines().find_map(|line| line.strip_prefix("0 4 * * *  ")).unwrap();
    let line = line.replace("/var/lib/pointillist", world.path(".").to_str().unwrap());
    let mailed = || {
        let program = world.command(&[]);
        let folder = Path::new(program.get_program()).parent().unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", &line]);
        let path = std::env::var("PATH").unwrap_or_default();
        shell.env("PATH", format!("{}:{path}", folder.display()));
        let ran = Ran::of(&clock::at(shell, NIGHT).output().unwrap());
        [ran.stdout, ran.stderr].concat()
    };
    assert_eq!(mailed(), "");
    assert!(world.path("published/volume/day=2026-01-07/part-0.parquet").exists());
    std::fs::remove_file(world.path("daily-operations.ledger.key")).unwrap();
    let said = mailed();
    assert!(said.contains("the key of the ledger daily-operations.ledger is gone"), "{said}");
}
