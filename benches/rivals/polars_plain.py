"""Counts by hour, country prefix, app and route, without privacy."""

import sys

import polars as pl

glob = sys.argv[1]
time = pl.col("requested_at")
if "parquet" in glob:
    rows = pl.scan_parquet(glob)
else:
    rows = pl.scan_csv(glob) if "csv" in glob else pl.scan_ndjson(glob)
    time = time.str.to_datetime(time_zone="UTC")
keys = [time.dt.hour().alias("hour"), pl.col("target").str.slice(0, 3).alias("country"), "app", "route"]
rows.group_by(keys).len().collect(engine="streaming")
