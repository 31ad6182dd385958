"""Times `pointillist retain` of one day among thirty against reading that day's files once.

    cargo build --release --locked
    python3 -m venv venv && venv/bin/pip install duckdb==2.0.1
    venv/bin/python benches/retain.py [LOOKUPS_PER_DAY]

Whole processes, CPU seconds of user and system together, medians of five rounds, on two threads.
`check` reads the columns of a lookup as a run does; DuckDB reads every column of the same files.
Each round deletes one day more, so that every day is deleted once. Other files must stay as they
are: their inodes and times are compared.
"""

import datetime
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROUNDS = 5
DAYS = 30
PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "target/release/pointillist"
RELEASE = """
name = "bench"
[logs]
path = "lookups/**/*.parquet"
[ledger]
path = "bench.ledger"
epsilon = 1.0
delta = 1e-6
[[question]]
name = "volume"
count = "lookups"
"""
READ = """
import duckdb, sys
connection = duckdb.connect(config={"threads": 2})
connection.execute("SELECT max(hash(columns(*))) FROM read_parquet(?)", [sys.argv[1]]).fetchall()
"""


def measure(command, folder, codes=(0,)):
    """CPU seconds, wall seconds and peak MiB of one process."""
    start = os.times().elapsed
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) in codes, command
    return usage.ru_utime + usage.ru_stime, os.times().elapsed - start, usage.ru_maxrss / 1024


def facts(folder):
    """What tells whether a log file was touched."""
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns)
            for path in folder.glob("lookups/*/*.parquet")}


def main():
    lookups = sys.argv[1] if len(sys.argv) > 1 else "1000000"
    start = datetime.date(2026, 1, 1)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "release.toml").write_text(RELEASE)
        subprocess.run(
            [PROGRAM, "simulate", "--out", folder / "lookups", "--days", str(DAYS), "--start",
             str(start), "--lookups-per-day", lookups, "--requesters", "100000"],
            check=True, stdout=subprocess.DEVNULL)
        rounds = {"pointillist retain": [], "pointillist check": [], "DuckDB, all columns": []}
        for number in range(ROUNDS):
            day = start + datetime.timedelta(days=number)
            glob = str(folder / f"lookups/day={day}/*.parquet")
            rounds["pointillist check"].append(
                measure([PROGRAM, "check", "release.toml", "--logs", glob], folder))
            rounds["DuckDB, all columns"].append(
                measure([sys.executable, "-c", READ, glob], folder))
            before = facts(folder)
            at = f"{day + datetime.timedelta(days=DAYS + 1)}T00:00:00Z"
            # The day was never released, which is told by code 1.
            rounds["pointillist retain"].append(
                measure([PROGRAM, "retain", "release.toml", "--as-of", at], folder, (1,)))
            kept = {path: fact for path, fact in before.items() if f"day={day}" not in str(path)}
            assert facts(folder) == kept, "another day's file was touched"
        print(f"one of {DAYS} days of {lookups} lookups, medians of {ROUNDS}")
        for who, figures in rounds.items():
            cpu, wall, peak = (statistics.median(figure) for figure in zip(*figures))
            print(f"{who:<20} {cpu:6.2f} CPU s {wall:6.2f} s {peak:7.0f} MiB")


main()
