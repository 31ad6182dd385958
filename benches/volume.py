"""Times `pointillist run` on one simulated day against DuckDB's plain GROUP BY on the same file.

    cargo build --release --locked
    python3 -m venv venv && venv/bin/pip install --requirement benches/requirements.txt
    venv/bin/python benches/volume.py [LOOKUPS]

Whole processes, CPU seconds of user and system together, medians of five rounds, on two threads.
DuckDB groups by hour, the first three characters of the target, app and route: the columns that
`volume` reads except the requester, without bounding, noise or a ledger; then the same with the
largest requester of each group, so that it reads them too. Then follow the whole daily
pack beside the sum of plain queries for the same answers, and one thread beside two.
"""

import pathlib
import sys
import tempfile

from common import RELEASE, VOLUME, measure, medians, run, simulate

ROUNDS = 5
DAILY = pathlib.Path(__file__).resolve().parent.parent / "data/daily-operations.toml"
QUERY = """
import duckdb, sys
connection = duckdb.connect(config={"threads": 2})
connection.execute("SET TimeZone = 'UTC'")
connection.execute(sys.argv[2].replace("FILES", f"read_parquet('{sys.argv[1]}')")).fetchall()
"""
GROUP_BY = ("SELECT hour(requested_at), substr(target, 1, 3), app, route, count(*) "
            "FROM FILES GROUP BY ALL")
# The same, with the column that DuckDB otherwise need not read.
WITH_REQUESTERS = GROUP_BY.replace("count(*)", "count(*), max(requester)")
# One query for each question of the pack, in its order.
PACK = [
    "SELECT count(*) FROM FILES",
    "SELECT count(DISTINCT requester) FROM FILES",
    "SELECT hour(requested_at), app, count(*) FROM FILES GROUP BY ALL",
    "SELECT substr(target, 1, 3), route, count(*) FROM FILES GROUP BY ALL",
    "SELECT substr(target, 1, 3), count(DISTINCT requester) FROM FILES GROUP BY ALL",
    "SELECT substr(target, 1, 3), avg((route = 'sms')::INT) FROM FILES GROUP BY ALL",
    "SELECT quantile_cont(latency_ms, [0.5, 0.95, 0.99]) FROM FILES",
    "SELECT n, count(*) FROM (SELECT requester, count(*) AS n FROM FILES GROUP BY ALL) GROUP BY ALL",
    "SELECT count(*) FROM (SELECT requester FROM FILES GROUP BY ALL HAVING count(*) >= 200)",
    "SELECT substr(target, 1, 7), count(*) FROM FILES GROUP BY ALL",
]


def show(who, figures):
    cpu, wall, peak = figures
    print(f"{who:<30} {cpu:6.2f} CPU s {wall:6.2f} s {peak:7.0f} MiB")


def main():
    lookups = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        simulate(folder, 1, lookups, max(1, lookups // 10))
        glob = "lookups-parquet/*/*.parquet"
        head = RELEASE.format(glob=glob)
        (folder / "release.toml").write_text(head + VOLUME)
        (folder / "pack.toml").write_text(head + DAILY.read_text().partition("delta = 1e-6")[2])

        def duck(query):
            return measure([sys.executable, "-c", QUERY, glob, query], folder)

        start = duck("SELECT 1")
        ours, one, plain, wide, pack, queries = [], [], [], [], [], []
        for _ in range(ROUNDS):
            ours.append(run(folder))
            plain.append(duck(GROUP_BY))
            wide.append(duck(WITH_REQUESTERS))
            one.append(run(folder, RAYON_NUM_THREADS="1"))
            pack.append(run(folder, "pack.toml"))
            rounds = [duck(query) for query in PACK]
            # Python and the library start once for all of them.
            spare = [figure * (len(PACK) - 1) for figure in start[:2]]
            queries.append((sum(each[0] for each in rounds) - spare[0],
                            sum(each[1] for each in rounds) - spare[1],
                            max(each[2] for each in rounds)))
        print(f"{lookups} lookups, medians of {ROUNDS}")
        ours, one, plain, wide, pack, queries = map(medians, (ours, one, plain, wide, pack, queries))
        show("pointillist run, volume", ours)
        show("DuckDB, plain GROUP BY", plain)
        print(f"{'ratio of CPU':<30} {ours[0] / plain[0]:6.2f}")
        show("DuckDB, requesters read, too", wide)
        print(f"{'ratio of CPU':<30} {ours[0] / wide[0]:6.2f}")
        show("pointillist run, daily pack", pack)
        show("DuckDB, its plain queries", queries)
        print(f"{'ratio of CPU':<30} {pack[0] / queries[0]:6.2f}")
        show("pointillist run, one thread", one)
        print(f"{'two threads are faster by':<30} {one[1] / ours[1]:6.2f}")


main()
