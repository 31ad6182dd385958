//! Libraries that are loaded before the program's own and stand in for some calls of the system.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex};

/// Loads a shim of `tests/shims` into a command, beside those that it has already.
pub(crate) fn load(command: &mut Command, name: &'static str) {
    let mut loaded = OsString::new();
    let before = command.get_envs().find(|(variable, _)| *variable == "LD_PRELOAD");
    if let Some((_, Some(before))) = before {
        loaded.push(before);
        loaded.push(":");
    }
    loaded.push(compiled(name));
    command.env("LD_PRELOAD", loaded);
}

static COMPILED: LazyLock<Mutex<BTreeMap<&str, PathBuf>>> = LazyLock::new(Mutex::default);

fn compiled(name: &'static str) -> PathBuf {
    let mut compiled = COMPILED.lock().unwrap();
    compiled.entry(name).or_insert_with(|| compile(name)).clone()
}

fn compile(name: &str) -> PathBuf {
    let source =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shims").join(name).with_extension("c");
    let shim = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).with_extension("so");
    // Other processes may load it already, so it is never written over.
    let made = shim.with_extension(std::process::id().to_string());
    let done = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&made, &source])
        .status()
        .unwrap();
    assert!(done.success());
    std::fs::rename(&made, &shim).unwrap();
    shim
}
