#!/usr/bin/env bash
# Tries what `posthorn load` promises against a receiver that keeps its own log, and prints the evidence:
#
#     Tests/prove-lab.sh same --series 40 --runs 10 --seconds 1     comparisons of a receiver with itself: false alarms
#     Tests/prove-lab.sh slower --series 10                         a receiver slower by the smallest change that was said to show
#     Tests/prove-lab.sh rate --rate 200 --seconds 3                --find-rate beside the rate found by hand
#     Tests/prove-lab.sh truth --requests 1000                      verdicts held against the receiver's own log
#     Tests/prove-lab.sh memory --rate 500 --seconds 3600           resident memory; --rate 0 for as fast as it goes, --requests N
#
# Each takes --seed. Wants posthorn built (swift build --product posthorn), or the program that JUDGED names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
POSTHORN=$(realpath -m "${JUDGED:-.build/debug/posthorn}")
[[ -x $POSTHORN ]] || { echo "prove-lab.sh: there is no $POSTHORN; build it with swift build --product posthorn" >&2; exit 2; }
export POSTHORN
exec python3 Tests/LabProofs/prove.py "$@"
