"""Times `pointillist retain` of one day among thirty against reading that day's files once.

    cargo build --release --locked
    python3 -m venv venv && venv/bin/pip install --requirement benches/requirements.txt
    venv/bin/python benches/retain.py [LOOKUPS_PER_DAY]

Whole processes, CPU seconds of user and system together, medians of five rounds, on two threads.
`check` reads the columns of a lookup as a run does; DuckDB reads every column of the same files.
Each round deletes one day more, so that every day is deleted once. Other files must stay as they
are: their inodes and times are compared.
"""

import datetime
import pathlib
import sys
import tempfile

from common import PROGRAM, RELEASE, measure, medians, simulate

ROUNDS = 5
DAYS = 30
COUNT = """
[[question]]
name = "volume"
count = "lookups"
"""
READ = """
import duckdb, sys
connection = duckdb.connect(config={"threads": 2})
connection.execute("SELECT max(hash(columns(*))) FROM read_parquet(?)", [sys.argv[1]]).fetchall()
"""


def facts(folder):
    """The facts that change when a log file is touched."""
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns)
            for path in folder.glob("lookups-parquet/*/*.parquet")}


def main():
    lookups = sys.argv[1] if len(sys.argv) > 1 else "1000000"
    start = datetime.date(2026, 1, 1)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        release = RELEASE.format(glob="lookups-parquet/**/*.parquet") + COUNT
        (folder / "release.toml").write_text(release)
        simulate(folder, DAYS, lookups, 100_000)
        rounds = {"pointillist retain": [], "pointillist check": [], "DuckDB, all columns": []}
        for number in range(ROUNDS):
            day = start + datetime.timedelta(days=number)
            glob = str(folder / f"lookups-parquet/day={day}/*.parquet")
            rounds["pointillist check"].append(
                measure([PROGRAM, "check", "release.toml", "--logs", glob], folder))
            rounds["DuckDB, all columns"].append(
                measure([sys.executable, "-c", READ, glob], folder))
            before = facts(folder)
            at = f"{day + datetime.timedelta(days=DAYS + 1)}T00:00:00Z"
            # The exit code is 1 because the day was never released.
            rounds["pointillist retain"].append(
                measure([PROGRAM, "retain", "release.toml", "--unreleased", "--as-of", at], folder, (1,)))
            kept = {path: fact for path, fact in before.items() if f"day={day}" not in str(path)}
            assert facts(folder) == kept, "another day's file was touched"
        print(f"one of {DAYS} days of {lookups} lookups, medians of {ROUNDS}")
        for who, figures in rounds.items():
            cpu, wall, peak = medians(figures)
            print(f"{who:<20} {cpu:6.2f} CPU s {wall:6.2f} s {peak:7.0f} MiB")


main()
