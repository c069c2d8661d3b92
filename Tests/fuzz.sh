#!/usr/bin/env bash
# Feeds the readers of foreign input with what libFuzzer makes, under AddressSanitizer.
#
#     Tests/fuzz.sh 60            each reader for 60 seconds
#     Tests/fuzz.sh 60 url        one of them: event, topology, url, envelope, request, reply, http, vendor
#     Tests/fuzz.sh runs          each for as many inputs as always and from the same seed, as a build server wants it
#
# Starts from Tests/Fuzz/Corpus. What it learns stays in .build/fuzz; an input that ends a run is left there as crash-…
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-}
[[ $seconds =~ ^([0-9]+|runs)$ ]] || { sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
bound=(-max_total_time="$seconds")
[[ $seconds != runs ]] || bound=(-runs=6000 -seed=1)
targets=(event topology url envelope request reply http vendor)
[[ $# -lt 2 ]] || targets=("$2")

# A build of its own: everything in it is instrumented.
build=.build/fuzz
POSTHORN_FUZZ=1 swift build --scratch-path "$build" --product posthorn-fuzz \
    -Xswiftc -sanitize=fuzzer,address -Xswiftc -parse-as-library -Xswiftc -use-ld=lld
runner=$(POSTHORN_FUZZ=1 swift build --scratch-path "$build" --show-bin-path)/posthorn-fuzz
for target in "${targets[@]}"; do
    mkdir -p "$build/corpus-$target"
    echo "== $target"
    # Leaks: Swift's caches of the process's life are none.
    POSTHORN_FUZZ_READER=$target ASAN_OPTIONS=detect_leaks=0 "$runner" "${bound[@]}" -max_len=65536 -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$build/" "$build/corpus-$target" "Tests/Fuzz/Corpus/$target" > "$build/$target.log" 2>&1 ||
        { tail -n 60 "$build/$target.log"; exit 1; }
    grep -E '^(Done|stat::(average_exec|peak_rss))' "$build/$target.log"
done
