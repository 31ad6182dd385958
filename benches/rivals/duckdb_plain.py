"""Counts by hour, country prefix, app and route, without privacy."""

import sys

import duckdb

glob = sys.argv[1]
read = "read_parquet" if "parquet" in glob else "read_csv" if "csv" in glob else "read_json"
connection = duckdb.connect(config={"threads": 2})
connection.execute("SET TimeZone = 'UTC'")
connection.execute(f"""
    SELECT hour(requested_at), substr(target, 1, 3), app, route, count(*)
    FROM {read}('{glob}') GROUP BY ALL""").fetchall()
