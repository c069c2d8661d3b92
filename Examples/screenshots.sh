#!/usr/bin/env bash
# Makes the pictures of the dashboard that the documents show, from an outbox with made-up data, light and dark.
#
#     Examples/screenshots.sh [FOLDER]      (FOLDER: Sources/Posthorn/Posthorn.docc/Resources unless another is named)
#
# Needs curl, Python and Chromium. Nothing leaves this machine; all else that is made goes when the script ends.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

pictures=${1:-Sources/Posthorn/Posthorn.docc/Resources}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || { echo "Chromium is missing" >&2; exit 1; }

# MARK: The program and its place

if [[ -z ${POSTHORN:-} ]]; then
    swift build --product posthorn 2>&1 | tail -n 1
    POSTHORN=$(swift build --show-bin-path)/posthorn
fi
folder=$(mktemp -d "${TMPDIR:-/tmp}/posthorn-pictures.XXXXXX")
export POSTHORN_DB=$folder/posthorn.db
processes=()
finish() {
    for process in "${processes[@]}"; do kill "$process" 2>/dev/null && wait "$process" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

wait_until() {
    for _ in $(seq 300); do if "$@" >/dev/null 2>&1; then return 0; fi; sleep 0.1; done
    echo "gave up waiting for: $*" >&2
    return 1
}

# The port that a program says it listens on, in the first line that has one.
port_in() { grep -om1 '"port":[0-9]*' "$1" | cut -d: -f2; }

# MARK: Made-up data: one endpoint that works, one whose URL is wrong, one that is slow to come back, one that is switched off

"$POSTHORN" receive --json --port 0 --delay 35 --fault 503=4% >"$folder/good" 2>/dev/null & processes+=($!)
"$POSTHORN" receive --json --port 0 --status 404 >"$folder/wrong" 2>/dev/null & processes+=($!)
"$POSTHORN" receive --json --port 0 --delay 220 >"$folder/slow" 2>/dev/null & processes+=($!)
for receiver in good wrong slow; do wait_until port_in "$folder/$receiver"; done
url() { echo "http://127.0.0.1:$(port_in "$folder/$1")/webhooks"; }

cat >"$folder/topology.json" <<END
{"nodes": [
    {"id": "northern", "level": "reseller", "name": "Northern Resale"},
    {"id": "harbour", "level": "dealer", "parent": "northern", "name": "Harbour Telecom"},
    {"id": "acme", "level": "company", "parent": "harbour", "name": "Acme"},
    {"id": "globex", "level": "company", "parent": "harbour", "name": "Globex"},
    {"id": "acme-oslo", "level": "site", "parent": "acme", "name": "Oslo"},
    {"id": "globex-ghent", "level": "site", "parent": "globex", "name": "Ghent"}],
 "endpoints": [
    {"id": "billing", "node": "northern", "url": "$(url good)", "vendor": "weseedo", "credentials": {}},
    {"id": "acme-crm", "node": "acme", "url": "$(url wrong)", "vendor": "weseedo", "credentials": {}, "retry": ["0", "1s"]},
    {"id": "acme-calendar", "node": "acme", "url": "$(url good)", "vendor": "weseedo", "credentials": {}},
    {"id": "globex-erp", "node": "globex", "url": "$(url slow)", "vendor": "weseedo", "credentials": {}},
    {"id": "globex-archive", "node": "globex", "url": "$(url good)", "vendor": "weseedo", "credentials": {}}]}
END
"$POSTHORN" apply "$folder/topology.json" >/dev/null
"$POSTHORN" endpoint disable globex-archive --reason 'moves to another provider' >/dev/null

types=(MEETING_STARTED MEETING_ENDED PARTICIPANT_JOINED PARTICIPANT_LEFT RECORDING_READY)
event() { printf '{"id": "m%s", "type": "%s", "node": "%s", "data": {"id": "m%s", "subject": "Weekly call"}}\n' "$1" "${types[$1 % 5]}" "$2" "$1"; }
for number in $(seq 120); do
    if ((number % 3 == 0)); then event "$number" globex-ghent; else event "$number" acme-oslo; fi
done | "$POSTHORN" emit >/dev/null

"$POSTHORN" key create --name shop --node acme --can read,retry,endpoints >/dev/null
key=$("$POSTHORN" key create --name pictures --can admin | head -n 1)
"$POSTHORN" run --listen 127.0.0.1:0 --allow 127.0.0.0/8 --log json >"$folder/log" 2>&1 & processes+=($!)
wait_until grep -q api_listening "$folder/log"
base=http://$(grep -om1 '"address":"[^"]*"' "$folder/log" | cut -d'"' -f4)
ask() { curl -sS --fail-with-body -H "Authorization: Bearer $key" "$base/$1" "${@:2}"; }
given_up() { ask 'v1/deliveries?state=exhausted&endpoint=acme-crm&limit=250' | grep -o '"state":"exhausted"' | wc -l | grep -qx 80; }
wait_until given_up
counted() { ask 'v1/stats?step=5m' | grep -q '"exhausted":80'; }
wait_until counted

# The hour before looked much the same, with more or less to do.
python3 - "$POSTHORN_DB" <<'END'
import sqlite3, sys
outbox = sqlite3.connect(sys.argv[1], timeout=30)
with outbox:
    for step in range(1, 13):
        outbox.execute("""
            INSERT INTO posthorn_statistics SELECT endpoint, span, start - ?1, delivered * ?2, exhausted / 8, failed, durations, lags
            FROM posthorn_statistics WHERE span = 300 AND start = (SELECT max(start) FROM posthorn_statistics WHERE span = 300)
            ON CONFLICT DO NOTHING""", (step * 300_000, 1 + step * 5 % 4))
END

failed=$(ask 'v1/deliveries?state=exhausted&endpoint=acme-crm&limit=1' | grep -om1 '"id":"[0-9]*"' | cut -d'"' -f4)

# MARK: Pictures

shoot() { # look, name, path, size
    "$browser" --headless=new --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$folder/browser" --force-device-scale-factor=1 \
        --blink-settings=preferredColorScheme="$([[ $1 == dark ]] && echo 0 || echo 1)" --window-size="$4" --virtual-time-budget=8000 \
        --screenshot="$folder/shot.png" "$base/$3" >/dev/null 2>&1
    local picture=$pictures/$2
    [[ $1 == light ]] || picture+='~dark'
    mv "$folder/shot.png" "$picture.png"
}

# The browser gets in as a customer does, by a link that works once; its profile keeps the cookie for the pictures.
link=$(ask v1/portal-sessions -H 'Content-Type: application/json' -d '{"node": "northern", "rights": ["read", "retry", "endpoints"]}' \
    | grep -o '"url":"[^"]*"' | cut -d'"' -f4)
mkdir -p "$pictures"
shoot light dashboard-overview "${link#"$base/"}" 1200,1100
for look in light dark; do
    shoot "$look" dashboard-overview '' 1200,1100
    shoot "$look" dashboard-delivery "deliveries/$failed" 1200,860
    shoot "$look" dashboard-endpoint endpoints/acme-crm 1200,860
done
ls -l "$pictures"/dashboard-*.png
