#!/usr/bin/env bash
# Posthorn from nothing to delivered webhooks on this machine: builds it, applies a hierarchy, starts receivers, emits all
# 22 types of WeSeeDo's events and shows who got which, and what becomes of a receiver that fails or comes back late.
#
#     Examples/quickstart.sh
#
# Nothing leaves this machine. Files are made in a temporary folder, which goes when the script ends; run it as often as you like.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A day of the retry schedule passes in ten seconds.
speed=8640

# MARK: Build

Tests/install-missing.sh
echo "building posthorn …"
swift build --product posthorn 2>&1 | tail -n 1
posthorn=$(swift build --show-bin-path)/posthorn

# MARK: A folder and processes that go when this ends

folder=$(mktemp -d "${TMPDIR:-/tmp}/posthorn-quickstart.XXXXXX")
export POSTHORN_DB=$folder/posthorn.db
processes=()
finish() {
    for process in "${processes[@]}"; do
        kill "$process" 2>/dev/null && wait "$process" 2>/dev/null || true
    done
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[[ -t 1 ]] || say() { printf '\n%s\n' "$*"; }

# Runs a command every tenth of a second until it succeeds; gives up after 30 seconds.
wait_until() {
    for _ in $(seq 300); do
        "$@" && return
        sleep 0.1
    done
    echo "quickstart: gave up waiting for: $*" >&2
    return 1
}

# start_receiver NAME PORT [FLAG…]: a receiver that writes a line of JSON for each request.
start_receiver() {
    local name=$1 port=$2
    shift 2
    "$posthorn" receive --vendor weseedo --json --port "$port" "$@" >"$folder/$name.received" 2>"$folder/$name.log" &
    processes+=($!)
    wait_until grep -qs '"kind":"listening"' "$folder/$name.received"
    receiver_port=$(sed -n 's/.*"kind":"listening".*"port":\([0-9]*\).*/\1/p' "$folder/$name.received")
}

# MARK: Receivers

start_receiver main 0
main_port=$receiver_port
start_receiver archive 0 --status 503
archive_port=$receiver_port
# Learns a free port and leaves it: nobody answers there for now.
start_receiver late 0
late_port=$receiver_port
kill "${processes[-1]}" && wait "${processes[-1]}" 2>/dev/null || true
unset 'processes[-1]'

# MARK: The hierarchy

say "1. Nodes and endpoints: posthorn apply Examples/topologies/weseedo.json"
sed -e "s/127.0.0.1:9999/127.0.0.1:$main_port/" -e "s/127.0.0.1:9998/127.0.0.1:$late_port/" \
    -e "s/127.0.0.1:9997/127.0.0.1:$archive_port/" \
    Examples/topologies/weseedo.json >"$folder/topology.json"
"$posthorn" apply "$folder/topology.json" >/dev/null
# Each level is one step further in.
sed -n -e 's/.*"id": "\([^"]*\)", "level": "\([^"]*\)".*/\2 \1/p' "$folder/topology.json" |
    sed -e 's/^reseller/  &/' -e 's/^dealer/    &/' -e 's/^company/      &/' -e 's/^site/        &/'
echo
"$posthorn" endpoint list | sed -e 's/^/  /' -e 's/ *$//'

# MARK: The events

say "2. What happened: posthorn emit Examples/events/weseedo.ndjson"
"$posthorn" emit Examples/events/weseedo.ndjson | sed 's/^/  /'
echo "  the same file again, as after a lost answer:"
"$posthorn" emit Examples/events/weseedo.ndjson | sed 's/^/  /'

# MARK: The deliveries

say "3. Deliver: posthorn run --until-settled --speed $speed --allow 127.0.0.0/8"
echo "  a day of retries takes ten seconds; nobody is at the claims desk at first, and the archive answers 503 …"
"$posthorn" run --until-settled --speed "$speed" --allow 127.0.0.0/8 >"$folder/run" 2>"$folder/run.log" &
run=$!
processes+=("$run")
claims_failed_four_times() { "$posthorn" deliveries --endpoint claims-desk --json | grep -q '"attempts":4'; }
wait_until claims_failed_four_times
start_receiver late "$late_port"
echo "  … four attempts later the claims desk is back; waiting for the last one, 24 hours after the first"
wait "$run"
sed 's/^/  /' "$folder/run"

say "4. Who took what, as the receivers saw it: posthorn receive"
cat "$folder"/*.received | awk -v endpoints="northline-hub delta-crm havenzicht-app desk-board claims-desk molenaar-app archive" '
    BEGIN {
        count = split(endpoints, names, " ")
        printf "  %-18s %-18s", "EVENT", "AT NODE"
        for (i = 1; i <= count; i++) printf " %s", names[i]
        print ""
    }
    # The receivers first: which path took which type.
    FILENAME == "-" {
        if (/"kind":"event"/ && /"status":200/) {
            match($0, /"path":"[^"]*"/); path = substr($0, RSTART + 9, RLENGTH - 10)
            match($0, /"type":"[^"]*"/); took[path, substr($0, RSTART + 8, RLENGTH - 9)]++
        }
        next
    }
    {
        match($0, /"type": "[^"]*"/); type = substr($0, RSTART + 9, RLENGTH - 10)
        match($0, /"node": "[^"]*"/); node = substr($0, RSTART + 9, RLENGTH - 10)
        printf "  %-18s %-18s", type, node
        for (i = 1; i <= count; i++) printf " %-*s", length(names[i]), (names[i], type) in took ? "yes" : "."
        print ""
    }' - Examples/events/weseedo.ndjson | sed 's/ *$//'
echo "  Dealers hear of companies and below, companies of users, sites and meetings, sites of meetings: of their own branch only."

show_attempts() {
    local delivery first="" number started
    delivery=$("$posthorn" deliveries --endpoint "$1" --json | sed 's/^{"id":\([0-9]*\),.*/\1/')
    "$posthorn" attempts "$delivery" | sed -e 's/^/  /' -e 's/ *$//'
    while read -r number started; do
        started=$(date -d "$started" +%s%3N)
        first=${first:-$started}
        printf '  attempt %s: %s ms after the first, or %s s without --speed\n' "$number" $((started - first)) $(((started - first) * speed / 1000))
    done < <("$posthorn" attempts "$delivery" --json | sed 's/.*"number":\([0-9]*\),"started_at":"\([^"]*\)".*/\1 \2/')
}
say "5. The claims desk came back: delivered by the fifth attempt (posthorn attempts)"
show_attempts claims-desk
say "6. The archive answers 503 each time: five attempts, at 0, 60, 600, 3600 and 86400 seconds, then exhausted"
show_attempts archive
echo "  At this speed a millisecond of work stands for more than eight seconds, so the figures lie behind the schedule, never ahead of it."

say "Where to look next"
cat <<TEXT
  README.md                              what is promised and what is not, and an index of the articles
  export PATH="$(dirname "$posthorn"):\$PATH"; posthorn --help
  Examples/outbox-inserts/               emitting with an INSERT from any language
  Examples/SwiftPlatform/                emitting from Swift, inside the platform's own transaction
  Examples/receivers/                    receivers in Python, Node and Swift that check all signatures
  Examples/topologies/vendors.json       endpoints of diio, a conference service, Webio, Voiso and Standard Webhooks
TEXT
