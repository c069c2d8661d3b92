"""The Dramatiq application."""

import sys

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Retries

import task

# Of the middleware only what a sender of webhooks needs: limits of age and of time cost a little for every task.
broker = RedisBroker(url=f"unix://{task.REDIS}", middleware=[Retries()])
dramatiq.set_broker(broker)
deliver = dramatiq.actor(task.deliver)


def store(deliveries, data):
    for delivery in deliveries:
        deliver.send(*delivery, data)


def worker(_, pool, concurrency):
    """The command of one of the workers."""
    if pool != "thread":
        raise SystemExit(f"Dramatiq's tasks run in threads; --pool thread, not {pool}")
    command = [sys.executable, "-m", "dramatiq", "dramatiq_tasks", "--skip-logging"]
    return command + ["--processes", "1", "--threads", str(concurrency)]
