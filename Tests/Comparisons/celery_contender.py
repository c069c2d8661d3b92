"""Celery with Redis and requests: one task a delivery, its attempt recorded in SQLite."""

import argparse
import os
import socket
import subprocess
import sys
import time

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--folder", required=True)
parser.add_argument("--events", type=int, default=2000)
parser.add_argument("--pool", choices=["prefork", "threads"], default="prefork")
parser.add_argument("--concurrency", type=int, default=4)
options = parser.parse_args()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


broker_port = free_port()
os.environ["COMPARE_FOLDER"] = options.folder
os.environ["COMPARE_PORT"] = str(options.port)
os.environ["COMPARE_BROKER"] = f"redis://127.0.0.1:{broker_port}/0"

import celery_tasks
import webhooks

here = os.path.dirname(os.path.abspath(__file__))
# Nothing of the queue is kept on disk: faster than the engine's promise allows, and so in Celery's favour.
redis = subprocess.Popen(
    ["redis-server", "--port", str(broker_port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", options.folder],
    stdout=subprocess.DEVNULL,
    start_new_session=True,
)
worker = None
try:
    ledger = webhooks.make_ledger(options.folder, options.events)
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", broker_port)).close()
            break
        except OSError:
            time.sleep(0.01)
    start = time.monotonic()
    with celery_tasks.app.connection_for_write() as connection, connection.channel() as channel:
        producer = celery_tasks.app.amqp.Producer(channel)
        for delivery in webhooks.deliveries(options.events):
            celery_tasks.deliver.apply_async((*delivery, webhooks.DATA), producer=producer)
    stored = options.events / (time.monotonic() - start)
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "celery_tasks", "worker", "-P", options.pool, "-c", str(options.concurrency)]
        + ["-l", "ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat"],
        cwd=here,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        start_new_session=True,
    )
    found = webhooks.measure(
        ledger, options.events * webhooks.FAN_OUT, {worker.pid, redis.pid}, lambda: worker.poll() is None
    )
    webhooks.tell({**found, "ingest_ev_s": stored})
finally:
    for process in (worker, redis):
        if process is not None:
            process.terminate()
    if worker is not None:
        try:
            worker.wait(10)
        except subprocess.TimeoutExpired:
            worker.kill()
    redis.wait()
