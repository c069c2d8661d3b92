"""Huey with its queue in SQLite, and requests: one task a delivery, its attempt recorded in SQLite."""

import argparse
import os
import subprocess
import sys
import time

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--folder", required=True)
parser.add_argument("--events", type=int, default=1000)
parser.add_argument("--kind", choices=["process", "thread"], default="process")
parser.add_argument("--workers", type=int, default=4)
options = parser.parse_args()
os.environ["COMPARE_FOLDER"] = options.folder
os.environ["COMPARE_PORT"] = str(options.port)

import huey_tasks
import webhooks

here = os.path.dirname(os.path.abspath(__file__))
ledger = webhooks.make_ledger(options.folder, options.events)
start = time.monotonic()
for delivery in webhooks.deliveries(options.events):
    huey_tasks.deliver(*delivery, webhooks.DATA)
stored = options.events / (time.monotonic() - start)
worker = subprocess.Popen(
    [sys.executable, "-m", "huey.bin.huey_consumer", "huey_tasks.queue", "-k", options.kind, "-w", str(options.workers)]
    # Quiet, without periodic tasks, and looking again at once when another worker was faster.
    + ["-q", "-n", "-d", "0.001", "-m", "0.01", "-b", "1"],
    cwd=here,
    stdout=subprocess.DEVNULL,
    stderr=sys.stderr,
    start_new_session=True,
)
try:
    found = webhooks.measure(ledger, options.events * webhooks.FAN_OUT, {worker.pid}, lambda: worker.poll() is None)
    webhooks.tell({**found, "ingest_ev_s": stored})
finally:
    worker.terminate()
    try:
        worker.wait(10)
    except subprocess.TimeoutExpired:
        worker.kill()
