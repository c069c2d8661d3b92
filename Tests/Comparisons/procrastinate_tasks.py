"""The procrastinate application, with its queue in PostgreSQL."""

import asyncio
import concurrent.futures
import itertools
import os
import sys

import procrastinate

import task

DATABASE = os.environ["COMPARE_DATABASE"]
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=DATABASE, min_size=4, max_size=16))
# asyncio's own pool has four threads more than the machine has cores.
threads = concurrent.futures.ThreadPoolExecutor(64)


@app.task(name="deliver")
async def deliver(delivery, event, endpoint, data):
    await asyncio.get_running_loop().run_in_executor(threads, task.deliver, delivery, event, endpoint, data)


def store(deliveries, data):
    with app.replace_connector(procrastinate.SyncPsycopgConnector(conninfo=DATABASE)) as own, own.open():
        own.schema_manager.apply_schema()
        deferrer = own.tasks["deliver"].configure()
        jobs = ({"delivery": d, "event": e, "endpoint": p, "data": data} for d, e, p in deliveries)
        while batch := list(itertools.islice(jobs, 1000)):
            deferrer.batch_defer(*batch)


def worker(number, _, concurrency):
    """The command of one of the workers."""
    command = [sys.executable, "-m", "procrastinate", "--log-level", "error", "--app", "procrastinate_tasks.app"]
    return command + ["worker", "--name", f"w{number}", "--concurrency", str(concurrency), "--delete-jobs", "never", "--fetch-job-polling-interval", "1"]
