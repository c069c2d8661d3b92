"""Runs every contender in turns with the engine, at the same receiver, and prints what both did."""

import argparse
import contextlib
import json
import math
import os
import shlex
import subprocess
import sys
import tempfile

import contenders
import webhooks

here = os.path.dirname(os.path.abspath(__file__))
parser = argparse.ArgumentParser(prog="compare.sh", description=__doc__)
parser.add_argument(
    "--only", type=contenders.named, default=contenders.CONTENDERS, metavar="NAMES",
    help="contenders with commas between them: " + ", ".join(contenders.NAMES),
)
parser.add_argument("--rounds", type=int, default=3, help="pairs of runs with each contender (3)")
parser.add_argument("--seconds", type=int, default=3, help="how long about each run of a contender is measured (3)")
parser.add_argument("--events", type=int, default=30_000, help="events that the engine delivers, to three endpoints each (30000)")
parser.add_argument("--json", action="store_true", help="one JSON object a line instead of a table")
options = parser.parse_args()
bench = os.environ["POSTHORN_BENCH"]


@contextlib.contextmanager
def receiver():
    process = subprocess.Popen([bench, "receive", "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline().split()[-1])
    finally:
        process.kill()
        process.wait()


def sized(contender):
    """How many events keep the contender busy for the wanted time on this machine in this hour."""
    events = 200
    with receiver() as port:
        # Twice, since the first few deliveries of a fast one say little about its rate.
        for _ in range(2):
            with tempfile.TemporaryDirectory(dir=os.environ["COMPARE_PLACE"]) as folder:
                rate = json.loads(contender.run_at(port, folder, "--events", str(events)))["rps"]
            wanted = max(200, math.ceil(rate * options.seconds / webhooks.FAN_OUT))
            if wanted < 5 * events:
                return wanted
            events = wanted
    return wanted


def compared(contender):
    """The bench's findings, and how much work each run of the contender was."""
    amount = ["--seconds", str(options.seconds)] if contender.is_load else ["--events", str(sized(contender))]
    command = f"{shlex.quote(sys.executable)} {shlex.quote(here)}/{contender.command} {' '.join(amount)}"
    arguments = ["postgres", "--part", "deliver"] if contender.over_postgres else ["deliver"]
    database = " --database '{database}'" if contender.over_postgres else ""
    arguments += ["--json", "--events", str(options.events), "--rounds", str(options.rounds)]
    arguments += ["--against", f"exec {command} --port {{port}} --folder {{folder}}{database}"]
    found = subprocess.run([bench, *arguments], capture_output=True, text=True)
    if found.returncode != 0:
        raise SystemExit(f"compare.sh: {contender.name}: {found.stderr.strip() or found.stdout.strip()}")
    return json.loads(found.stdout), amount


rows = []
for contender in options.only:
    contender.demand()
for contender in options.only:
    contenders.progress(contender.name)
    found, amount = compared(contender)
    rows.append(
        {
            "contender": contender.name,
            "does": contender.does,
            "packages": contender.described(),
            "settings": contender.settings,
            "amount": " ".join(amount),
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
contenders.progress("")
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
print("\nSettings")
for row in rows:
    print("  ".join([row["contender"].ljust(widths[0]), ": ".join(filter(None, [row["packages"], row["settings"]])) + f" ({row['amount']})"]))
