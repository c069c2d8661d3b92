"""The Huey application, with its queue in Redis or in an SQLite file."""

import os
import sys

import huey

import task

if os.environ["COMPARE_QUEUE"] == "huey-redis":
    queue = huey.RedisHuey(url=f"unix://{task.REDIS}", results=False)
else:
    queue = huey.SqliteHuey(filename=os.path.join(task.FOLDER, "queue.db"), results=False, fsync=True, timeout=60, cache_mb=64)
deliver = queue.task()(task.deliver)


def store(deliveries, data):
    if isinstance(queue, huey.SqliteHuey):
        # Storing is not measured: the workers' own connections bring all of it to the disk with their first commit.
        queue.storage.conn.execute("PRAGMA synchronous = OFF")
    for delivery in deliveries:
        deliver(*delivery, data)


def worker(_, pool, concurrency):
    """The command of one of the workers."""
    command = [sys.executable, "-m", "huey.bin.huey_consumer", "huey_tasks.queue", "-k", pool, "-w", str(concurrency)]
    # Quiet, without periodic tasks, and looking again at once when another worker was faster.
    return command + ["-q", "-n", "-d", "0.001", "-m", "0.01", "-b", "1"]
