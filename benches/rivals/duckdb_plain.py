"""Counts by hour, country prefix, app and route, without privacy."""

import sys

import duckdb

connection = duckdb.connect(config={"threads": 2})
connection.execute("SET TimeZone = 'UTC'")
connection.execute(f"""
    SELECT hour(requested_at), substr(target, 1, 3), app, route, count(*)
    FROM read_parquet('{sys.argv[1]}') GROUP BY ALL""").fetchall()
