"""Times pointillist against others on the same simulated day, and writes the tables of docs/performance.md.

    cargo build --release --locked
    python3 benches/compare.py [--write] [LOOKUPS ...]

The question is `volume`: lookups by hour, country, app and route. Each system gets what its users
would write (`benches/rivals`), in an environment of its own with the versions named below, which
is made under `target/rivals` on first use. Whole processes on two threads, the median of three
rounds; what takes more than a CPU minute is run once. A system is not tried with ten times the rows
if it would need more than twenty CPU minutes or the machine's memory, judging by its growth so far.
The second table has text, packed or not, with `gzip` and `zstd` of the machine, and the plain counts alone.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

from common import RELEASE, VOLUME, measure, medians, run, simulate

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENT = HERE.parent / "docs/performance.md"
MARKS = [("<!-- benches/compare.py writes from here -->\n", "<!-- to here -->\n"),
         ("<!-- and from here -->\n", "<!-- to this place -->\n")]
RIVALS = [
    ("DuckDB 2.0.1, no privacy", "duckdb_plain", ["duckdb==2.0.1"]),
    ("Polars 2.1.0, no privacy", "polars_plain", ["polars==2.1.0"]),
    ("DuckDB 2.0.1, bounding in SQL, no noise", "duckdb_bounded", ["duckdb==2.0.1"]),
    ("OpenDP 0.16.0, bounded by hand", "opendp_by_hand", ["opendp[polars]==0.16.0"]),
    ("PipelineDP 0.3.1, local", "pipeline_dp_local", ["pipeline-dp==0.3.1", "duckdb==2.0.1"]),
]
US = "**pointillist**"
CPU_LIMIT = 1_200
ROUNDS, ONCE_FROM = 3, 60
TEXT_LOOKUPS = 2_000_000
# What packs text, and the ending that it adds.
PACKERS = {"CSV": None, "CSV.zst": ["zstd", "-q"], "NDJSON": None, "NDJSON.gz": ["gzip"]}
# Prefixes of the simulated numbers, as `substr(target, 1, 3)` takes them.
QUERY_COUNTRIES = ("SELECT string_agg(DISTINCT substr(target, 1, 3), ',') "
                   "FROM read_parquet('{glob}')")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("lookups", nargs="*", type=int, default=[1_000_000, 10_000_000, 100_000_000])
    arguments = parser.parse_args()
    pythons = {script: environment(script, requirements) for _, script, requirements in RIVALS}
    sizes = sorted(arguments.lookups)
    results, of_text = {}, {}
    for lookups in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            simulate(folder, 1, lookups, max(1, lookups // 10))
            glob = "lookups-parquet/*/*.parquet"
            compare(folder, glob, lookups, pythons, results)
    for form, packer in PACKERS.items():
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            compare(folder, text(folder, form, packer), form, pythons, of_text)
    tables = [
        render([(size, f"{size / 10**6:g} million") for size in sizes], RIVALS, results),
        render([(form, form) for form in PACKERS], RIVALS[:2], of_text)]
    print(*tables, sep="\n")
    if arguments.write:
        document = DOCUMENT.read_text()
        for (begin, end), table in zip(MARKS, tables):
            before, rest = document.split(begin)
            document = before + begin + table + end + rest.split(end)[1]
        DOCUMENT.write_text(document)


def text(folder, form, packer):
    """Writes a day of text, and returns its glob."""
    suffix = form.lower().split(".")[0]
    simulate(folder, 1, TEXT_LOOKUPS, TEXT_LOOKUPS // 10, suffix)
    glob = f"lookups-{suffix}/*/*.{form.lower()}"
    if packer:
        file, = folder.glob(f"lookups-{suffix}/*/*.{suffix}")
        subprocess.run([*packer, file], check=True)
        file.unlink(missing_ok=True)
    return glob


def environment(script, requirements):
    """The interpreter of a rival's environment, made if it is not there."""
    folder = HERE.parent / "target/rivals" / script
    python = folder / "bin/python"
    done = folder / "requirements"
    if not done.exists() or done.read_text() != "\n".join(requirements):
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
        done.write_text("\n".join(requirements))
    return python


def compare(folder, glob, what, pythons, results):
    """Adds the cost of each system for this number of lookups, or None, or of plain counts for a form of text."""
    is_text = what in PACKERS
    (folder / "release.toml").write_text(RELEASE.format(glob=glob) + VOLUME)
    countries = "" if is_text else subprocess.run(
        [pythons["duckdb_plain"], "-c",
         f"import duckdb; print(duckdb.connect().execute(\"{QUERY_COUNTRIES.format(glob=glob)}\").fetchone()[0])"],
        cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
    systems = {US: lambda: run(folder, RAYON_NUM_THREADS="2")}
    for name, script, _ in RIVALS[:2] if is_text else RIVALS:
        command = [pythons[script], HERE / "rivals" / f"{script}.py", glob, countries,
                   "messages,contacts,calls,share"]
        systems[name] = lambda command=command: measure(
            command, folder, limit=CPU_LIMIT, POLARS_MAX_THREADS="2")
    taken = {name: [] for name in systems if is_text or is_feasible(results, name, what)}
    # Round by round, so that a machine that slows down does so for all.
    for _ in range(ROUNDS):
        for name, before in taken.items():
            if before and (before[0] is None or before[0][0] > ONCE_FROM):
                continue
            figures = systems[name]()
            before.append(figures)
            print(f"{what:>11} {name:<42} {figures}", file=sys.stderr)
    for name in systems:
        of = taken.get(name) or [None]
        results[name, what] = None if None in of else medians(of)


def is_feasible(results, name, lookups):
    """Whether a system is worth trying, by its figures for fewer lookups."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20
    for (known, size), figures in results.items():
        if known == name and size < lookups:
            growth = lookups / size
            if figures is None or figures[0] * growth > CPU_LIMIT or figures[2] * growth > memory:
                return False
    return True


def render(columns, rivals, results):
    """The table: in each cell CPU seconds, wall seconds, peak MiB, and CPU over plain DuckDB's."""
    lines = ["| | " + " | ".join(title for _, title in columns) + " |", "|---" + "|--:" * len(columns) + "|"]
    for name in [US] + [name for name, _, _ in rivals]:
        cells = []
        for column, _ in columns:
            figures, plain = results[name, column], results[rivals[0][0], column]
            if figures is None:
                cells.append("–")
                continue
            cpu, wall, peak = figures
            cells.append(f"{digits(cpu)} / {digits(wall)} / {peak:.0f} ({digits(cpu / plain[0])}×)")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def digits(number):
    """At most three significant digits, and whole numbers beyond."""
    return f"{number:.2f}" if number < 10 else f"{number:.1f}" if number < 100 else f"{number:.0f}"


main()
