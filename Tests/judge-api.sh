#!/usr/bin/env bash
# Lets others judge the HTTP API of a real `posthorn run --listen`: openapi-spec-validator its document, and schemathesis its answers to
# requests that are made from the document, right ones and wrong ones. No answer may be a 5xx, none may differ from the document, and none
# may hold a secret.
#
#     Tests/judge-api.sh [EXAMPLES]     so many requests an operation (default: 25)
#
# Wants posthorn built (swift build --product posthorn), or the program that JUDGED names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

examples=${1:-25}
posthorn=$(realpath -m "${JUDGED:-.build/debug/posthorn}")
[[ -x $posthorn ]] || { echo "judge-api.sh: there is no $posthorn; build it with swift build --product posthorn" >&2; exit 2; }
Tests/install-judges.sh api
judges="$PWD/.build-judges-api/venv/bin"

place=$(mktemp -d)
running=
finish() {
    if [[ -n $running ]]; then kill "$running" 2>/dev/null && wait "$running" || true; fi
    rm -rf "$place"
}
trap finish EXIT

# A secret in each place that may hold one; each would be found in an answer by its word.
cat >"$place/topology.json" <<'TOPOLOGY'
{ "nodes": [ {"id": "r1", "level": "reseller"}, {"id": "d1", "level": "dealer", "parent": "r1"},
             {"id": "c1", "level": "company", "parent": "d1"}, {"id": "s1", "level": "site", "parent": "c1"} ],
  "endpoints": [
    {"id": "crm", "node": "c1", "url": "https://crm.invalid/hook?token=hunter2-in-the-query", "vendor": "weseedo",
     "headers": {"x-api-key": "hunter2-in-a-header"}},
    {"id": "top", "node": "r1", "url": "https://top.invalid/", "vendor": "conference", "credentials": {"token": "hunter2-as-a-token"}} ] }
TOPOLOGY
export POSTHORN_DB="$place/outbox.db"
"$posthorn" apply "$place/topology.json" >"$place/log"
echo '{"id": "m1-started", "type": "MEETING_STARTED", "node": "s1", "data": {"id": "m1"}}' | "$posthorn" emit >>"$place/log"
# Without the right to see secrets, and not the key that revokes itself by its own id.
key=$("$posthorn" key create --node r1 --can emit,read,retry,endpoints,keys | grep -o 'phk_[A-Za-z0-9_-]*')
id=${key#phk_} && id=${id%%_*}

"$posthorn" run --listen 127.0.0.1:0 --log json >"$place/run" 2>&1 &
running=$!
port=
for _ in $(seq 100); do
    port=$(grep -o '"api_listening".*' "$place/run" 2>/dev/null | grep -oE '127\.0\.0\.1:[0-9]+' | head -n 1 | cut -d: -f2) || true
    [[ -n $port ]] && break
    kill -0 "$running" 2>/dev/null || { cat "$place/run" >&2; exit 1; }
    sleep 0.1
done
[[ -n $port ]] || { echo "judge-api.sh: the API does not say where it listens" >&2; exit 1; }

url="http://127.0.0.1:$port"
"$judges/python" - "$url/openapi.json" "$place/openapi.json" "$id" <<'PYTHON'
import json, sys, urllib.request
from openapi_spec_validator import validate
document = json.load(urllib.request.urlopen(sys.argv[1]))
validate(document)
# The key that asks must not be revoked on the way.
document["paths"]["/v1/keys/{id}"]["delete"]["parameters"][0]["schema"]["not"] = {"const": sys.argv[3]}
json.dump(document, open(sys.argv[2], "w"))
PYTHON
echo "the document is valid"

# It keeps notes of failures where it runs.
own="$PWD/Tests/APIJudges"
cd "$place"
PYTHONPATH="$own" SCHEMATHESIS_HOOKS=hooks \
    "$judges/schemathesis" --config-file "$own/schemathesis.toml" run "$place/openapi.json" --url "$url" --header "Authorization: Bearer $key" --max-examples "$examples" \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance \
    --exclude-operation-id streamDeliveries --phases examples,coverage,fuzzing --continue-on-failure --seed 1 --no-color \
    --report ndjson --report-ndjson-path "$place/calls.ndjson" --output-sanitize false --warnings off \
    --suppress-health-check all | tail -n "${JUDGE_LINES:-60}"
kill -0 "$running" || { echo "judge-api.sh: the server has ended" >&2; exit 1; }
PYTHONUTF8=1 "$judges/python" - "$place/calls.ndjson" <<'PYTHON'
import base64, json, sys

def answers(value):
    """Every recorded answer's body, wherever the report has it."""
    if isinstance(value, dict):
        response = value.get("response")
        if isinstance(response, dict):
            yield response
        for inner in value.values():
            yield from answers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from answers(inner)

count = 0
for line in open(sys.argv[1], encoding="utf-8"):
    for response in answers(json.loads(line)):
        count += 1
        text = json.dumps(response)
        for part in (response.get("content"), response.get("body")):
            if isinstance(part, str):
                try:
                    text += base64.b64decode(part, validate=True).decode("utf-8", "replace")
                except ValueError:
                    text += part
        if "hunter2" in text:
            sys.exit("a secret is in an answer: " + text[:2000])
print(f"no secret in {count} answers")
if count == 0:
    sys.exit("the report has no answers")
PYTHON
