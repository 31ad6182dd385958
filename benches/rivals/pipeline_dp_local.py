"""The same counts at epsilon 1, each requester cut to 20 cells of at most 10, on the local backend."""

import itertools
import sys

import duckdb
import pipeline_dp

CELLS, LOOKUPS = 20, 10
connection = duckdb.connect(config={"threads": 2})
connection.execute("SET TimeZone = 'UTC'")
rows = connection.execute(f"""
    SELECT requester, hour(requested_at), substr(target, 1, 3), app, route
    FROM read_parquet('{sys.argv[1]}')""").fetchall()
public = list(itertools.product(range(24), sys.argv[2].split(","), sys.argv[3].split(","), ["messenger", "sms"]))
accountant = pipeline_dp.NaiveBudgetAccountant(total_epsilon=1, total_delta=1e-6)
engine = pipeline_dp.DPEngine(accountant, pipeline_dp.LocalBackend())
released = engine.aggregate(
    rows,
    pipeline_dp.AggregateParams(
        metrics=[pipeline_dp.Metrics.COUNT], noise_kind=pipeline_dp.NoiseKind.GAUSSIAN,
        max_partitions_contributed=CELLS, max_contributions_per_partition=LOOKUPS),
    pipeline_dp.DataExtractors(
        privacy_id_extractor=lambda row: row[0], partition_extractor=lambda row: row[1:],
        value_extractor=lambda row: 0),
    public_partitions=public)
accountant.compute_budgets()
assert len(list(released)) == len(public)
