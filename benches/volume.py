"""Times `pointillist run` on one simulated day against DuckDB's plain GROUP BY on the same file.

    cargo build --release --locked
    python3 -m venv venv && venv/bin/pip install duckdb==2.0.1
    venv/bin/python benches/volume.py [LOOKUPS]

Whole processes, CPU seconds of user and system together, medians of five rounds, on two threads.
DuckDB groups by hour, the first three characters of the target, app and route: what `volume` reads,
but for the requester, without bounding, noise or a ledger.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROUNDS = 5
PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "target/release/pointillist"
RELEASE = """
name = "bench"
[logs]
path = "lookups/**/*.parquet"
[keys]
app = ["messages", "contacts", "calls", "share"]
[ledger]
path = "bench.ledger"
epsilon = 1.0
delta = 1e-6
[[question]]
name = "volume"
count = "lookups"
by = ["hour", "target_country", "app", "route"]
"""
GROUP_BY = """
import duckdb, sys
connection = duckdb.connect(config={"threads": 2})
rows = connection.execute(
    "SELECT hour(requested_at AT TIME ZONE 'UTC'), substr(target, 1, 3), app, route, count(*) "
    "FROM read_parquet(?) GROUP BY ALL", [sys.argv[1]]).fetchall()
"""


def measure(command, folder):
    """CPU seconds, wall seconds and peak MiB of one process."""
    start = os.times().elapsed
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    wall = os.times().elapsed - start
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def main():
    lookups = sys.argv[1] if len(sys.argv) > 1 else "10000000"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "release.toml").write_text(RELEASE)
        requesters = str(max(1, int(lookups) // 10))
        subprocess.run(
            [PROGRAM, "simulate", "--out", folder / "lookups", "--days", "1", "--start", "2026-01-01",
             "--lookups-per-day", lookups, "--requesters", requesters],
            check=True, stdout=subprocess.DEVNULL)
        glob = str(folder / "lookups/*/*.parquet")
        ours, plain = [], []
        for _ in range(ROUNDS):
            for left in folder.glob("bench.ledger*"):
                left.unlink()
            ours.append(measure(
                [PROGRAM, "run", "--new-ledger", "release.toml", "--day", "2026-01-01", "--as-of", "2026-01-03"], folder))
            plain.append(measure([sys.executable, "-c", GROUP_BY, glob], folder))
        print(f"{lookups} lookups, medians of {ROUNDS}")
        medians = []
        for who, rounds in (("pointillist run", ours), ("DuckDB GROUP BY", plain)):
            cpu, wall, peak = (statistics.median(figure) for figure in zip(*rounds))
            medians.append(cpu)
            print(f"{who:<16} {cpu:6.2f} CPU s {wall:6.2f} s {peak:7.0f} MiB")
        print(f"ratio of CPU     {medians[0] / medians[1]:6.2f}")


main()
