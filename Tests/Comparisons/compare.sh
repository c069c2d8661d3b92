#!/usr/bin/env bash
# The engine beside what one would do without it: Celery with Redis and requests, a task queue in SQLite (Huey), a tuned
# asyncio script, all delivering the same signed webhooks with recorded attempts; and wrk and hey, which only send.
#
#     Tests/Comparisons/compare.sh                              all of them, a table
#     Tests/Comparisons/compare.sh --only celery-prefork,wrk    some of them
#     Tests/Comparisons/compare.sh --rounds 5 --json            one JSON object a line
#
# Builds posthorn-bench, installs redis-server, wrk and hey from Debian where they are missing, and the Python packages of
# requirements.txt from PyPI into a folder that goes away with the run. POSTHORN_BENCH, if set, is the program to run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [[ ${1:-} == --help ]]; then
    sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
fi

Tests/install-missing.sh redis-server wrk hey python3-venv >&2
if [[ -z ${POSTHORN_BENCH:-} ]]; then
    swift build --configuration release --product posthorn-bench >&2
    POSTHORN_BENCH="$(swift build --configuration release --show-bin-path)/posthorn-bench"
fi
export POSTHORN_BENCH

place=$(mktemp -d "${TMPDIR:-/tmp}/posthorn-compare-XXXXXX")
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check -r Tests/Comparisons/requirements.txt
export PYTHONDONTWRITEBYTECODE=1
"$place/venv/bin/python" Tests/Comparisons/compare.py "$@"
