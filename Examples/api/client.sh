#!/usr/bin/env bash
# Emits an event and manages an endpoint over Posthorn's HTTP API with curl and jq.
#
#     export API_KEY=$(posthorn key create --node c1 --can emit,read,endpoints)
#     client.sh http://127.0.0.1:8080 c1 https://crm.example/hook
#
# The arguments: where the API is, a node, and where the endpoint that is made for the example sends to.
set -euo pipefail

if [[ $# -ne 3 || $1 == -* ]]; then
    sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    [[ ${1:-} == --help || ${1:-} == -h ]] && exit 0
    exit 2
fi
base=$1 node=$2 url=$3
headers=$(mktemp)
trap 'rm -f "$headers"' EXIT

# ask METHOD PATH [BODY [HEADER…]]: prints the answer's body; its status is in $status.
ask() {
    local method=$1 path=$2 body=${3:-}
    shift "$(($# < 3 ? $# : 3))"
    local words=(--silent --show-error --request "$method" --dump-header "$headers" --max-time 30)
    # The same event again changes nothing, so whatever went wrong on the way is tried again; Retry-After is obeyed.
    words+=(--retry 5 --retry-connrefused)
    # From standard input, so that the key is in no list of processes.
    words+=(--config -)
    [[ -z $body ]] || words+=(--header 'Content-Type: application/json' --data-binary "$body")
    for header; do words+=(--header "$header"); done
    answer=$(printf 'header = "Authorization: Bearer %s"\n' "${API_KEY:-}" | curl "${words[@]}" "$base$path")
    status=$(awk '/^HTTP\// {code = $2} END {print code}' "$headers")
}
must() {
    [[ $status == "$1" ]] || { echo "answered $status: $(jq -r '[.detail, (.errors // [] | .[].detail)] | join("; ")' <<<"$answer" 2>/dev/null || echo "$answer")" >&2; exit 1; }
}

endpoint=$(jq -n --arg node "$node" --arg url "$url" '{id: "example-sh", node: $node, url: $url, vendor: "weseedo", events: ["MEETING_*"]}')
ask POST /v1/endpoints "$endpoint"
must 201
etag=$(tr -d '\r' <"$headers" | sed -n 's/^[Ee][Tt][Aa][Gg]: //p')
echo "made endpoint $(jq -r .id <<<"$answer")"

event=$(jq -n --arg node "$node" '{id: "from-sh", type: "MEETING_STARTED", node: $node, data: {id: "m1"}}')
for _ in 1 2; do
    ask POST /v1/events "$event"
    must 202
    echo "accepted $(jq -r '.id + if .duplicate then ", which was there already" else "" end' <<<"$answer")"
done
ask POST /v1/events "$(jq '.data.id = "m2"' <<<"$event")"
must 409
echo "refused from-sh with other content"

# A page at a time, until there is no cursor.
cursor=
while :; do
    ask GET "/v1/deliveries?event=from-sh&limit=1${cursor:+&cursor=$cursor}"
    must 200
    jq -r '.data[] | "delivery to " + .endpoint' <<<"$answer"
    cursor=$(jq -r '.next_cursor // ""' <<<"$answer")
    [[ -n $cursor ]] || break
done

ask PATCH /v1/endpoints/example-sh '{"events": ["MEETING_STARTED"]}' "If-Match: $etag"
must 200
echo "changed endpoint example-sh"
# A client that has read it before that change is told.
ask PATCH /v1/endpoints/example-sh '{"events": ["USER_*"]}' "If-Match: $etag"
must 412
echo "refused a change of what has changed since"
ask DELETE '/v1/endpoints/example-sh?waiting=cancel'
must 200
echo "removed endpoint example-sh"
