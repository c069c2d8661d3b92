#!/usr/bin/env bash
# Installs what is missing of the named Debian packages, and of the libraries that Package.swift names. Asks for nothing,
# and does nothing when all is there.
#
#     Tests/install-missing.sh [PACKAGE…]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v swift >/dev/null; then
    echo "posthorn: swift is not on the PATH; get Swift 6.2 or later for Debian 12 from https://www.swift.org/install/linux/" >&2
    exit 1
fi

# The package manager asks pkg-config where the libraries are.
wanted=(pkg-config "$@")
while IFS= read -r package; do wanted+=("$package"); done < <(sed -n 's/.*\.apt(\["\([^"]*\)"\]).*/\1/p' Package.swift)

missing=()
for package in "${wanted[@]}"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
        echo "posthorn: these Debian packages are missing, and there is no sudo; as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
echo "installing ${missing[*]}"
as_root+=(env DEBIAN_FRONTEND=noninteractive)
"${as_root[@]}" apt-get update -qq </dev/null
"${as_root[@]}" apt-get install -qq -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
