#!/usr/bin/env bash
# Everything that must hold before a change counts: the format, a build without warnings, and all tests.
#
#     Tests/run.sh                        everything
#     Tests/run.sh --filter TidyTests     only tests whose name matches, as `swift test --filter`
#
# Installs missing system libraries first. The last line is the test runner's own; the exit status is its too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

filter=()
while [[ $# -gt 0 ]]; do
    case $1 in
    --filter)
        [[ $# -ge 2 ]] || { echo "run.sh: --filter wants a pattern, such as --filter TidyTests" >&2; exit 2; }
        filter+=(--filter "$2")
        shift 2
        ;;
    --help)
        sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    *)
        echo "run.sh: $1 is not known here; allowed are --filter PATTERN and --help" >&2
        exit 2
        ;;
    esac
done

# The tests of TLS talk to OpenSSL's own server.
Tests/install-missing.sh openssl
swift format lint --strict --parallel --recursive Sources Tests Migrations Examples Package.swift
# Package.swift makes every warning an error.
swift build --build-tests
exec swift test --skip-build --disable-xctest "${filter[@]}"
