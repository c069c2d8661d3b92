#!/usr/bin/env bash
# Everything that must hold before a change counts: the format, a build without warnings, and all tests.
#
#     Tests/run.sh                        everything
#     Tests/run.sh --quick                the format, the tidy tests, and the tests of rooms that differ from HEAD or from main
#     Tests/run.sh --filter TidyTests     only tests whose name matches, as `swift test --filter`
#     Tests/run.sh --traits PostgreSQL    with what is built under the trait, and its tests
#     Tests/run.sh --once                 from nothing, for a machine that does not build it again: each target as a whole and without what
#                                         debuggers want takes a quarter less time, and a change builds the whole target again
#
# Installs missing system libraries first. The last line is the test runner's own; the exit status is its too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

filter=()
traits=()
build=(swift build --build-tests)
quick=
while [[ $# -gt 0 ]]; do
    case $1 in
    --filter)
        [[ $# -ge 2 ]] || { echo "run.sh: --filter wants a pattern, such as --filter TidyTests" >&2; exit 2; }
        filter+=(--filter "$2")
        shift 2
        ;;
    --traits)
        [[ $# -ge 2 ]] || { echo "run.sh: --traits wants a trait, such as --traits PostgreSQL" >&2; exit 2; }
        traits=(--traits "$2")
        shift 2
        ;;
    --quick)
        quick=yes
        shift
        ;;
    --once)
        # Without -num-threads a target has no index, in which the package manager looks for tests.
        build+=(-Xswiftc -whole-module-optimization -Xswiftc -num-threads -Xswiftc "$(nproc)" -debug-info-format none)
        shift
        ;;
    --help)
        sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    *)
        echo "run.sh: $1 is not known here; allowed are --quick, --filter PATTERN, --traits TRAIT, --once and --help" >&2
        exit 2
        ;;
    esac
done

if [[ -n $quick ]]; then
    # A room is a folder of Sources or Tests; its tests have its name. Text and model changes are quick to test, and the whole
    # suite is what shows that nothing above them broke.
    base=$(git merge-base HEAD main 2>/dev/null || git rev-parse HEAD)
    rooms=$({ git diff --name-only "$base"; git ls-files --others --exclude-standard; } \
        | sed -nE 's#^(Sources|Tests)/([A-Za-z]+)/.*#\2#p' | sed 's/Tests$//' | sort -u)
    filter+=(--filter '^TidyTests\.')
    for room in $rooms; do
        if [[ -d Tests/${room}Tests ]]; then filter+=(--filter "^${room}Tests\\."); fi
    done
fi

# The tests of TLS talk to OpenSSL's own server.
Tests/install-missing.sh openssl
swift format lint --strict --parallel --recursive Sources Tests Migrations Examples Package.swift
# Package.swift makes every warning an error.
"${build[@]}" "${traits[@]}"
# Links of the documents and comments that lead nowhere are errors as well.
Tests/docs.sh
runner=(swift test --skip-build --disable-xctest --ignore-lock "${traits[@]}")
if [[ ${#filter[@]} -gt 0 ]]; then exec "${runner[@]}" "${filter[@]}"; fi

# A process runs as many tests at a time as there are cores, and many tests wait for something else: two processes leave the cores idle
# for less of the time. They take about as long as each other; a room that is not named here is tested by the second one.
first='^(ConformanceTests|DashboardTests|ExampleTests|PosthornHTTPTests|PosthornLabTests|PosthornPostgresTests|PosthornSQLiteTests|PosthornSendingTests)\.'
place=$(mktemp -d)
# A process group of its own, so that an interrupt reaches what it has started.
set -m
"${runner[@]}" --filter "$first" >"$place/first" 2>&1 &
beside=$!
set +m
trap 'kill -INT -- "-$beside" 2>/dev/null || true; rm -rf "$place"' EXIT
status=0
# Its last line is held back until the other's output is there.
"${runner[@]}" --skip "$first" | awk -v last="$place/last" 'NR > 1 { print held; fflush() } { held = $0 } END { print held >last }' || status=$?
closing=("$place/first" "$place/last")
# The last line is one that says so, if any tests have failed.
wait "$beside" || { status=$?; closing=("$place/last" "$place/first"); }
cat "${closing[@]}"
exit "$status"
