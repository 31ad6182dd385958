#!/usr/bin/env bash
# Starts a small Spark cluster on loopback, compares it with this machine cell by cell while an executor is killed,
# publishes a day from it through TLS while the server is killed, and ends what it started. It needs Java 17, protoc with
# its includes, and openssl.
#
#   POINTILLIST_LOOKUPS     lookups of the three simulated days, 200,000 by default. The first day is compared at the first
#                           start, or each of them at the first and the last one if the variable is set
#   POINTILLIST_PARTITIONS  how many shuffle partitions the server has at its starts, "2 1 7" by default
#   POINTILLIST_CLUSTER     a folder to keep: the virtual environment, and everything that the cluster writes
set -euo pipefail
cd "$(dirname "$0")/../.."
home="${POINTILLIST_CLUSTER:-$(mktemp -d)}"
mkdir -p "$home/run"
started=()
stop() {
    for ((place = ${#started[@]} - 1; place >= 0; place--)); do
        kill "${started[place]}" 2>/dev/null && wait "${started[place]}" 2>/dev/null || true
    done
    [ -n "${POINTILLIST_CLUSTER:-}" ] || rm -rf "$home"
}
trap stop EXIT
fail() {
    echo "$*" >&2
    tail -n 5 "$home"/run/*.log >&2
    exit 1
}

# The packages come while the compiler works.
install_spark() {
    [ ! -x "$home/venv/bin/spark-submit" ] || return 0
    python3 -m venv "$home/venv"
    "$home/venv/bin/pip" install --quiet --no-deps --no-compile --requirement tests/cluster/requirements.txt
}
install_spark &
installing=$!
fast=(--config profile.release.package.pointillist.opt-level=0)
[ -z "${POINTILLIST_LOOKUPS:-}" ] || fast=()
cargo "${fast[@]}" build --release --locked --features spark --bin pointillist
tests="$(cargo "${fast[@]}" test --release --locked --features spark --lib --no-run --message-format=json 2>/dev/null |
    python3 -c 'import json, sys; print([unit["executable"] for unit in map(json.loads, sys.stdin) if unit.get("executable")][-1])')"
compiled=$SECONDS
wait "$installing"

SPARK_HOME="$(echo "$home"/venv/lib/python*/site-packages/pyspark)"
export SPARK_HOME SPARK_LOCAL_IP=127.0.0.1 SPARK_LOCAL_DIRS="$home/run/scratch"
port="$(python3 -c 'import socket; place = socket.socket(); place.bind(("127.0.0.1", 0)); print(place.getsockname()[1])')"
SPARK_CONNECT_AUTHENTICATE_TOKEN="$(python3 -c 'import secrets; print(secrets.token_hex(16))')"
export POINTILLIST_SPARK="sc://127.0.0.1:$port" SPARK_CONNECT_AUTHENTICATE_TOKEN
read -ra partitions <<<"${POINTILLIST_PARTITIONS:-2 1 7}"

# For a few rows Spark compiles longer than it works: it does so in haste, and the servers from the second one on interpret
# statements, so that both ways are compared.
java="-XX:+UseSerialGC" memory=4 interpreting=()
if [ -z "${POINTILLIST_LOOKUPS:-}" ]; then
    java+=" -XX:TieredStopAtLevel=1" memory=1
    interpreting=(--conf spark.sql.codegen.wholeStage=false --conf spark.sql.codegen.factoryMode=NO_CODEGEN)
fi

# Buckets of object stores that show the folder of temporary files as /tmp: Hadoop can do so under any scheme.
buckets=(--conf spark.hadoop.fs.viewfs.overload.scheme.target.file.impl=org.apache.hadoop.fs.LocalFileSystem)
for bucket in s3a://days abfss://days@lookups.dfs.core.windows.net; do
    buckets+=(--conf "spark.hadoop.fs.${bucket%%:*}.impl=org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"
        --conf "spark.hadoop.fs.viewfs.mounttable.${bucket#*//}.link./tmp=file://${TMPDIR:-/tmp}")
done

# A server with the next number of shuffle partitions, and two executors in processes of their own; further settings may
# follow. Streams of answers end after two seconds in place of minutes, so that many are resumed.
serve() {
    echo "-- a server with a token and two executors, shuffle partitions: ${partitions[0]}, after $((SECONDS - compiled)) s"
    rm -rf "$SPARK_HOME/work" "$home/run/spark-warehouse"
    (cd "$home/run" && exec "$SPARK_HOME/bin/spark-submit" --master "local-cluster[2,1,$((memory * 1024))]" \
        --class org.apache.spark.sql.connect.service.SparkConnectServer \
        --conf spark.connect.grpc.binding.address=127.0.0.1 --conf "spark.connect.grpc.binding.port=$port" \
        --conf "spark.connect.authenticate.token=$SPARK_CONNECT_AUTHENTICATE_TOKEN" \
        --conf spark.connect.execute.reattachable.senderMaxStreamDuration=2s \
        --conf spark.driver.host=127.0.0.1 --driver-memory 1g --conf "spark.executor.memory=${memory}g" \
        --driver-java-options "$java" --conf "spark.executor.extraJavaOptions=$java" \
        --conf spark.ui.enabled=false --conf spark.ui.showConsoleProgress=false --conf spark.eventLog.enabled=false \
        --conf "spark.sql.shuffle.partitions=${partitions[0]}" --conf spark.sql.adaptive.enabled=false \
        "${buckets[@]}" "$@" \
        >server.log 2>&1) &
    server=$!
    started+=("$server")
    partitions=("${partitions[@]:1}" "${partitions[0]}")
    for _ in $(seq 600); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
        kill -0 "$server" 2>/dev/null || break
        sleep 0.5
    done
    fail "the server does not listen"
}
# Ends the server, or kills it.
unserve() {
    kill "${1:--TERM}" "$server" && wait "$server" 2>/dev/null || true
}
# Waits until the first executor has begun this many tasks and has not ended one of them.
mid_query() {
    local log="" begun=0 ended=0
    for _ in $(seq 6000); do
        log="$(echo "$SPARK_HOME"/work/*/0/stderr)"
        if [ -f "$log" ]; then
            begun="$(grep -c 'Executor: Running task' "$log" || true)"
            ended="$(grep -c 'Executor: Finished task' "$log" || true)"
            [ "$begun" -lt "$1" ] || [ "$begun" -le "$ended" ] || return 0
        fi
        sleep 0.05
    done
    return 1
}

serve
echo "-- the same sums, cell by cell, of simulated days, while an executor is killed"
(mid_query 8 && pkill -KILL -P "$server" -f -- '--executor-id 0 ') &
killing=$!
"$tests" --include-ignored --test-threads 1 --nocapture a_simulated_day
wait "$killing" || fail "no executor worked"
grep -q 'Lost executor 0' "$home/run/server.log" || fail "no executor was lost"
unserve

serve "${interpreting[@]}"
echo "-- the same sums of awkward rows"
"$tests" --include-ignored --test-threads 1 awkward_rows_have

echo "-- a day that is published through TLS, after the server was killed in the middle of it"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -addext basicConstraints=critical,CA:FALSE -keyout "$home/run/key.pem" -out "$home/run/certificate.pem" 2>/dev/null
rm -rf "$home"/run/{bytes,daily.ledger*,published,logs}
"$home/venv/bin/python" tests/cluster/tls.py "$home/run/certificate.pem" "$home/run/key.pem" "$port" "$home/run/bytes" \
    >"$home/run/tls.port" 2>"$home/run/tls.log" &
started+=($!)
pointillist() { "${CARGO_TARGET_DIR:-target}/release/pointillist" "$@"; }
pointillist simulate --out "$home/run/logs" --days 1 --start 2026-01-05 --lookups-per-day 200000 >/dev/null
cp tests/cluster/release.toml "$home/run"
publish() {
    pointillist run "$home/run/$1.toml" --engine spark --remote "sc://localhost:$(<"$home/run/tls.port")/;use_ssl=true" \
        --day 2026-01-05 --as-of 2026-01-20T00:00:00Z
}
sed '$a [engine]\nspark = "sc://elsewhere"\npatience = "5s"' "$home/run/release.toml" >"$home/run/impatient.toml"
if publish impatient >"$home/run/untrusted.txt" 2>&1; then fail "a certificate that nobody trusts is trusted"; fi
grep -q 'SSL_CERT_FILE' "$home/run/untrusted.txt" || fail "$(<"$home/run/untrusted.txt")"
export SSL_CERT_FILE="$home/run/certificate.pem"
entry() { pointillist ledger show "$home/run/release.toml" 2>/dev/null | grep -E "^1 +$1 .*daily, 2026-01-05"; }
publish release >"$home/run/first.txt" 2>&1 &
first=$!
# Where the look is there already it is kept, too.
kept='(reserved|drawn)'
until entry "$kept" >/dev/null; do
    kill -0 "$first" 2>/dev/null || fail "$(<"$home/run/first.txt")"
    sleep 0.05
done
mid_query 1 || fail "no executor worked"
unserve -KILL
serve "${interpreting[@]}"
if wait "$first"; then fail "a day was published from a server that was killed"; fi
# By the time that the next server takes, it is one that does not know the session, or none.
grep -E 'INVALID_HANDLE|is not there' "$home/run/first.txt" || fail "$(<"$home/run/first.txt")"
entry "$kept" || fail "the reservation is gone"
publish release | grep released
entry published || fail "the reservation was not used"
python3 - "$home/run/bytes" "$SPARK_CONNECT_AUTHENTICATE_TOKEN" <<'PYTHON'
import sys
got = open(sys.argv[1], "rb").read()
assert got[:2] == b"\x16\x03" and len(got) > 10_000, "the first bytes are no handshake"
assert sys.argv[2].encode() not in got and b"PRI * HTTP/2" not in got, "something crossed in clear text"
PYTHON

echo "-- the same sums of awkward numbers, tables, and the largest numbers"
again=(--skip a_simulated_day)
[ -z "${POINTILLIST_LOOKUPS:-}" ] || again=()
"$tests" --include-ignored --test-threads 1 --skip awkward_rows_have "${again[@]}" cluster
echo "-- all of it in $((SECONDS - compiled)) s, besides compiling"
