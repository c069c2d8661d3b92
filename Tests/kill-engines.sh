#!/usr/bin/env bash
# Three engines over one PostgreSQL outbox that are killed (SIGKILL), frozen (SIGSTOP) and stopped while a platform inserts, and whose
# server crashes. At the end every committed event must have been delivered, and no attempt recorded twice.
#
#     Tests/kill-engines.sh                 12 rounds from a new seed, as the suite does
#     Tests/kill-engines.sh 500             so many
#     Tests/kill-engines.sh 500 1234567     the same again, from a seed that was printed
#
# A round takes about a second. The server is the test's own, in a temporary folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [[ ${1:-} == --help ]]; then
    sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
fi
[[ ${1:-12} =~ ^[1-9][0-9]*$ ]] || { echo "kill-engines.sh: \"$1\" is no number of rounds; write one above 0, such as 500" >&2; exit 2; }
Tests/install-missing.sh libpq-dev postgresql
export POSTHORN_KILL_ROUNDS=${1:-12}
if [[ -n ${2:-} ]]; then export POSTHORN_KILL_SEED=$2; fi
exec swift test --traits PostgreSQL --filter DispatcherTests/whateverIsKilled
