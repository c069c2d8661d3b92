#!/usr/bin/env bash
# Lets others read what `posthorn load` writes for other tools: promtool the Prometheus text, HdrHistogram's own implementation the
# percentiles of .hgrm, junitparser the JUnit XML; the shapes of k6's summary and vegeta's lines are held against what these document.
# All of them must say the same as the report, and the three outcomes of a bound must have three statuses and words. So they must of a
# receiver that ends in the middle, and of one that is so slow that requests are given up.
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

# Starts a receiver with these flags; $port is where it listens.
receive() {
    if [[ -n $running ]]; then kill "$running" 2>/dev/null && wait "$running" || true; fi
    "$posthorn" receive --port 0 --json "$@" >"$place/received" 2>"$place/errors" &
    running=$!
    port=
    for _ in $(seq 100); do
        port=$(grep -oE '"port":[0-9]+' "$place/received" 2>/dev/null | head -n 1 | cut -d: -f2) || true
        [[ -n $port ]] && return
        kill -0 "$running" 2>/dev/null || { cat "$place/errors" >&2; exit 1; }
        sleep 0.1
    done
    echo "judge-load.sh: the receiver does not say where it listens" >&2
    exit 1
}

# Sends a load with these flags and writes everything that others read into a folder.
load() {
    local folder=$1
    shift
    mkdir -p "$folder"
    "$posthorn" load "http://127.0.0.1:$port/" --seed 7 --json --junit "$folder/junit.xml" --prometheus "$folder/load.prom" \
        --hgrm "$folder/load.hgrm" --vegeta "$folder/vegeta.ndjson" --k6-summary "$folder/k6.json" --samples "$folder/samples.csv" \
        --csv "$folder/time.csv" "$@" >"$folder/report.json" 2>>"$place/errors"
}

receive --fault 503=5%
# Kept, missed, and not known: p99.99 wants 29,956 requests.
status=0
load "$place/whole" --rate 500 --duration 3s --expect 'p50<10s' --expect 'errors<1' --expect 'p99.99<10s' || status=$?
[[ $status == 1 ]] || { echo "judge-load.sh: a missed bound ended with $status" >&2; exit 1; }
status=0
"$posthorn" load "http://127.0.0.1:$port/" --count 50 --expect 'p99.99<10s' >/dev/null || status=$?
[[ $status == 3 ]] || { echo "judge-load.sh: a bound of which nothing is known ended with $status" >&2; exit 1; }

# Refused connections are no fast answers: of 1,500 requests 500 are answered before the receiver is gone.
receive --until 500
load "$place/gone" --rate 500 --duration 3s --expect 'p10<10s' --expect 'errors<1' --expect 'p90<1ms' || true
# Two places on the wire, and answers that never come in time: what is left over when the time is out is given up.
receive --delay 60000
load "$place/slow" --rate 200 --duration 1s --timeout 300 --max-in-flight 2 --expect 'errors<1' || true

for folder in whole gone slow; do
    promtool check metrics <"$place/$folder/load.prom"
    "$judge" Tests/LoadJudges/judge.py "$place/$folder"
done
