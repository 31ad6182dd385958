//! A folder with logs, a release file and the program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use pointillist::ledger::{EntryId, Ledger};
use pointillist::release_file::day::Clock;
use tempfile::TempDir;

/// Requesters and targets of the test logs; none of these may ever be printed.
pub(crate) const SECRETS: [&str; 4] = ["+14155550123", "+14155550124", "+442079460999", "10.9.8.7"];

/// The header of the test logs.
pub(crate) const HEADER: &str = "requester,target,requested_at,client_ip,app,route,latency_ms\n";

/// How many requesters ask each day, eight times each: no noise makes such a day look empty.
const REQUESTERS: usize = 300;
/// In each hour a third of them ask.
const IN_AN_HOUR: usize = REQUESTERS / 3;

/// The rows of one day in the order of time, by the secret requesters and many others.
pub(crate) fn rows_of(day: &str) -> String {
    let row = |place: usize| {
        let requester = match place % REQUESTERS {
            secret @ (0 | 1) => SECRETS[secret].to_owned(),
            other => format!("+1646555{other:04}"),
        };
        let hour = place / IN_AN_HOUR;
        let (target, client) = (SECRETS[2], SECRETS[3]);
        format!("{requester},{target},{day}T{hour:02}:15:00Z,{client},messages,sms,12.5\n")
    };
    (0..24 * IN_AN_HOUR).map(row).collect()
}

/// A folder in which a release can be run.
pub(crate) struct World {
    folder: TempDir,
}

/// What a run of the program printed and returned.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl World {
    /// Makes a folder with nothing in it.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Makes three days of a small log, and a release file with two questions.
    pub(crate) fn new() -> Self {
        let world = Self::empty();
        let days: String = (1..=3).map(|day| rows_of(&format!("2026-03-0{day}"))).collect();
        world.write("logs/lookups.csv", format!("{HEADER}{days}").as_bytes());
        world.write("release.toml", RELEASE.as_bytes());
        world
    }

    /// A world whose logs lie in one folder for each of these days, as `day_folder` promises.
    pub(crate) fn in_day_folders(days: &[String]) -> Self {
        let world = Self::new();
        std::fs::remove_file(world.path("logs/lookups.csv")).unwrap();
        world.edit("logs/*.csv", "logs/**/*.csv");
        world.edit("[keys]", "day_folder = \"day\"\n[keys]");
        for day in days {
            let file = format!("{HEADER}{}", rows_of(day));
            world.write(&format!("logs/day={day}/part-0.csv"), file.as_bytes());
        }
        world
    }

    /// A world of the first two days of [`World::new`].
    pub(crate) fn of_two_days() -> Self {
        let world = Self::new();
        let days = ["2026-03-01", "2026-03-02"].map(rows_of).concat();
        world.write("logs/lookups.csv", format!("{HEADER}{days}").as_bytes());
        world
    }

    /// A world of [`World::new`] in which the second of March is reserved, and nothing of it was drawn.
    pub(crate) fn with_a_reserved_day() -> Self {
        let world = Self::new();
        let run = ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-10"];
        let mut command = world.command(&[&run[..], &["--memory", "1"]].concat());
        // Rows that find no memory and no disk stop a run after its reservation.
        let stopped = command.env("TMPDIR", "/nonexistent").output().unwrap();
        assert_eq!(stopped.status.code(), Some(74));
        world
    }

    /// The same, but noted as drawn, as a run leaves it that dies in its draw.
    pub(crate) fn with_a_drawn_day() -> Self {
        let world = Self::with_a_reserved_day();
        let mut ledger =
            Ledger::reopen(&world.path("daily.ledger"), Duration::ZERO, Clock::System).unwrap();
        let _unused_permit = ledger.mark_drawn(EntryId(1)).unwrap();
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Changes the release file by replacing some of its text, which must be there.
    pub(crate) fn edit(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path("release.toml")).unwrap();
        assert!(text.contains(from), "{from}");
        self.write("release.toml", text.replacen(from, to, 1).as_bytes());
    }

    /// Makes the logs look as if nobody had written to them since the beginning of 2026.
    pub(crate) fn settle(&self) {
        let mut logs = BTreeMap::new();
        collect(&self.path("logs"), &mut logs);
        let then = std::time::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        for path in logs.keys() {
            std::fs::File::options().append(true).open(path).unwrap().set_modified(then).unwrap();
        }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pointillist"));
        command.current_dir(self.folder.path()).args(arguments);
        command
    }

    /// Runs the program, and checks that nothing it printed names a person.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let ran = Ran::of(&self.command(arguments).output().unwrap());
        for secret in SECRETS {
            assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{arguments:?}");
        }
        ran
    }

    /// Runs one day of the release, as of a later day.
    pub(crate) fn day(&self, day: &str) -> Ran {
        self.run(&["run", "release.toml", "--day", day, "--as-of", "2026-03-10"])
    }

    /// The manifest of a released day.
    pub(crate) fn manifest(&self, day: &str) -> serde_json::Value {
        let path = self.path(&format!("published/_manifest/day={day}.json"));
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    /// Every published file with its bytes, without the ledger's mark and what a killed run left of one.
    pub(crate) fn published(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path("published"), &mut files);
        for mark in ["published/.pointillist-ledger", "published/.pointillist-ledger.new"] {
            files.remove(&self.path(mark));
        }
        files
    }

    /// The ledger's own account of itself.
    pub(crate) fn ledger(&self) -> serde_json::Value {
        let ran = self.run(&["ledger", "show", "release.toml", "--json"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
}

const RELEASE: &str = r#"name = "daily"

[logs]
path = "logs/*.csv"

[keys]
app = ["messages", "calls"]

[ledger]
path = "daily.ledger"
epsilon = 1.0
delta = 1e-6

[privacy]
budget_share = 0.7

[[question]]
name = "volume"
count = "lookups"
by = ["hour", "app"]

[[question]]
name = "sms_share"
share = "route = 'sms'"
by = ["app"]
"#;
