"""What a day shows besides its published values, with one requester and without: time, memory, sizes, forms of files, words.

    python3 benches/neighbours.py target/release/pointillist 20

Makes a day of 3,000 requesters as CSV, and the same day with one requester more, who asks once, a thousand times or half a
million times. Each is released as often as the second argument says, in turns, every time with a fresh ledger. Needs pyarrow
(benches/requirements.txt).
"""

import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

PROGRAM, ROUNDS = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2])
DAY = "2026-03-02"
EXTRA = {"without": 0, "1 row": 1, "1,000 rows": 1_000, "500,000 rows": 500_000}
RELEASE = """name = "daily"
[logs]
path = "LOGS/*.csv"
[keys]
app = ["messages", "calls"]
[ledger]
path = "daily.ledger"
epsilon = 1.0
delta = 1e-6
""" + "\n".join(
    f'[[question]]\nname = "{name}"\n{rest}\n'
    for name, rest in {
        "volume": 'count = "lookups"\nby = ["hour", "app"]',
        "people": 'distinct = "requester"\nby = ["target_country"]',
        "sms": "share = \"route = 'sms'\"",
        "speed": 'quantiles = [0.5, 0.9]\nof = "latency_ms"\nrange = [1, 60000]',
        "bins": 'histogram = "lookups per requester"',
        "hot": 'count = "lookups"\nby = ["target_prefix:6"]\nkeys = "private"',
    }.items()
)


def rows(requester, count, chance):
    """Numbers are from ranges that are never assigned."""
    for _ in range(count):
        target = f"+{chance.choice(['1212555', '1646555', '4477009'])}{chance.randrange(10_000):04}"
        at = f"{DAY}T{chance.randrange(24):02}:{chance.randrange(60):02}:00Z"
        app, route = chance.choice(["messages", "calls"]), chance.choice(["sms", "messenger"])
        yield f"{requester},{target},{at},{app},{route},{chance.randrange(1, 900)}\n"


def write_logs(folder):
    # In a process of its own: the system counts what this one takes as memory of those that it starts.
    if writer := os.fork():
        return os.waitpid(writer, 0)
    for name, extra in EXTRA.items():
        chance = random.Random(7)
        lines = [row for place in range(3_000) for row in rows(f"+1415555{place:04}", chance.choice([1, 2, 5, 20]), chance)]
        lines += rows("+12015550199", extra, chance)
        chance.shuffle(lines)
        (folder / name).mkdir()
        (folder / name / "x.csv").write_text("requester,target,requested_at,app,route,latency_ms\n" + "".join(lines))
    os._exit(0)


def released(folder, name, number):
    """One release: what it took, said and left."""
    work = folder / f"{name} {number}"
    work.mkdir()
    (folder / name / ".pointillist-ledger").unlink(missing_ok=True)
    (work / "r.toml").write_text(RELEASE.replace("LOGS", str(folder / name)))
    begun = time.perf_counter()
    run = subprocess.Popen(
        [PROGRAM, "run", "r.toml", "--day", DAY, "--as-of", "2026-03-10"], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    words = run.stdout.read()
    _, status, used = os.wait4(run.pid, 0)
    seen = {"wall ms": (time.perf_counter() - begun) * 1e3, "CPU ms": (used.ru_utime + used.ru_stime) * 1e3, "peak MiB": used.ru_maxrss / 1024}
    forms = [("code", os.waitstatus_to_exitcode(status)), ("words", words)]
    for path in sorted((work / "published").rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            question = path.relative_to(work / "published").parts[0]
            seen[f"{question} B"] = path.stat().st_size
            forms.append((question, path))
    return seen, forms


def form(path):
    """Everything of a file but its values: columns, keys in their order, encodings, which statistics there are."""
    import pyarrow.parquet as pq

    if not isinstance(path, pathlib.Path):
        return path
    if path.suffix != ".parquet":
        return ""
    file = pq.ParquetFile(path)
    table = file.read()
    keys = table.column_names[: table.column_names.index("value")]
    columns = [file.metadata.row_group(0).column(place) for place in range(file.metadata.num_columns)]
    how = [(column.path_in_schema, sorted(column.encodings), column.has_dictionary_page, column.compression, column.is_stats_set) for column in columns]
    # The prefixes of a private question are found by noise: how many there are is published.
    return str((file.schema_arrow.remove_metadata(), how, [] if path.parts[-3] == "hot" else table.select(keys).to_pydict()))


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_logs(folder)
        all_seen = {name: [] for name in EXTRA}
        for number in range(ROUNDS):
            for name in EXTRA:
                all_seen[name].append(released(folder, name, number))
        forms = {
            name: {str([(part, form(what)) for part, what in forms]) for _, forms in all_seen[name]} for name in EXTRA
        }
    names = list(all_seen["without"][0][0])
    print(f"{'':14}" + "".join(f"{name:>22}" for name in EXTRA))
    for what in names:
        cells = []
        for name in EXTRA:
            values = [seen[what] for seen, _ in all_seen[name]]
            cells.append(f"{statistics.mean(values):.1f} ± {statistics.stdev(values):.1f}")
        print(f"{what:14}" + "".join(f"{cell:>22}" for cell in cells))
    every = set.union(*forms.values())
    print(f"forms of files, codes and words in {ROUNDS * len(EXTRA)} releases: {len(every)}")


main()
