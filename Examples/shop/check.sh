#!/usr/bin/env bash
# Builds and runs the shop beside this checkout, and once more with Posthorn as a dependency of a version, of which the package manager
# allows less. What is committed is tagged for that, in a copy.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# What a run with the real packages has pinned.
rm -f Package.resolved
swift run
place=$(mktemp -d)
trap 'rm -rf "$place" Package.resolved' EXIT
git clone --quiet --bare ../.. "$place/posthorn"
git -C "$place/posthorn" tag 9999.0.0
SHOP_POSTHORN="file://$place/posthorn" swift run --scratch-path .build/tagged --disable-dependency-cache
