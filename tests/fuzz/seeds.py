"""Writes the seeds of tests/fuzz: small logs of every format. Needs pyarrow (notebooks/requirements.txt).

    python tests/fuzz/seeds.py tests/fuzz/seeds
"""

import datetime
import json
import pathlib
import sys

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

out = pathlib.Path(sys.argv[1])
out.mkdir(exist_ok=True)

UTC = datetime.timezone.utc
START = datetime.datetime(2026, 1, 1, 21, 0, tzinfo=UTC)
# Numbers from ranges that are never assigned.
rows = [
    {
        "requester": f"+1415555{100 + place * place % 17:04}",
        "target": f"+1212555{100 + place * 7 % 19:04}",
        "requested_at": START + datetime.timedelta(minutes=13 * place, microseconds=place * 1001),
        "app": ["messages", "calls, video", 'say "hi"', None][place % 4],
        "route": ["sms", "messenger"][place % 2],
        "latency_ms": None if place % 9 == 0 else place * 3 + 0.5,
    }
    for place in range(40)
]
NAMES = list(rows[0])


def instant(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def texts(row):
    return [instant(value) if name == "requested_at" else "" if value is None else str(value) for name, value in row.items()]


def quoted(value):
    return '"' + value.replace('"', '""') + '"' if any(mark in value for mark in ',"\n') else value


def write(name, text):
    (out / name).write_text(text, newline="")


csv = [",".join(NAMES)] + [",".join(map(quoted, texts(row))) for row in rows]
write("plain.csv", "\n".join(csv) + "\n")
write("marked.csv", "\ufeff" + "\r\n".join(csv[:12]))
write("notes.csv", "note," + "\n".join([csv[0]] + [f'"one\ntwo ""{place}""",{line}' for place, line in enumerate(csv[1:9])]) + "\n")
write("semicolons.txt", "\n".join(";".join(texts(row)) for row in rows[:12]) + "\n")
write("blanks.txt", "\n".join(f"{place}  {place * 7 % 5}\t{1767301200 + place * 60} x" for place in range(20)) + "\n")
write("tabs.tsv", "\n".join("\t".join(line) for line in [NAMES] + [texts(row) for row in rows[:16]]) + "\n")
zeek = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tlookups\n"
zeek += "#fields\t" + "\t".join(NAMES) + "\n#types\t" + "\t".join(["string"] * 6) + "\n"
for row in rows[:16]:
    zeek += "\t".join(text or "-" for text in texts(row | {"requested_at": row["requested_at"]})) + "\n"
write("zeek.log", zeek + "#close\t2026-01-02-00-00-00\n")
write(
    "iis.log",
    "#Software: x\n#Fields: date time requester target route\n"
    + "".join(f"{row['requested_at']:%Y-%m-%d %H:%M:%S} {row['requester']} {row['target']} {row['route']}\n" for row in rows[:12]),
)
write(
    "access.log",
    "".join(f"{row['requester']} - - [{row['requested_at']:%d/%b/%Y:%H:%M:%S %z}] \"GET {row['target']} HTTP/1.1\" 200 12\n" for row in rows[:12]),
)
objects = [row | {"requested_at": instant(row["requested_at"])} for row in rows]
write("lines.ndjson", "\n".join(map(json.dumps, objects)) + "\n")
write("array.json", json.dumps(objects[:10], indent=1))
nested = [{"deep": {"a": {"b": row["app"]}, "list": [1, [2, {"x": None}]]}, **row} for row in objects[:12]]
write("nested.json", "\n".join(json.dumps(row).replace("calls", "c\\u0061lls") for row in nested) + "\n")

table = pa.Table.from_pylist(rows).set_column(2, "requested_at", pa.array([row["requested_at"] for row in rows], pa.timestamp("us", "UTC")))
naive = table.set_column(2, "requested_at", table["requested_at"].cast(pa.int64()))
numbers = naive.set_column(0, "requester", pa.array([int(row["requester"]) for row in rows], pa.float64()))
decimals = table.set_column(0, "requester", pa.array([int(row["requester"]) for row in rows], pa.int64()).cast(pa.decimal128(20, 0)))
beside = table.append_column("deep", pa.array([row["deep"] for row in nested] + [None] * 28, pa.struct({"a": pa.struct({"b": pa.string()})})))
beside = beside.append_column("list", pa.array([[place, None] for place in range(40)], pa.list_(pa.int32())))
coded = table.set_column(3, "app", table["app"].dictionary_encode())


def parquet(name, table, **options):
    pq.write_table(table, out / name, row_group_size=16, **options)


parquet("snappy.parquet", table)
parquet("second.parquet", table, version="2.6", data_page_version="2.0", compression="zstd", write_page_index=True, write_page_checksum=True)
parquet(
    "differences.parquet",
    numbers,
    compression="none",
    use_dictionary=False,
    column_encoding={"requester": "BYTE_STREAM_SPLIT", "requested_at": "DELTA_BINARY_PACKED", "target": "DELTA_BYTE_ARRAY", "app": "DELTA_LENGTH_BYTE_ARRAY"},
)
parquet("pages.parquet", table, compression="gzip", data_page_size=64, dictionary_pagesize_limit=64, store_schema=False)
parquet("old.parquet", decimals, use_deprecated_int96_timestamps=True, compression="brotli", version="1.0")
parquet("beside.parquet", beside, compression="lz4")
for name, table, compression in [("plain.arrow", table, "uncompressed"), ("coded.arrow", coded, "lz4"), ("beside.arrow", beside, "zstd")]:
    feather.write_feather(table, out / name, compression=compression, chunksize=16)
