"""A task queue: one task a delivery, its attempt recorded in SQLite."""

import argparse
import contextlib
import glob
import importlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import webhooks

APPLICATIONS = {
    "celery": "celery_tasks", "dramatiq": "dramatiq_tasks", "huey-redis": "huey_tasks", "huey-sqlite": "huey_tasks",
    "procrastinate": "procrastinate_tasks",
}
parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--folder", required=True)
parser.add_argument("--queue", choices=APPLICATIONS, required=True)
parser.add_argument("--database", help="the address of an empty PostgreSQL database; without it a server is started")
parser.add_argument("--events", type=int, default=1000)
parser.add_argument("--workers", type=int, default=1, help="worker programs")
parser.add_argument("--pool", default="thread", help="what a worker program runs its tasks in, by the queue's own word")
parser.add_argument("--concurrency", type=int, default=4, help="processes or threads of each worker program")
options = parser.parse_args()
# Ends by the way of an exception, so that everything that was started is stopped.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


@contextlib.contextmanager
def running(command, **settings):
    """A program with a session of its own, at whose end nothing of that session is left."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True, **settings)
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def redis():
    # Nothing of the queue is kept on disk: faster than the engine's promise allows, and so in the queues' favour.
    path = os.path.join(options.folder, "redis.sock")
    command = ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", options.folder]
    with running(command) as process:
        while process.poll() is None:
            with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
                probe.connect(path)
                break
            time.sleep(0.01)
        yield process


@contextlib.contextmanager
def postgres():
    """The address of a database in a server of its own, with fsync on."""
    folder = os.path.join(options.folder, "postgres")
    os.mkdir(folder, 0o700)
    binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))[-1]
    user = []
    if os.getuid() == 0:
        # It does not run as root.
        shutil.chown(folder, "postgres")
        os.chmod(options.folder, 0o755)
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
    subprocess.run(
        [*user, f"{binaries}/initdb", "-D", f"{folder}/data", "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"],
        check=True, stdout=subprocess.DEVNULL,
    )
    settings = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
    with running([*user, f"{binaries}/postgres", "-D", f"{folder}/data", *settings], stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and subprocess.run([f"{binaries}/pg_isready", "-q", "-h", folder]).returncode != 0:
            time.sleep(0.05)
        yield process, f"postgresql://postgres@/postgres?host={folder}"


def main():
    os.environ["COMPARE_FOLDER"] = options.folder
    os.environ["COMPARE_PORT"] = str(options.port)
    os.environ["COMPARE_QUEUE"] = options.queue
    ledger = webhooks.make_ledger(options.folder, options.events)
    with contextlib.ExitStack() as stack:
        processes = []
        if options.queue == "procrastinate":
            os.environ["COMPARE_DATABASE"] = options.database or ""
            if options.database is None:
                server, os.environ["COMPARE_DATABASE"] = stack.enter_context(postgres())
                processes.append(server)
        elif options.queue != "huey-sqlite":
            processes.append(stack.enter_context(redis()))
        application = importlib.import_module(APPLICATIONS[options.queue])
        application.store(webhooks.deliveries(options.events), webhooks.DATA)
        here = os.path.dirname(os.path.abspath(__file__))
        environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
        for number in range(options.workers):
            command = application.worker(number, options.pool, options.concurrency)
            processes.append(stack.enter_context(running(command, cwd=here, env=environment)))
        found = webhooks.measure(
            ledger,
            options.events * webhooks.FAN_OUT,
            {process.pid for process in processes},
            lambda: all(process.poll() is None for process in processes),
        )
        webhooks.tell(found)


main()
