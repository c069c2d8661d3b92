#!/usr/bin/env bash
# Builds the library's documentation from what is built in .build/debug, with every warning an error: a link to a symbol or an
# article that is not there any more, or a parameter that has no description.
#
#     swift build && Tests/docs.sh [FOLDER]    also keeps the archive, for a web server
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Debian may have no docc, the toolchain always has.
PATH="$(dirname "$(readlink -f "$(command -v swift)")"):$PATH"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
seams=()
while read -r map; do seams+=(-Xcc "-fmodule-map-file=$map"); done < <(find "$PWD/Sources" -name module.modulemap)
# Where the headers of the system's libraries are, if they are in folders of their own: libpq's, for what was built with it.
while read -r library; do
    for flag in $(pkg-config --cflags-only-I "$library" 2>/dev/null); do seams+=(-Xcc "$flag"); done
done < <(sed -n 's/.*pkgConfig: "\([^"]*\)".*/\1/p' Package.swift)
target=$(swift -print-target-info | sed -n 's/^ *"unversionedTriple": "\(.*\)",$/\1/p')
mkdir "$scratch/symbols"
# With what Exports.swift gives out of other rooms.
rooms=$(sed -nE 's/^@_exported public import [a-z]+ (Posthorn[A-Za-z]+)\..*$/\1/p' Sources/Posthorn/Exports.swift | sort -u | paste -sd ,)
swift-symbolgraph-extract -module-name Posthorn -target "$target" -I "$(swift build --show-bin-path)/Modules" "${seams[@]}" \
    -minimum-access-level public -experimental-allowed-reexported-modules="$rooms" -output-dir "$scratch/symbols"
docc convert Sources/Posthorn/Posthorn.docc --additional-symbol-graph-dir "$scratch/symbols" --output-dir "${1:-$scratch/archive}" \
    --fallback-display-name Posthorn --fallback-bundle-identifier posthorn --warnings-as-errors >"$scratch/log" 2>&1 || {
    cat "$scratch/log" >&2
    exit 1
}
echo "docs: no broken link"
