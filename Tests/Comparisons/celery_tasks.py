"""The Celery application; its workers import it."""

import os
import threading

import celery
import requests

import webhooks

FOLDER = os.environ["COMPARE_FOLDER"]
PORT = int(os.environ["COMPARE_PORT"])

app = celery.Celery("comparison", broker=os.environ["COMPARE_BROKER"])
app.conf.update(
    task_ignore_result=True,
    # As the engine: a delivery whose worker dies is made again.
    task_acks_late=True,
    worker_prefetch_multiplier=32,
    worker_disable_rate_limits=True,
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
)

local = threading.local()
# Made in each process of its own, since a lock on a file that was opened before a fork is shared.
turns = {}


@app.task
def deliver(delivery, event, endpoint, data):
    if not hasattr(local, "session"):
        local.session = requests.Session()
        # Looking for proxies and .netrc at every request would cost a third of its time.
        local.session.trust_env = False
        local.ledger = webhooks.open_ledger(FOLDER)
    if os.getpid() not in turns:
        turns[os.getpid()] = webhooks.Turns(FOLDER)
    webhooks.deliver(local.session, local.ledger, turns[os.getpid()], PORT, delivery, event, endpoint, data)
