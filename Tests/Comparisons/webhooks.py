"""What all contenders share: the events, the signed request, the record of attempts, and the measuring."""

import base64
import fcntl
import hmac
import json
import os
import sqlite3
import threading
import time

ENDPOINTS = 201
FAN_OUT = 3
SECRET = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
DATA = '{"pad":"' + "y" * 1190 + '"}'

SCHEMA = """
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY, event TEXT NOT NULL, endpoint INTEGER NOT NULL, data TEXT,
    state TEXT NOT NULL DEFAULT 'pending', attempts INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY, delivery INTEGER NOT NULL, number INTEGER NOT NULL, started INTEGER NOT NULL,
    duration INTEGER NOT NULL, status INTEGER NOT NULL, response TEXT
);
"""


class Turns:
    """Turns between processes and threads: SQLite's own waiting sleeps ever longer, so that many writers mostly sleep."""

    def __init__(self, folder):
        self.file = open(os.path.join(folder, "turns"), "w")
        self.thread_lock = threading.Lock()

    def __enter__(self):
        self.thread_lock.acquire()
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        fcntl.flock(self.file, fcntl.LOCK_UN)
        self.thread_lock.release()


def open_ledger(folder):
    """A connection that records as durably as the engine does."""
    ledger = sqlite3.connect(os.path.join(folder, "ledger.db"), timeout=60, isolation_level=None, check_same_thread=False)
    ledger.execute("PRAGMA journal_mode = WAL")
    ledger.execute("PRAGMA synchronous = FULL")
    return ledger


def deliveries(events):
    """Every delivery as (id, event, endpoint): three endpoints of 201 in turns, as the engine's benchmark has them."""
    for number in range(events):
        for place in range(FAN_OUT):
            yield (number * FAN_OUT + place + 1, f"evt_{number:016x}", number % (ENDPOINTS // FAN_OUT) * FAN_OUT + place)


def make_ledger(folder, events, with_data=False):
    """A ledger in which every delivery waits."""
    ledger = open_ledger(folder)
    ledger.executescript(SCHEMA)
    ledger.execute("BEGIN IMMEDIATE")
    data = DATA if with_data else None
    ledger.executemany(
        "INSERT INTO delivery (id, event, endpoint, data) VALUES (?, ?, ?, ?)",
        ((*delivery, data) for delivery in deliveries(events)),
    )
    ledger.execute("COMMIT")
    return ledger


def signed_request(event, endpoint, data):
    """Body and headers as Standard Webhooks wants them."""
    now = time.time()
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    body = f'{{"type":"bench.{endpoint // FAN_OUT}","timestamp":"{moment}Z","data":{data}}}'.encode()
    timestamp = str(int(now))
    signature = base64.b64encode(hmac.digest(SECRET, f"{event}.{timestamp}.".encode() + body, "sha256")).decode()
    headers = {
        "content-type": "application/json",
        "webhook-id": event,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }
    return body, headers


def record(ledger, results):
    """Attempts with what became of their deliveries, in one commit: (delivery, started ms, duration ms, status, response)."""
    ledger.execute("BEGIN IMMEDIATE")
    ledger.executemany(
        "INSERT INTO attempt (delivery, number, started, duration, status, response) VALUES (?1, 1, ?2, ?3, ?4, ?5)", results
    )
    ledger.executemany(
        "UPDATE delivery SET state = ?, attempts = attempts + 1 WHERE id = ?",
        [("delivered" if status == 200 else "pending", delivery) for delivery, _, _, status, _ in results],
    )
    ledger.execute("COMMIT")


def deliver(session, ledger, turns, port, delivery, event, endpoint, data):
    """One delivery with a session of requests: sign, send, record."""
    body, headers = signed_request(event, endpoint, data)
    started = time.time_ns() // 1_000_000
    answer = session.post(f"http://127.0.0.1:{port}/hook/{endpoint}", data=body, headers=headers, timeout=30)
    took = time.time_ns() // 1_000_000 - started
    with turns:
        record(ledger, [(delivery, started, took, answer.status_code, answer.text[:1024])])


def cpu_seconds(sessions):
    """Processor time so far of all processes of these sessions (proc(5))."""
    ticks = 0
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as file:
                fields = file.read().rpartition(") ")[2].split()
        except OSError:
            continue
        if int(fields[3]) in sessions:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(ledger, total, sessions, alive):
    """Rate and CPU from the moment when a twentieth is delivered, so that starting up does not count, to the end."""
    first = start = cpu = None
    while True:
        done = ledger.execute("SELECT ifnull(max(id), 0) FROM attempt").fetchone()[0]
        if first is None and done >= total // 20:
            first, start, cpu = done, time.monotonic(), cpu_seconds(sessions)
        if done >= total:
            break
        if not alive():
            raise SystemExit("the workers ended early")
        time.sleep(0.01)
    elapsed = time.monotonic() - start
    used = cpu_seconds(sessions) - cpu
    delivered = ledger.execute("SELECT count(*) FROM delivery WHERE state = 'delivered'").fetchone()[0]
    if delivered != total:
        raise SystemExit(f"{delivered} of {total} deliveries were delivered")
    return {"rps": (total - first) / elapsed, "cus": used / (total - first) * 1e6}


def tell(findings):
    """The line that posthorn-bench deliver --against reads."""
    print(json.dumps(findings), flush=True)
