"""What the task of every queue does: sign, post, record. A worker imports it, in as many processes and threads as it has."""

import os
import threading
import time

import requests

import webhooks

FOLDER = os.environ["COMPARE_FOLDER"]
PORT = int(os.environ["COMPARE_PORT"])
REDIS = os.path.join(FOLDER, "redis.sock")

sessions = threading.local()
recorders = {}
recorders_lock = threading.Lock()


def session():
    """This thread's, which keeps its connections."""
    if not hasattr(sessions, "own"):
        sessions.own = requests.Session()
        # Looking for proxies and .netrc at every request would cost a third of its time.
        sessions.own.trust_env = False
    return sessions.own


def recorder():
    """This process's: neither a connection of SQLite nor a lock on a file may be shared with a forked child."""
    with recorders_lock:
        if os.getpid() not in recorders:
            recorders[os.getpid()] = webhooks.Recorder(FOLDER)
        return recorders[os.getpid()]


def deliver(delivery, event, endpoint, data):
    """One delivery. It returns when its attempt is on the disk."""
    body, headers = webhooks.signed_request(event, endpoint, data)
    # Prepared without the session's defaults, which are merged anew for every request otherwise.
    request = requests.Request("POST", f"http://127.0.0.1:{PORT}/hook/{endpoint}", data=body, headers=headers).prepare()
    started = time.time_ns() // 1_000_000
    answer = session().send(request, timeout=30, allow_redirects=False)
    took = time.time_ns() // 1_000_000 - started
    recorder().record((delivery, started, took, answer.status_code, answer.text[:1024]))
