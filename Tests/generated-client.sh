#!/usr/bin/env bash
# Generates a client from the /openapi.json of a running server with openapi-python-client (Tests/GeneratedClient/requirements.txt, from
# PyPI), compiles it, and works with the server through it.
#
#     JUDGED=.build/debug/posthorn Tests/generated-client.sh
#
# The tools are kept in .build-generated-client beside Package.swift.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

give_up() {
    echo "generated-client.sh: $1" >&2
    exit 1
}

posthorn=${JUDGED:-.build/debug/posthorn}
[[ -x $posthorn ]] || give_up "there is no $posthorn; build it, or name another in JUDGED"
wanted=Tests/GeneratedClient/requirements.txt
place=.build-generated-client
if ! cmp -s "$wanted" "$place/installed.txt"; then
    rm -rf "$place"
    mkdir "$place"
    python3 -m venv "$place/venv" >"$place/log" 2>&1 || give_up "python3 -m venv failed; on Debian install python3-venv"
    "$place/venv/bin/pip" install --quiet --disable-pip-version-check --retries 1 --timeout 20 -r "$wanted" >"$place/log" 2>&1 \
        || give_up "pip could not install the generator: $(tail -n 1 "$place/log")"
    cp "$wanted" "$place/installed.txt"
fi

work=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
export POSTHORN_DB=$work/outbox.db
cat >"$work/topology.json" <<'TOPOLOGY'
{"nodes": [{"id": "c1", "level": "company"}, {"id": "s1", "level": "site", "parent": "c1"}], "endpoints": []}
TOPOLOGY
"$posthorn" apply "$work/topology.json" >/dev/null
key=$("$posthorn" key create --node c1 --can emit,read,endpoints,retry 2>/dev/null)
mkfifo "$work/log"
"$posthorn" run --allow 127.0.0.0/8 --listen 127.0.0.1:0 --log json 2>"$work/log" &
server=$!
exec {log}<"$work/log"
url=
while [[ -z $url ]] && read -r line <&"$log"; do
    [[ $line != *api_listening* ]] || url="http://$(grep -o '127\.0\.0\.1:[0-9]*' <<<"$line")"
done
[[ -n $url ]] || give_up "the server does not listen"
# What it logs from now on must not make it wait.
cat <&"$log" >"$work/rest" &

curl --silent --show-error --fail "$url/openapi.json" >"$work/openapi.json"
"$place/venv/bin/openapi-python-client" generate --path "$work/openapi.json" --output-path "$work/posthorn_client" --meta none \
    >"$work/generated" 2>&1 || give_up "no client could be generated: $(cat "$work/generated")"
# A part that it leaves out is named in its output; event lines are the one that it cannot know.
left_out=$(grep -A2 '^WARNING parsing' "$work/generated" | grep -v '^WARNING parsing POST /v1/events within\|^--\|^$' \
    | grep -v '^Unsupported content type application/x-ndjson$' || true)
[[ -z $left_out ]] || give_up "the generator leaves something out: $left_out"
"$place/venv/bin/python" -m compileall -q "$work/posthorn_client"
PYTHONPATH=$work "$place/venv/bin/python" Tests/GeneratedClient/work.py "$url" "$key" c1 http://127.0.0.1:1/hook
kill "$server"
wait "$server"
server=
