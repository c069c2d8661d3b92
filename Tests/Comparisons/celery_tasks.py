"""The Celery application."""

import sys

import celery

import task

app = celery.Celery("comparison", broker=f"redis+socket://{task.REDIS}")
app.conf.update(
    task_ignore_result=True,
    # As the engine: a delivery whose worker dies is made again.
    task_acks_late=True,
    worker_prefetch_multiplier=32,
    worker_disable_rate_limits=True,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
)
deliver = app.task(task.deliver, name="deliver")


def store(deliveries, data):
    with app.connection_for_write() as connection, connection.channel() as channel:
        producer = app.amqp.Producer(channel)
        for delivery in deliveries:
            deliver.apply_async((*delivery, data), producer=producer)


def worker(number, pool, concurrency):
    """The command of one of the workers."""
    command = [sys.executable, "-m", "celery", "-A", "celery_tasks", "worker", "-n", f"{number}@comparison", "-l", "ERROR"]
    return command + ["-P", pool, "-c", str(concurrency), "--without-gossip", "--without-mingle", "--without-heartbeat"]
