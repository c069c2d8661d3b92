#!/usr/bin/env bash
# The engine beside what one would do without it: Celery, Dramatiq and Huey with Redis and requests, Huey's queue in SQLite,
# procrastinate with PostgreSQL, a tuned asyncio script, all delivering the same signed webhooks with recorded attempts; and wrk
# and hey, which only send.
#
#     Tests/Comparisons/compare.sh                              all of them, a table and each one's settings
#     Tests/Comparisons/compare.sh --only celery-prefork,wrk    some of them
#     Tests/Comparisons/compare.sh --rounds 5 --json            one JSON object a line
#     Tests/Comparisons/compare.sh --check                      no times: is each delivery received once, signed, recorded?
#
# Builds posthorn-bench with PostgreSQL, installs redis-server, wrk, hey and postgresql from Debian where they are missing, and the
# Python packages of requirements.txt from PyPI into a folder that goes away with the run. POSTHORN_BENCH, if set, is the program to
# run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [[ ${1:-} == --help ]]; then
    sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
fi

Tests/install-missing.sh redis-server wrk hey python3-venv libpq-dev postgresql >&2
program=compare.py
arguments=()
for argument in "$@"; do
    if [[ $argument == --check ]]; then program=check.py; else arguments+=("$argument"); fi
done
if [[ $program == compare.py && -z ${POSTHORN_BENCH:-} ]]; then
    swift build --configuration release --product posthorn-bench --traits PostgreSQL >&2
    POSTHORN_BENCH="$(swift build --configuration release --show-bin-path)/posthorn-bench"
    export POSTHORN_BENCH
fi

COMPARE_PLACE=$(mktemp -d "${TMPDIR:-/tmp}/posthorn-compare-XXXXXX")
export COMPARE_PLACE PYTHONDONTWRITEBYTECODE=1
trap 'rm -rf "$COMPARE_PLACE"' EXIT
python3 -m venv "$COMPARE_PLACE/venv"
"$COMPARE_PLACE/venv/bin/pip" install --quiet --disable-pip-version-check -r Tests/Comparisons/requirements.txt
"$COMPARE_PLACE/venv/bin/python" "Tests/Comparisons/$program" "${arguments[@]}"
