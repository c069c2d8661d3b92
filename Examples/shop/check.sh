#!/usr/bin/env bash
# Builds and runs the shop with Posthorn as a dependency of a version, of which the package manager allows less than of a folder. What is
# committed is tagged for that, in a copy; what is not committed is not built. From this checkout beside it, as `swift run` takes it here,
# it is only resolved.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# What a run with the real packages has pinned.
rm -f Package.resolved
place=$(mktemp -d)
trap 'rm -rf "$place" Package.resolved' EXIT
swift package show-dependencies >/dev/null
git clone --quiet --bare ../.. "$place/posthorn"
git -C "$place/posthorn" tag 9999.0.0
SHOP_POSTHORN="file://$place/posthorn" swift run --scratch-path .build/tagged --disable-dependency-cache
