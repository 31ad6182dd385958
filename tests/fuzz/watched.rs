//! A target in a process of its own: one that panics, aborts, takes too much memory or never ends fails the
//! test with the number of its input.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::chance::Chance;

/// What is done with each input.
pub(crate) type Target = Box<dyn FnMut(&mut Chance)>;

/// Tells the process that works which file says how far it is.
const PROGRESS: &str = "POINTILLIST_FUZZ_PROGRESS";
/// How long one input may take. Each takes milliseconds, so a busy machine is far from it.
const LONGEST: Duration = Duration::from_secs(120);
/// How much memory a target may ask for, in KiB: what some threads and their stacks need, and no more.
const MEMORY: &str = "4194304";

/// Gives a target `count` inputs, or as many as fit into the seconds that the variable says.
pub(crate) fn watched(name: &str, count: u64, target: impl FnOnce() -> Target) {
    match std::env::var_os(PROGRESS) {
        Some(progress) => work(&PathBuf::from(progress), count, target()),
        None => watch(name),
    }
}

/// A number that a variable says.
fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().unwrap())
}

fn work(progress: &PathBuf, count: u64, mut target: Target) {
    let progress = File::options().write(true).open(progress).unwrap();
    std::panic::set_hook(Box::new(|panic| *LAST.lock().unwrap() = panic.to_string()));
    let deadline =
        variable("POINTILLIST_FUZZ").map(Duration::from_secs).map(|long| Instant::now() + long);
    let from = variable("POINTILLIST_FUZZ_FROM").unwrap_or(0);
    for number in from.. {
        let is_over = match deadline {
            Some(deadline) => Instant::now() >= deadline,
            None => number - from == count,
        };
        if is_over {
            println!("{} inputs", number - from);
            break;
        }
        progress.write_all_at(&number.to_le_bytes(), 0).unwrap();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(&mut Chance::new(number)))) {
            println!("{}", LAST.lock().unwrap());
            resume_unwind(panic);
        }
    }
}

/// Where and how the last panic came about. The program catches those of decoders, and goes on.
static LAST: Mutex<String> = Mutex::new(String::new());

fn watch(name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = |file| folder.path().join(file);
    std::fs::write(path("progress"), u64::MAX.to_le_bytes()).unwrap();
    let said = File::create(path("said")).unwrap();
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit -v {MEMORY} && exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(PROGRESS, path("progress"))
        .stdin(Stdio::null())
        .stdout(said.try_clone().unwrap())
        .stderr(said)
        .spawn()
        .unwrap();
    let progress =
        || u64::from_le_bytes(std::fs::read(path("progress")).unwrap().try_into().unwrap());
    let ended = wait(&mut child, progress);
    let said = std::fs::read(path("said")).unwrap();
    let said = String::from_utf8_lossy(&said);
    let end = ended.map_or("took too long".to_owned(), |status| status.to_string());
    assert!(
        ended.is_some_and(|status| status.success()),
        "input {} of {name}: {end}\nrun it alone with POINTILLIST_FUZZ_FROM\n{said}",
        progress()
    );
    assert!(said.contains(" inputs"), "{name} did nothing: {said}");
    println!("{name}: {}", said.lines().find(|line| line.ends_with(" inputs")).unwrap_or_default());
}

/// Waits for the end, or for an input that takes too long, at which nothing is returned.
fn wait(child: &mut Child, progress: impl Fn() -> u64) -> Option<ExitStatus> {
    let (mut last, mut since) = (progress(), Instant::now());
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        let now = progress();
        if now != last {
            (last, since) = (now, Instant::now());
        }
        if since.elapsed() > LONGEST {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
