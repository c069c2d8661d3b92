"""Runs every contender in turns with the engine, at the same receiver, and prints what both did."""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys

import webhooks

here = os.path.dirname(os.path.abspath(__file__))
# Name, what it does, its command, the Debian program that it needs.
CONTENDERS = [
    ("wrk", "sends the same bytes, records nothing", "load_contender.py --tool wrk", "wrk"),
    ("hey", "sends the same bytes, records nothing", "load_contender.py --tool hey", "hey"),
    ("asyncio", "tuned script: aiohttp, uvloop, grouped commits", "asyncio_contender.py", None),
    ("celery-prefork", "Celery, Redis, requests; 4 processes", "celery_contender.py --pool prefork", "redis-server"),
    ("celery-threads", "Celery, Redis, requests; 4 threads", "celery_contender.py --pool threads --concurrency 4", "redis-server"),
    ("huey-process", "Huey on SQLite, requests; 4 processes", "huey_contender.py --kind process", None),
    ("huey-thread", "Huey on SQLite, requests; 8 threads", "huey_contender.py --kind thread --workers 8", None),
]
NAMES = [name for name, _, _, _ in CONTENDERS]


def names(text):
    wanted = text.split(",")
    for name in wanted:
        if name not in NAMES:
            raise argparse.ArgumentTypeError(f"{name} is no contender; there are {', '.join(NAMES)}")
    return wanted


parser = argparse.ArgumentParser(prog="compare.sh", description=__doc__)
parser.add_argument("--only", type=names, default=NAMES, help="contenders with commas between them: " + ", ".join(NAMES))
parser.add_argument("--rounds", type=int, default=3, help="pairs of runs with each contender (3)")
parser.add_argument("--events", type=int, default=30_000, help="events that the engine delivers, to three endpoints each (30000)")
parser.add_argument("--json", action="store_true", help="one JSON object a line instead of a table")
options = parser.parse_args()
bench = os.environ["POSTHORN_BENCH"]


def compared(command):
    command = f"{shlex.quote(sys.executable)} {shlex.quote(here)}/{command} --port {{port}} --folder {{folder}}"
    arguments = ["deliver", "--json", "--events", str(options.events), "--rounds", str(options.rounds), "--against", command]
    found = subprocess.run([bench, *arguments], capture_output=True, text=True)
    if found.returncode != 0:
        raise SystemExit(f"compare.sh: {found.stderr.strip() or found.stdout.strip()}")
    return json.loads(found.stdout)


rows = []
for name, does, command, program in CONTENDERS:
    if name not in options.only:
        continue
    if program is not None and shutil.which(program) is None:
        raise SystemExit(f"compare.sh: {program} is not installed; leave {name} out with --only")
    if sys.stderr.isatty():
        print(f"\r\033[K{name}", end="", file=sys.stderr, flush=True)
    found = compared(command)
    rows.append(
        {
            "contender": name,
            "does": does,
            "rounds": options.rounds,
            "engine_per_second": found["deliveries_per_second_engine"],
            "per_second": found["deliveries_per_second_the_other"],
            "rate_ratio": found["deliveries_per_second_ratio"],
            "rate_ratios": [found[f"deliveries_per_second_ratio_round_{n + 1}"] for n in range(options.rounds)],
            "engine_cpu_us": found["cpu_us_per_delivery_engine"],
            "cpu_us": found["cpu_us_per_delivery_the_other"],
            "cpu_ratio": round(found["cpu_us_per_delivery_the_other"] / found["cpu_us_per_delivery_engine"], 3),
        }
    )
if sys.stderr.isatty():
    print("\r\033[K", end="", file=sys.stderr)
if options.json:
    for row in rows:
        print(json.dumps(row))
    sys.exit()
head = ["contender", "deliveries/s", "engine's", "engine is × as fast (rounds)", "CPU µs", "engine's", "× its CPU", ""]
table = [head] + [
    [
        row["contender"],
        f"{row['per_second']:.0f}",
        f"{row['engine_per_second']:.0f}",
        f"{row['rate_ratio']:.3g} ({min(row['rate_ratios']):.3g} to {max(row['rate_ratios']):.3g})",
        f"{row['cpu_us']:.1f}",
        f"{row['engine_cpu_us']:.1f}",
        f"{row['cpu_ratio']:.3g}",
        row["does"],
    ]
    for row in rows
]
widths = [max(len(line[column]) for line in table) for column in range(len(head) - 1)]
print(f"Medians of {options.rounds} rounds in turns at the same receiver; 1.2 KB, Standard Webhooks, {webhooks.ENDPOINTS} endpoints")
for line in table:
    cells = [line[0].ljust(widths[0])] + [line[column].rjust(widths[column]) for column in range(1, len(widths))]
    print("  ".join([*cells, line[-1]]).rstrip())
