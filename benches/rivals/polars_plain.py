"""Counts by hour, country prefix, app and route, without privacy."""

import sys

import polars as pl

keys = [pl.col("requested_at").dt.hour().alias("hour"), pl.col("target").str.slice(0, 3).alias("country"),
        "app", "route"]
pl.scan_parquet(sys.argv[1]).group_by(keys).len().collect(engine="streaming")
