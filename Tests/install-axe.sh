#!/usr/bin/env bash
# Installs axe-core, whose rules find what keeps readers from using the dashboard's pages, into .build-axe beside Package.swift: from the
# Python package axe-playwright-python, which ships the script. Does nothing when it is there; says why in one line when it cannot be had.
#
#     Tests/install-axe.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

wanted=axe-playwright-python==0.1.8
place=.build-axe
# The name of what was installed is written last, so a half-made place is made again.
[[ $(cat "$place/installed.txt" 2>/dev/null) == "$wanted" ]] && exit 0

give_up() {
    echo "install-axe.sh: $1" >&2
    exit 1
}

command -v python3 >/dev/null || give_up "python3 is not on the PATH; install it to have the pages judged by axe-core"
rm -rf "$place"
mkdir "$place"
python3 -m venv "$place/venv" >"$place/log" 2>&1 \
    || give_up "python3 -m venv failed; on Debian install python3-venv ($(tail -n 1 "$place/log"))"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check --retries 1 --timeout 20 --no-deps --target "$place/package" "$wanted" \
    >"$place/log" 2>&1 || give_up "pip could not install axe-core: $(grep -m 1 '^ERROR' "$place/log" || tail -n 1 "$place/log")"
cp "$place/package/axe_playwright_python/axe.min.js" "$place/axe.min.js"
rm -rf "$place/venv" "$place/package"
echo "$wanted" >"$place/installed.txt"
