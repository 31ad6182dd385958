"""Times `pointillist run` on one simulated day of text against polars reading the same columns.

    cargo build --release --locked
    python3 -m venv venv && venv/bin/pip install --requirement benches/requirements.txt
    venv/bin/python benches/text.py [LOOKUPS]

Whole processes, CPU seconds of user and system together, medians of five rounds, on two threads.
Polars turns five columns into text and stops there; `run` also reads times and numbers, bounds,
draws noise, and keeps the ledger. `check` reads, normalises and counts rows. Polars reads lazily
and eagerly, and the faster of both counts.
"""

import pathlib
import sys
import tempfile

from common import PROGRAM, RELEASE, VOLUME, measure, medians, run, simulate

ROUNDS = 5
THREADS = {"RAYON_NUM_THREADS": "2", "POLARS_MAX_THREADS": "2"}
READ = """
import polars, sys
columns = ["requested_at", "requester", "target", "app", "route"]
schema = dict.fromkeys(columns, polars.String)
path = sys.argv[1]
"""
READERS = {
    "csv": ["polars.scan_csv(path).select(columns).collect()",
            "polars.read_csv(path, columns=columns)"],
    "ndjson": ["polars.scan_ndjson(path, schema=schema).collect()",
               "polars.read_ndjson(path, schema=schema)"],
}
TARGET = 0.8


def show(who, figures):
    cpu, wall, peak = figures
    print(f"{who:<30} {cpu:6.2f} CPU s {wall:6.2f} s {peak:7.0f} MiB")


def compare(folder, form, lookups):
    """Prints the figures of one format and says whether the whole run is fast enough."""
    simulate(folder, 1, lookups, max(1, lookups // 10), form)
    file, = folder.glob(f"lookups-{form}/*/*.{form}")
    release = f"{form}.toml"
    (folder / release).write_text(RELEASE.format(glob=file.relative_to(folder)) + VOLUME)

    def polars(statement):
        return measure([sys.executable, "-c", READ + statement, file], folder, **THREADS)

    whole, reading, start, readers = [], [], [], [[] for _ in READERS[form]]
    for _ in range(ROUNDS):
        whole.append(run(folder, release, **THREADS))
        for rounds, statement in zip(readers, READERS[form]):
            rounds.append(polars(statement))
        reading.append(measure([PROGRAM, "check", release], folder, **THREADS))
        start.append(polars(""))
    file.unlink()
    whole, reading, start = map(medians, (whole, reading, start))
    fastest = min(map(medians, readers))
    print(f"{form}, {lookups} lookups, medians of {ROUNDS}")
    show("pointillist run, volume", whole)
    show("pointillist check", reading)
    show("polars, reading alone", fastest)
    show("of which its start", start)
    print("ratio of speed = polars CPU / our CPU")
    print(f"{'run':<30} {fastest[0] / whole[0]:6.2f}")
    print(f"{'check':<30} {fastest[0] / reading[0]:6.2f}")
    print(f"{'run, start of polars set aside':<30} {(fastest[0] - start[0]) / whole[0]:6.2f}")
    return fastest[0] / whole[0] >= TARGET


def main():
    lookups = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        slow = [form for form in READERS if not compare(folder, form, lookups)]
    if slow:
        sys.exit(f"slower than {TARGET} times polars: {', '.join(slow)}")


main()
