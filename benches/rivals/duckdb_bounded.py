"""The same counts, those of each requester scaled to an L2 norm of 20: only the bounding, no noise."""

import sys

import duckdb

connection = duckdb.connect(config={"threads": 2})
connection.execute("SET TimeZone = 'UTC'")
connection.execute(f"""
    WITH cells AS (
        SELECT requester, hour(requested_at) AS hour, substr(target, 1, 3) AS country, app, route,
               count(*) AS lookups
        FROM read_parquet('{sys.argv[1]}') GROUP BY ALL),
    scales AS (
        SELECT requester, least(1, 20 / sqrt(sum(lookups * lookups))) AS scale
        FROM cells GROUP BY ALL)
    SELECT hour, country, app, route, sum(lookups * scale)
    FROM cells JOIN scales USING (requester) GROUP BY ALL""").fetchall()
