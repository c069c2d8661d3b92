"""What all contenders share: the events, the signed request, the record of attempts, and the measuring."""

import base64
import collections
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
# How long a queue may do nothing before it is given up.
STALL_SECONDS = 60
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


class Recorder:
    """Records attempts, in turns between processes, and in one commit what threads of one process have at the same time.

    SQLite's own waiting sleeps ever longer, so that many writers mostly sleep.
    """

    def __init__(self, folder):
        self.ledger = open_ledger(folder)
        self.turn = open(os.path.join(folder, "turns"), "w")
        self.lock = threading.Lock()
        self.waiting = collections.deque()

    def record(self, result):
        """Returns when (delivery, started ms, duration ms, status, response) is recorded."""
        self.waiting.append(result)
        with self.lock:
            # Whoever has its turn records for all who wait for theirs.
            if result not in self.waiting:
                return
            fcntl.flock(self.turn, fcntl.LOCK_EX)
            group = [self.waiting.popleft() for _ in range(len(self.waiting))]
            try:
                record(self.ledger, group)
            finally:
                fcntl.flock(self.turn, fcntl.LOCK_UN)


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
    """Rate and CPU between the first twentieth and the last, so that neither starting up nor running dry counts."""
    marks = []
    patience = time.monotonic() + STALL_SECONDS
    known = 0
    wanted = [total // 20, total - total // 20, total]
    while wanted:
        done = ledger.execute("SELECT ifnull(max(id), 0) FROM attempt").fetchone()[0]
        if done > known:
            known, patience = done, time.monotonic() + STALL_SECONDS
        if done >= wanted[0]:
            marks.append((done, time.monotonic(), cpu_seconds(sessions)))
            wanted = [more for more in wanted if more > done]
        elif not alive():
            raise SystemExit("the workers ended early")
        elif time.monotonic() > patience:
            raise SystemExit(f"nothing was delivered for {STALL_SECONDS} s; {done} of {total} deliveries were attempted")
        else:
            time.sleep(0.01)
    check_ledger(ledger, total)
    if len(marks) < 2:
        raise SystemExit(f"{total} deliveries are too few to be measured")
    (first, start, cpu), (last, end, cpu_at_end) = marks[:2]
    return {"rps": (last - first) / (end - start), "cus": (cpu_at_end - cpu) / (last - first) * 1e6}


def check_ledger(ledger, total):
    """Ends the program unless every delivery has been made, with one attempt on record."""
    delivered = ledger.execute("SELECT count(*) FROM delivery WHERE state = 'delivered' AND attempts = 1").fetchone()[0]
    attempts = ledger.execute("SELECT count(*) FROM attempt").fetchone()[0]
    if (delivered, attempts) != (total, total):
        raise SystemExit(f"{delivered} of {total} deliveries were delivered by one attempt; {attempts} attempts are on record")


def tell(findings):
    """The line that posthorn-bench deliver --against reads."""
    print(json.dumps(findings), flush=True)
