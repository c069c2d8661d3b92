"""What `posthorn load` promises, tried against a receiver that keeps its own log. See prove-lab.sh."""

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
POSTHORN = os.environ["POSTHORN"]
FAILED = []


def check(holds, text):
    """Prints one finding; a false one is why the program ends with 1."""
    print(f"{'ok  ' if holds else 'FAIL'} {text}", flush=True)
    if not holds:
        FAILED.append(text)


class Receiver:
    """The receiver as a process, with its log."""

    def __init__(self, folder, seed=1, **behaviour):
        self.path = os.path.join(folder, f"log-{time.monotonic_ns()}")
        words = [sys.executable, os.path.join(HERE, "receiver.py"), self.path, str(seed), json.dumps(behaviour)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}/"

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        with open(self.path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]


def load(*words):
    """One load: its exit status and its report."""
    run = subprocess.run([POSTHORN, "load", *map(str, words), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        return run.returncode, json.loads(run.stdout)
    except json.JSONDecodeError:
        sys.exit(f"posthorn load {' '.join(map(str, words))}: status {run.returncode}\n{run.stderr}")


def compare(first, second, options, seed):
    words = ["--runs", options.runs, "--rate", options.rate, "--duration", f"{options.seconds}s", "--seed", seed, "--threads", 1, "--json"]
    run = subprocess.run([POSTHORN, "load", "compare", first, second, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode not in (0, 1, 3):
        sys.exit(run.stderr)
    return json.loads(run.stdout)


def percentile(values, percent):
    """By nearest rank, as the report has it."""
    values = sorted(values)
    return values[max(0, math.ceil(len(values) * percent / 100) - 1)]


def same(options, folder):
    """Series of one and the same receiver: each difference that is seen is a false alarm."""
    receiver = Receiver(folder, options.seed, spin_us=options.spin)
    alarms = []
    for number in range(options.series):
        result = compare(f"{receiver.url}a", f"{receiver.url}b", options, options.seed + 1000 * number)
        seen = [f"{row['figure']} {row['outcome']} {row['change']} p={row['p']}" for row in result["figures"] if row["outcome"] in ("worse", "better")]
        alarms += [number + 1] if seen else []
        p50 = result["figures"][0]
        print(f"series {number + 1}: {result['outcome']}; p50 {p50['a']} and {p50['b']} ms, would show {p50['would_show']} {'; '.join(seen)}", flush=True)
    receiver.end()
    allowed = math.ceil(options.series * 0.05)
    check(len(alarms) <= allowed, f"{len(alarms)} false alarms in {options.series} series; {allowed} are allowed")


def slower(options, folder):
    """Series of a receiver and one that is slower by what was said to show."""
    receiver = Receiver(folder, options.seed, spin_us=options.spin)
    first = compare(f"{receiver.url}a", f"{receiver.url}b", options, options.seed)["figures"][0]
    change = float(first["would_show"])
    more = round(change * float(first["a"]) * 1000)
    print(f"p50 {first['a']} ms; the smallest change that would show: {change:.2%}, which is {more} us a request", flush=True)
    slow = Receiver(folder, options.seed, spin_us=options.spin + more)
    found = 0
    for number in range(options.series):
        row = compare(receiver.url, slow.url, options, options.seed + 1000 * (number + 1))["figures"][0]
        found += row["outcome"] == "worse"
        print(f"series {number + 1}: {row['outcome']}, {row['a']} and {row['b']} ms, change {row['change']}, would show {row['would_show']}", flush=True)
    receiver.end(), slow.end()
    wanted = math.floor(options.series * 0.8)
    check(found >= wanted, f"found in {found} of {options.series}; {wanted} are wanted")


def rate(options, folder):
    """The rate that is found, beside that which loads of one rate each find by halving a distance by hand."""
    for words, behaviour in (
        (["errors<1%"], None),
        (["p99<200ms"], {"spin_us": 1_000_000 // options.rate}),
    ):
        def bench():
            """A token bucket of posthorn receive, or a receiver that is busy for so long with each request."""
            if behaviour:
                return Receiver(folder, options.seed, **behaviour)
            return Limited(options.rate)

        receiver = bench()
        status, report = load(receiver.url, "--find-rate", words[0], "--duration", f"{options.seconds}s", "--rate", options.rate / 4, "--seed", options.seed)
        receiver.end()
        found = report["last_kept_per_second"]
        low, high = options.rate / 4, options.rate * 4.0
        while high > low * 1.01:
            middle = math.sqrt(low * high)
            for _ in range(3):
                receiver = bench()
                kept, _ = load(receiver.url, "--rate", f"{middle:.2f}", "--duration", f"{3 * options.seconds}s", "--expect", words[0], "--expect", "errors<1%", "--seed", options.seed)
                receiver.end()
                # This machine was late: once more, as the search does it.
                if kept != 3:
                    break
            print(f"by hand: {middle:.1f}/s {'kept' if kept == 0 else 'missed' if kept == 1 else 'not known'}", flush=True)
            if kept == 0:
                low = middle
            else:
                high = middle
        by_hand = math.sqrt(low * high)
        distance = abs(float(found or 0) - by_hand) / by_hand
        check(status == 0 and distance <= 0.05, f"{words[0]}: found {found}, by hand {by_hand:.1f}: {distance:.1%} apart (status {status})")


class Limited:
    """posthorn receive, with a rate limit where one is given."""

    def __init__(self, limit=None):
        words = [POSTHORN, "receive", "--port", "0", "--json"] + (["--rate-limit", str(limit)] if limit else [])
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = f"http://127.0.0.1:{json.loads(self.process.stdout.readline())['port']}/"
        # What it tells of each request is read away by no one else.
        self.drain = subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=subprocess.DEVNULL)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.drain.wait()


BOUND_MS, DEADLINE_MS = 250, 1500

CASES = {
    "fine": {},
    "slow, few": {"slow": 0.003, "slow_ms": 600},
    "slow, many": {"slow": 0.03, "slow_ms": 600},
    "hanging, few": {"hang": 0.003},
    "hanging, many": {"hang": 0.03},
    "hanging, all": {"hang": 1},
    "refusing, few": {"cut": 0.003},
    "refusing, many": {"cut": 0.03},
    "refusing, all": {"cut": 1},
    "busy beyond its rate": {"spin_us": 12_000},
}


def judged(log, planned, per_second):
    """What the receiver's own log says of p99 and of errors: what was never answered is later than any bound and an error."""
    start = min(entry["came"] for entry in log) if log else 0
    waits, errors = [], planned - len(log)
    for entry in log:
        # The schedule is even, so that the n-th request was meant to leave at this moment.
        meant = min(entry["came"], start + (entry["n"] - 1) / per_second)
        done = entry["answered"]
        wait = math.inf if done is None else (done - meant) * 1000
        errors += wait > DEADLINE_MS
        waits.append(wait)
    waits += [math.inf] * (planned - len(log))
    p99 = percentile(waits, 99)
    return p99, "kept" if p99 < BOUND_MS else "missed", errors / planned, "kept" if errors / planned < 0.01 else "missed"


def truth(options, folder):
    """Each verdict is the one that the receiver's own log gives; where this machine was late, it is not known."""
    per_second = 100 if options.requests < 3000 else 200
    planned = options.requests
    words = ["--rate", per_second, "--count", planned, "--timeout", DEADLINE_MS, "--seed", options.seed]
    words += ["--expect", f"p99<{BOUND_MS}ms", "--expect", "errors<1%"]
    for name, behaviour in CASES.items():
        for _ in range(3):
            receiver = Receiver(folder, options.seed, **behaviour)
            status, report = load(receiver.url, *words)
            log = receiver.end()
            outcomes = [one["outcome"] for one in report["expectations"]]
            if "not_known" not in outcomes:
                break
            print(f"     {name}: this machine was late, once more: {[one['line'] for one in report['expectations']]}", flush=True)
        p99, by_log, share, errors_by_log = judged(log, planned, per_second)
        check(
            outcomes == [by_log, errors_by_log] and status == (1 if "missed" in outcomes else 0),
            f"{name}: the log has p99 {p99:.0f} ms ({by_log}) and {share:.2%} errors ({errors_by_log}); posthorn says {outcomes}, status {status}",
        )
        hangs = sum(entry["answered"] is None for entry in log)
        check(report["requests"] == planned and report["unanswered"] == hangs or behaviour.get("spin_us"),
              f"{name}: {report['unanswered']} unanswered, {hangs} in the log of {len(log)}")
    # A closed port: nothing comes, and the log of a receiver that is gone is empty.
    receiver = Receiver(folder)
    receiver.end()
    status, report = load(receiver.url, *words)
    check(status == 1 and report["expectations"][0]["outcome"] == "missed", f"nobody listens: {[one['outcome'] for one in report['expectations']]}, status {status}")
    saturated(options, folder, per_second, words)


def saturated(options, folder, per_second, words):
    """A generator that is stopped for a while, and one that is asked for more than it can: the receiver is never said to have failed."""
    receiver = Receiver(folder)
    process = subprocess.Popen([POSTHORN, "load", receiver.url, *map(str, words), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    receiver.process.stdout.readline()
    time.sleep(options.requests / per_second / 4)
    process.send_signal(signal.SIGSTOP)
    time.sleep(2)
    process.send_signal(signal.SIGCONT)
    out, _ = process.communicate()
    judge_late("generator stopped for 2 s", receiver.end(), json.loads(out), process.returncode)
    # One core for the generator, which it shares with programs that do nothing but run; the receiver has another one.
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return
    os.sched_setaffinity(0, cores[1:])
    receiver = Receiver(folder)
    os.sched_setaffinity(0, cores[:1])
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(6)]
    status, report = load(receiver.url, "--rate", 3000, "--duration", "3s", "--threads", 1, "--expect", f"p99<{BOUND_MS // 10}ms")
    for burner in burners:
        burner.kill(), burner.wait()
    os.sched_setaffinity(0, cores)
    judge_late("a seventh of a core for 3,000/s", receiver.end(), report, status)


def judge_late(name, log, report, status):
    """The receiver's log has no slow answer, and the generator did not keep its schedule: nothing is known of the receiver."""
    slowest = percentile([(entry["answered"] - entry["came"]) * 1000 for entry in log], 99)
    outcome = report["expectations"][0]["outcome"]
    check(outcome == "not_known" and status == 3,
          f"{name}: p99 of the log's {len(log)} answers is {slowest:.1f} ms, requests left {report['start_delay_ms']['max']:.0f} ms late; "
          f"posthorn says {report['expectations'][0]['line']}, status {status}")


def memory(options, folder):
    """The resident memory of a load, each second."""
    receive = Limited()
    words = ["--rate", options.rate] if options.rate else ["--connections", 16]
    words += ["--count", options.requests] if options.requests else ["--duration", f"{options.seconds}s"]
    process = subprocess.Popen([POSTHORN, "load", receive.url, *map(str, words), "--seed", str(options.seed), "--vendor", "weseedo", "--json"], stdout=subprocess.PIPE, text=True)
    began, sizes = time.monotonic(), []
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
                fields = dict(line.split(":", 1) for line in file)
            if "VmRSS" in fields:
                sizes.append((time.monotonic() - began, int(fields["VmRSS"].split()[0]) / 1024, int(fields["VmHWM"].split()[0]) / 1024))
        except (FileNotFoundError, ProcessLookupError):
            break
        time.sleep(min(1, options.seconds / 30))
    report = json.loads(process.stdout.read())
    process.wait()
    receive.end()
    settled = [one for one in sizes if one[0] > sizes[-1][0] / 5]
    growth = (settled[-1][1] - settled[0][1]) / max(1e-9, settled[-1][0] - settled[0][0]) * 60
    step = max(1, len(sizes) // 10)
    print("MiB: " + ", ".join(f"{at:.0f} s {now:.1f}" for at, now, _ in sizes[::step]))
    peak = max(one[2] for one in sizes)
    check(peak < 100, f"{report['requests']} requests in {sizes[-1][0]:.0f} s: {peak:.1f} MiB at the most, {growth:+.2f} MiB a minute after the first fifth")


def main():
    parser = argparse.ArgumentParser(prog="prove-lab.sh")
    parts = parser.add_subparsers(dest="part", required=True)
    for name, act, more in (
        ("same", same, {"series": 40, "runs": 10, "rate": 100, "seconds": 1.0, "spin": 2000}),
        ("slower", slower, {"series": 10, "runs": 10, "rate": 100, "seconds": 1.0, "spin": 2000}),
        ("rate", rate, {"rate": 200, "seconds": 3.0}),
        ("truth", truth, {"requests": 1000}),
        ("memory", memory, {"seconds": 3600.0, "rate": 500, "requests": 0}),
    ):
        one = parts.add_parser(name, help=act.__doc__)
        for flag, standard in more.items():
            one.add_argument(f"--{flag}", type=type(standard), default=standard)
        one.add_argument("--seed", type=int, default=1)
        one.set_defaults(act=act)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        options.act(options, folder)
    sys.exit(1 if FAILED else 0)


main()
