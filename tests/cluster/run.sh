#!/usr/bin/env bash
# Starts a small Spark cluster on loopback, compares it with this machine cell by cell, publishes a day from it, and ends
# what it started. It needs Java 17, protoc and its includes; the virtual environment is kept for the next time.
#
#   POINTILLIST_LOOKUPS     lookups of the simulated days, 200,000 by default
#   POINTILLIST_PARTITIONS  shuffle partitions, 2 by default
#   POINTILLIST_CLUSTER     the folder of the virtual environment and of everything that the cluster writes
set -euo pipefail
cd "$(dirname "$0")/../.."
fast=(--config profile.release.package.pointillist.opt-level=0)
cargo "${fast[@]}" build --release --locked --features spark --bin pointillist
tests="$(cargo "${fast[@]}" test --release --locked --features spark --lib --no-run --message-format=json 2>/dev/null |
    python3 -c 'import json, sys; print([unit["executable"] for unit in map(json.loads, sys.stdin) if unit.get("executable")][-1])')"

home="${POINTILLIST_CLUSTER:-$(mktemp -d)}"
mkdir -p "$home/run"
if [ ! -x "$home/venv/bin/python" ]; then
    python3 -m venv "$home/venv"
    "$home/venv/bin/pip" install --quiet --requirement tests/cluster/requirements.txt
fi
SPARK_HOME="$("$home/venv/bin/python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')"
export SPARK_HOME SPARK_LOCAL_IP=127.0.0.1 SPARK_NO_DAEMONIZE=1
export SPARK_LOCAL_DIRS="$home/run/scratch" SPARK_WORKER_DIR="$home/run/work"

started=()
stop() {
    # In the order of dependence: whoever asks, then the server, the workers and the master.
    for ((place = ${#started[@]} - 1; place >= 0; place--)); do
        kill "${started[place]}" 2>/dev/null && wait "${started[place]}" 2>/dev/null || true
    done
    [ -n "${POINTILLIST_CLUSTER:-}" ] || rm -rf "$home"
}
trap stop EXIT
start() {
    local name="$1"
    shift
    (cd "$home/run" && exec "$@" >"$name.log" 2>&1) &
    started+=($!)
}
listens() {
    for _ in $(seq 120); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
        kill -0 "${started[-1]}" 2>/dev/null || break
        sleep 1
    done
    echo "nobody listens on port $1" >&2
    tail -n 5 "$home"/run/*.log >&2
    exit 1
}
free_port() { python3 -c 'import socket; place = socket.socket(); place.bind(("127.0.0.1", 0)); print(place.getsockname()[1])'; }

echo "-- a master, two workers, and a Spark Connect server that asks for a token"
port="$(free_port)"
connect="$(free_port)"
token="$(python3 -c 'import secrets; print(secrets.token_hex(16))')"
# The server takes the memory of daemons for its own, which would be too little.
start master env SPARK_DAEMON_MEMORY=256m "$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.master.Master --host 127.0.0.1 --port "$port" --webui-port 0
listens "$port"
for worker in 1 2; do
    start "worker$worker" env SPARK_DAEMON_MEMORY=256m "$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.worker.Worker --host 127.0.0.1 \
        --webui-port 0 --cores 1 --memory 1g "spark://127.0.0.1:$port"
done
start connect "$SPARK_HOME/bin/spark-submit" --master "spark://127.0.0.1:$port" \
    --class org.apache.spark.sql.connect.service.SparkConnectServer \
    --conf spark.connect.grpc.binding.address=127.0.0.1 --conf "spark.connect.grpc.binding.port=$connect" \
    --conf "spark.connect.authenticate.token=$token" --conf spark.ui.enabled=false --conf spark.eventLog.enabled=false \
    --driver-memory 1g --conf spark.driver.host=127.0.0.1 --conf spark.executor.memory=700m \
    --conf "spark.sql.shuffle.partitions=${POINTILLIST_PARTITIONS:-2}" \
    --conf spark.sql.adaptive.enabled=false --conf spark.ui.showConsoleProgress=false
listens "$connect"

export POINTILLIST_SPARK="sc://127.0.0.1:$connect" SPARK_CONNECT_AUTHENTICATE_TOKEN="$token"
echo "-- the same sums, cell by cell"
"$tests" --ignored --test-threads 1 cluster

echo "-- a day that is published from the cluster"
pointillist() { "${CARGO_TARGET_DIR:-target}/release/pointillist" "$@"; }
pointillist simulate --out "$home/run/logs" --days 1 --start 2026-01-05 --lookups-per-day 200000 >/dev/null
cp tests/cluster/release.toml "$home/run"
rm -rf "$home"/run/daily.ledger* "$home/run/published"
pointillist run "$home/run/release.toml" --engine spark --remote "$POINTILLIST_SPARK" --day 2026-01-05 \
    --as-of 2026-01-20T00:00:00Z | grep released
