#!/usr/bin/env bash
# Lets others read what `posthorn load` writes for other tools: promtool the Prometheus text, HdrHistogram's own implementation the
# percentiles of .hgrm, junitparser the JUnit XML; the shapes of k6's summary and vegeta's lines are held against what these document.
# All of them must say the same as the report, and the three outcomes of a bound must have three statuses and words.
#
#     Tests/judge-load.sh
#
# Wants posthorn built (swift build --product posthorn), or the program that JUDGED names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

posthorn=$(realpath -m "${JUDGED:-.build/debug/posthorn}")
[[ -x $posthorn ]] || { echo "judge-load.sh: there is no $posthorn; build it with swift build --product posthorn" >&2; exit 2; }
Tests/install-judges.sh load
judge="$PWD/.build-judges-load/venv/bin/python"

place=$(mktemp -d)
running=
finish() {
    if [[ -n $running ]]; then kill "$running" 2>/dev/null && wait "$running" || true; fi
    rm -rf "$place"
}
trap finish EXIT

"$posthorn" receive --port 0 --json --fault 503=5% >"$place/received" 2>"$place/errors" &
running=$!
port=
for _ in $(seq 100); do
    port=$(grep -oE '"port":[0-9]+' "$place/received" 2>/dev/null | head -n 1 | cut -d: -f2) || true
    [[ -n $port ]] && break
    kill -0 "$running" 2>/dev/null || { cat "$place/errors" >&2; exit 1; }
    sleep 0.1
done
[[ -n $port ]] || { echo "judge-load.sh: the receiver does not say where it listens" >&2; exit 1; }

# Kept, missed, and not known: p99.99 wants 29,956 requests.
status=0
"$posthorn" load "http://127.0.0.1:$port/" --rate 500 --duration 3s --seed 7 --json --expect 'p50<10s' --expect 'errors<1' --expect 'p99.99<10s' \
    --junit "$place/junit.xml" --prometheus "$place/load.prom" --hgrm "$place/load.hgrm" --vegeta "$place/vegeta.ndjson" \
    --k6-summary "$place/k6.json" --samples "$place/samples.csv" >"$place/report.json" || status=$?
[[ $status == 1 ]] || { echo "judge-load.sh: a missed bound ended with $status" >&2; exit 1; }
status=0
"$posthorn" load "http://127.0.0.1:$port/" --count 50 --expect 'p99.99<10s' >/dev/null || status=$?
[[ $status == 3 ]] || { echo "judge-load.sh: a bound of which nothing is known ended with $status" >&2; exit 1; }

promtool check metrics <"$place/load.prom"
"$judge" Tests/LoadJudges/judge.py "$place"
