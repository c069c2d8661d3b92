"""The Huey application: a task queue in an SQLite file."""

import os
import threading

import huey
import requests

import webhooks

FOLDER = os.environ["COMPARE_FOLDER"]
PORT = int(os.environ["COMPARE_PORT"])

queue = huey.SqliteHuey(filename=os.path.join(FOLDER, "queue.db"), results=False, fsync=True, timeout=60, cache_mb=64)
local = threading.local()
# Made in each process of its own, since a lock on a file that was opened before a fork is shared.
turns = {}


@queue.task()
def deliver(delivery, event, endpoint, data):
    if not hasattr(local, "session"):
        local.session = requests.Session()
        local.session.trust_env = False
        local.ledger = webhooks.open_ledger(FOLDER)
    if os.getpid() not in turns:
        turns[os.getpid()] = webhooks.Turns(FOLDER)
    webhooks.deliver(local.session, local.ledger, turns[os.getpid()], PORT, delivery, event, endpoint, data)
