#!/usr/bin/env bash
# Looks for data races: a control first, then a whole program with the library, or tests, under the thread sanitizer.
#
#     Tests/thread-sanitizer.sh                         Examples/SwiftPlatform
#     Tests/thread-sanitizer.sh 'PosthornTestingTests'  tests whose names match
#
# The sanitizer does not see the lock in Synchronization.Mutex, so it reports what is guarded by one. The control counts that. What is
# looked at is a copy of the sources in which each module has a mutex of its own that the sanitizer does see: what is reported there is not
# a Mutex's. Everything is built anew, in .build/thread-sanitizer, which takes some minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
place=$PWD/.build/thread-sanitizer
mkdir -p "$place/copy"
count() { grep -c 'WARNING: ThreadSanitizer' || true; }

control() { swiftc -parse-as-library -swift-version 6 -g -sanitize=thread "$@"; }
control Tests/ThreadSanitizer/Control.swift -o "$place/control"
control Tests/ThreadSanitizer/Control.swift Tests/ThreadSanitizer/VisibleMutex.swift -o "$place/control-visible"
runs=20
repeat() { for ((i = 0; i < runs; i++)); do "$@" 2>&1 || true; done | count; }
echo "control, reports in $runs runs: Mutex $(repeat "$place/control" mutex), the mutex that is seen $(repeat "$place/control-visible" mutex)"
for kind in semaphore group atomic continuation task; do
    [[ $(repeat "$place/control-visible" "$kind") == 0 ]] || echo "thread-sanitizer: a $kind is reported though it orders its threads" >&2
done
[[ $(repeat "$place/control-visible" mutex) == 0 ]] || { echo "thread-sanitizer: the mutex that is seen is reported" >&2; exit 1; }
[[ $(repeat "$place/control-visible" race) != 0 ]] || { echo "thread-sanitizer: a race is not reported, so nothing would be" >&2; exit 1; }

git ls-files -z --cached --others --exclude-standard -- Package.swift Sources Migrations Examples Tests \
    | xargs -0 cp --parents --update -t "$place/copy"
for module in Sources/Posthorn* Tests/*Tests Tests/Support Tests/MemoryStore Tests/StoreContract Examples/SwiftPlatform; do
    if grep -rqs '\bMutex\b' "$module"; then cp --update Tests/ThreadSanitizer/VisibleMutex.swift "$place/copy/$module/"; fi
done
# Reports do not end a program, so that all are seen.
export TSAN_OPTIONS=halt_on_error=0:exitcode=0
cd "$place/copy"
if [[ $# -gt 0 ]]; then
    swift test --sanitize thread --disable-xctest --filter "$1" >"$place/log" 2>&1 || { tail -n 20 "$place/log" >&2; exit 1; }
else
    swift build --sanitize thread --product PosthornPlatformExample
    "$(swift build --sanitize thread --show-bin-path)/PosthornPlatformExample" >"$place/log" 2>&1
fi
grep '^SUMMARY: ThreadSanitizer' "$place/log" | sort | uniq -c | sort -rn || true
reports=$(count <"$place/log")
echo "thread-sanitizer: $reports reports, in $place/log"
[[ $reports == 0 ]]
