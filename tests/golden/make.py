"""Makes golden ledgers: python3 tests/golden/make.py PROGRAM FOLDER

Runs the program on simulated logs, in a temporary folder, through every state that an entry can
have, and copies what the tests need beside the release files. The faults that leave an entry
reserved, drawn or committed are a folder for temporary files that is not there, a limit on the
size of files, and a file where a folder should be.
"""

import contextlib
import gzip
import hashlib
import json
import os
import pathlib
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = pathlib.Path(sys.argv[1]).resolve()
AS_OF = "2026-06-08T12:00:00Z"
CLOCK = "1780920000000000"
CUSTODIAN = "age1gpmsnwdcaf4jfkh7xygmcuycv8x0e5c2cxvtmlvxsyqzcq0yyprqfg9fdd"
HELD = "+14155550123"
HEADER = "requester,target,requested_at,client_ip,app,route,latency_ms\n"


def run(*arguments, code=0, **options):
    ran = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, **options)
    if ran.returncode != code:
        sys.exit(f"{arguments} ended with {ran.returncode}: {ran.stderr}")
    return ran.stdout


def release(file, day, code=0, *more, **options):
    run("run", file, "--day", day, "--as-of", AS_OF, *more, code=code, **options)


def states(ledger):
    shown = json.loads(run("ledger", "show", "--ledger", ledger, "--json"))
    return [entry["state"] for entry in shown["entries"]]


def simulate(seed, days):
    run(
        "simulate", "--out", "logs", "--days", str(days), "--start", "2026-06-01",
        "--lookups-per-day", "20000", "--requesters", "4000", "--seed", str(seed),
    )


def write_rows(path, day, pairs):
    """Lookups of numbers from ranges that are never assigned."""
    rows = [
        f"{requester},{target},{day}T{place % 24:02}:{place % 60:02}:00Z,,"
        f"{['messages', 'calls', ''][place % 3]},{['sms', 'messenger'][place % 2]},{place % 90 + 5}.5\n"
        for place, (requester, target) in enumerate(pairs)
    ]
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + "".join(rows))


def digests(folders):
    lines = []
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path}\n")
    return "".join(lines)


@contextlib.contextmanager
def world(name):
    """A copy of the release files of one unit, from which the results are copied back."""
    with tempfile.TemporaryDirectory() as folder:
        for path in (HERE / name).iterdir():
            if path.suffix in (".toml", ".txt"):
                shutil.copy(path, folder)
        os.chdir(folder)
        yield HERE / name
        os.chdir(HERE)


def keep(to, ledger):
    """Copies a ledger, packed, and its key; and what it shows."""
    (to / "show.json").write_text(run("ledger", "show", "--ledger", ledger, "--json"))
    run("ledger", "verify", "--ledger", ledger)
    # Empty pages are of no use to the tests.
    with contextlib.closing(sqlite3.connect(ledger)) as database:
        database.execute("VACUUM")
    run("ledger", "verify", "--ledger", ledger)
    packed = gzip.compress(pathlib.Path(ledger).read_bytes(), 9, mtime=0)
    (to / f"{ledger}.gz").write_bytes(packed)
    shutil.copy(f"{ledger}.key", to)


def replace_folder(folder, to):
    shutil.rmtree(to / folder, ignore_errors=True)
    shutil.copytree(folder, to / folder)


def has_look(ledger):
    """Whether the newest entry has its look stored."""
    with contextlib.closing(sqlite3.connect(ledger)) as database:
        looked = "SELECT count(*) FROM journal WHERE event = 'looked' AND entry = ?"
        return database.execute(looked, [len(states(ledger))]).fetchone()[0] == 1


def leave_drawn(file, day, ledger, is_there=lambda ledger: True):
    """Lets the ledger grow by so little that the draw is noted and its answers are not stored."""
    grown = os.path.getsize(ledger)
    while states(ledger)[-1] != "drawn" or not is_there(ledger):
        grown += 2048

        def limit(bytes=grown):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, bytes))

        release(file, day, 74, preexec_fn=limit)


def at(micros):
    """An environment whose clock stands still: holds know no other time."""
    shim = HERE.parent / "shims" / "clock.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", "clock.so", shim], check=True)
    return {**os.environ, "LD_PRELOAD": os.path.abspath("clock.so"), "TEST_CLOCK": micros}


def requester_day():
    with world("requester-day") as to:
        simulate(15, 5)
        held = [(HELD, "+12125550142"), ("+13055550117", HELD), (HELD, "+13055550117")]
        write_rows("logs/day=2026-06-01/held.csv", "2026-06-01", held)
        few = [
            (f"+1415555{100 + place % 70:04}", f"+1212555{100 + place * 7 % 97:04}")
            for place in range(400)
        ]
        write_rows("logs/day=2026-06-06/part-0.csv", "2026-06-06", few)

        release("daily.toml", "2026-06-01")
        release("daily.toml", "2026-06-02")
        release("loose.toml", "2026-06-01")
        clock = at(CLOCK)
        order = ["--number", HELD, "--from", "2026-06-01", "--to", "2026-06-02"]
        for name in ["24-117", "24-118"]:
            run(
                "hold", "add", "daily.toml", "--order", name, *order,
                "--recipient", CUSTODIAN, env=clock,
            )
        run("hold", "extend", "daily.toml", "--order", "24-117", env=clock)
        run("hold", "lift", "daily.toml", "--order", "24-118", env=clock)

        # Its answers are stored, and published by the next run.
        pathlib.Path("published/scanners/day=2026-06-03").write_text("in the way")
        release("daily.toml", "2026-06-03", 74)
        os.remove("published/scanners/day=2026-06-03")

        elsewhere = {**os.environ, "TMPDIR": "/nonexistent"}
        release("daily.toml", "2026-06-04", 74, "--memory", "1", env=elsewhere)
        run("ledger", "void", str(len(states("daily.ledger"))), "daily.toml")
        leave_drawn("daily.toml", "2026-06-05", "daily.ledger")
        release("daily.toml", "2026-06-06", 74, "--memory", "1", env=elsewhere)

        # The rows of the first day go; those under hold are sealed before.
        run("retain", "daily.toml", "--as-of", "2026-07-02T12:00:00Z", code=0)
        keep(to, "daily.ledger")
        replace_folder("daily.ledger.holds", to)
        replace_folder("logs/day=2026-06-06", to)

        # What the next run publishes belongs to the digests.
        release("daily.toml", "2026-06-03")
        (to / "published.sha256").write_text(digests(["published", "published-loose"]))
        run("rollup", "daily.toml", "--to", "week", "--question", "volume", "--out", "rolled")
        replace_folder("rolled", to)


def person_day():
    with world("person-day") as to:
        simulate(16, 3)
        for day in ["2026-06-01", "2026-06-02"]:
            release("persons.toml", day)
        release("busy.toml", "2026-06-01")
        keep(to, "persons.ledger")
        (to / "published.sha256").write_text(digests(["published", "published-busy"]))


def requester_window():
    with world("requester-window") as to:
        simulate(17, 1)
        release("windows.toml", "2026-06-01")
        keep(to, "windows.ledger")


def look():
    with world("look") as to:
        simulate(18, 2)
        for day in ["2026-06-03", "2026-06-04"]:
            few = [
                (f"+1415555{100 + place % 70:04}", f"+1212555{100 + place * 7 % 97:04}")
                for place in range(400)
            ]
            write_rows(f"logs/day={day}/part-0.csv", day, few)
        release("daily.toml", "2026-06-01")
        # Its answers are stored, and published by the next run.
        pathlib.Path("published/busy/day=2026-06-02").write_text("in the way")
        release("daily.toml", "2026-06-02", 74)
        os.remove("published/busy/day=2026-06-02")

        elsewhere = {**os.environ, "TMPDIR": "/nonexistent"}
        release("daily.toml", "2026-06-03", 74, "--memory", "1", env=elsewhere)
        leave_drawn("daily.toml", "2026-06-04", "daily.ledger", has_look)
        # There are no logs of this day.
        release("daily.toml", "2026-06-05")
        assert states("daily.ledger") == ["published", "committed", "reserved", "drawn", "empty"]
        keep(to, "daily.ledger")
        for day in ["2026-06-03", "2026-06-04"]:
            replace_folder(f"logs/day={day}", to)

        # What the next run publishes belongs to the digests.
        release("daily.toml", "2026-06-02")
        (to / "published.sha256").write_text(digests(["published"]))


def unkeyed():
    with world("unkeyed") as to:
        simulate(19, 1)
        held = [(HELD, "+12125550142"), ("+13055550117", HELD), (HELD, "+13055550117")]
        write_rows("logs/day=2026-06-01/held.csv", "2026-06-01", held)
        release("daily.toml", "2026-06-01")
        run(
            "hold", "add", "daily.toml", "--order", "24-117", "--number", HELD, "--from", "2026-06-01",
            "--to", "2026-06-02", "--expires", "2026-12-01", "--recipient", CUSTODIAN, env=at(CLOCK),
        )
        # The deletion is noted and cannot seal what is held; one of its files goes all the same.
        pathlib.Path("daily.ledger.holds").write_text("in the way")
        later = "1782993600000000"
        run("retain", "daily.toml", "--as-of", "2026-07-02T12:00:00Z", code=74, env=at(later))
        keep(to, "daily.ledger")
        (to / "published.sha256").write_text(digests(["published"]))
        os.remove("logs/day=2026-06-01/part-0.parquet")
        replace_folder("logs/day=2026-06-01", to)
        shutil.copy(HERE / "requester-day" / "custodian.key", to)


FOLDERS = {
    "requester-day": requester_day,
    "person-day": person_day,
    "requester-window": requester_window,
    "look": look,
    "unkeyed": unkeyed,
}
FOLDERS[sys.argv[2]]()
