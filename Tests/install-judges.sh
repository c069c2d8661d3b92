#!/usr/bin/env bash
# Installs the vendors' libraries that judge what the engine sends (Tests/ConformanceTests/Judges/requirements.txt), into
# .build-judges beside Package.swift; with api those that judge the HTTP API (Tests/APIJudges/requirements.txt), into
# .build-judges-api, and with load those that read what a load writes (Tests/LoadJudges/requirements.txt), into .build-judges-load.
# Does nothing when they are there; says why in one line when they cannot be had.
#
#     Tests/install-judges.sh [api|load]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

wanted=Tests/ConformanceTests/Judges/requirements.txt
place=.build-judges
if [[ ${1-} == api ]]; then
    wanted=Tests/APIJudges/requirements.txt
    place=.build-judges-api
elif [[ ${1-} == load ]]; then
    wanted=Tests/LoadJudges/requirements.txt
    place=.build-judges-load
fi
# The list of what was installed is written last, so a half-made place is made again.
cmp -s "$wanted" "$place/installed.txt" && exit 0

give_up() {
    echo "install-judges.sh: $1" >&2
    exit 1
}

command -v python3 >/dev/null || give_up "python3 is not on the PATH; install it to let the vendors' libraries judge"
rm -rf "$place"
mkdir "$place"
python3 -m venv "$place/venv" >"$place/log" 2>&1 \
    || give_up "python3 -m venv failed; on Debian install python3-venv ($(tail -n 1 "$place/log"))"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check --retries 1 --timeout 20 -r "$wanted" >"$place/log" 2>&1 \
    || give_up "pip could not install the judges: $(grep -m 1 '^ERROR' "$place/log" || tail -n 1 "$place/log")"
cp "$wanted" "$place/installed.txt"
