"""What the benchmarks share: the program, simulated logs, and the cost of one process."""

import os
import pathlib
import shutil
import statistics
import subprocess

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "target/release/pointillist"

RELEASE = """
name = "bench"
[logs]
path = "{glob}"
[keys]
app = ["messages", "contacts", "calls", "share"]
[ledger]
path = "bench.ledger"
epsilon = 1.0
delta = 1e-6
"""

VOLUME = """
[[question]]
name = "volume"
count = "lookups"
by = ["hour", "target_country", "app", "route"]
"""


def measure(command, folder, codes=(0,), limit=None, **environment):
    """CPU seconds, wall seconds and peak MiB of one process; None if it exceeds the limit in seconds."""
    start = os.times().elapsed
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
        preexec_fn=(lambda: set_limit(limit)) if limit else None)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = code = os.waitstatus_to_exitcode(status)
    if limit and code < 0:
        return None
    if code not in codes:
        raise RuntimeError(f"code {code}: {command}")
    return usage.ru_utime + usage.ru_stime, os.times().elapsed - start, usage.ru_maxrss / 1024


def set_limit(seconds):
    """Ends the calling process after this number of CPU seconds."""
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def medians(rounds):
    """The median of each figure over the rounds."""
    return tuple(statistics.median(figure) for figure in zip(*rounds))


def simulate(folder, days, lookups, requesters, form="parquet", start="2026-01-01"):
    """Writes logs under `folder`/lookups-`form`."""
    subprocess.run(
        [PROGRAM, "simulate", "--out", folder / f"lookups-{form}", "--days", str(days), "--start",
         start, "--lookups-per-day", str(lookups), "--requesters", str(requesters), "--format", form],
        check=True, stdout=subprocess.DEVNULL)


def run(folder, release="release.toml", **environment):
    """Releases the simulated day through a new ledger and into an empty folder."""
    for left in folder.glob("bench.ledger*"):
        left.unlink()
    shutil.rmtree(folder / "published", ignore_errors=True)
    command = [PROGRAM, "run", "--new-ledger", release, "--day", "2026-01-01", "--as-of", "2026-01-03"]
    return measure(command, folder, **environment)
