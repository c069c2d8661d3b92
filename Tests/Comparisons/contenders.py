"""Who is compared with the engine, and with which settings."""

import argparse
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from typing import NamedTuple

REDIS = "Redis on a Unix socket, parsed by hiredis, nothing kept on disk"
CELERY = f"32 messages ahead for each process or thread, acknowledged late, no results, events, gossip, heartbeat or rate limits; {REDIS}"
HUEY = "no results, no periodic tasks; a task is forgotten when it is taken"


class Contender(NamedTuple):
    name: str
    # What it is, for a column of the table.
    does: str
    # The packages of Python that do it.
    packages: list[str]
    # How it was tuned.
    settings: str
    # Its program in this folder with that program's options.
    command: str
    # The Debian program that it needs.
    program: str | None = None
    # Whether the engine delivers from PostgreSQL beside it, in the same server.
    over_postgres: bool = False

    @property
    def is_load(self):
        """Whether it sends for a time, instead of delivering a number of events."""
        return self.command.startswith("load_contender")

    def run_at(self, port, folder, *more):
        """Runs it once, without the engine, and returns its last line."""
        command = [sys.executable, *self.command.split(), "--port", str(port), "--folder", folder, *more]
        here = os.path.dirname(os.path.abspath(__file__))
        found = subprocess.run(command, cwd=here, capture_output=True, text=True)
        if found.returncode != 0:
            raise SystemExit(f"compare.sh: {self.name} says:\n{found.stderr.strip() or found.stdout.strip()}")
        return found.stdout

    def demand(self):
        """Ends the program where its own is missing."""
        if self.program is not None and shutil.which(self.program) is None:
            raise SystemExit(f"compare.sh: {self.program} is not installed; leave {self.name} out with --only")

    def described(self):
        return ", ".join(f"{package} {version(package)}" for package in self.packages)


CONTENDERS = [
    Contender(
        "wrk", "sends the same bytes, records nothing", [], "2 threads, 64 connections",
        "load_contender.py --tool wrk --connections 64", "wrk",
    ),
    Contender(
        "hey", "sends the same bytes, records nothing", [], "64 connections",
        "load_contender.py --tool hey --connections 64", "hey",
    ),
    Contender(
        "asyncio", "tuned script, attempts recorded in groups", ["aiohttp", "uvloop"],
        "one process, 64 requests at once, a commit every 5 ms",
        "asyncio_contender.py --concurrency 64",
    ),
    Contender(
        "celery-prefork", "Celery on Redis, 2 processes", ["celery", "requests"],
        f"one worker, prefork pool of 2; {CELERY}",
        "queue_contender.py --queue celery --pool prefork --concurrency 2", "redis-server",
    ),
    Contender(
        "celery-threads", "Celery on Redis, 2 processes of 8 threads", ["celery", "requests"],
        f"two workers, thread pools of 8; {CELERY}",
        "queue_contender.py --queue celery --pool threads --workers 2 --concurrency 8", "redis-server",
    ),
    Contender(
        "dramatiq", "Dramatiq on Redis, 2 processes of 8 threads", ["dramatiq", "requests"],
        f"two workers of 8 threads, 16 messages ahead for each worker, no middleware but retries, no results; {REDIS}",
        "queue_contender.py --queue dramatiq --workers 2 --concurrency 8", "redis-server",
    ),
    Contender(
        "huey-redis", "Huey on Redis, 2 processes of 16 threads", ["huey", "requests"],
        f"two consumers of 16 threads, blocking reads, {HUEY}; {REDIS}",
        "queue_contender.py --queue huey-redis --pool thread --workers 2 --concurrency 16", "redis-server",
    ),
    Contender(
        "huey-process", "Huey on SQLite, 4 processes", ["huey", "requests"],
        f"one consumer, 4 processes that look again after 1 ms, synchronous=FULL, {HUEY}",
        "queue_contender.py --queue huey-sqlite --pool process --concurrency 4",
    ),
    Contender(
        "huey-thread", "Huey on SQLite, 8 threads", ["huey", "requests"],
        f"one consumer, 8 threads that look again after 1 ms, synchronous=FULL, {HUEY}",
        "queue_contender.py --queue huey-sqlite --pool thread --concurrency 8",
    ),
    Contender(
        "procrastinate", "procrastinate on PostgreSQL, 2 processes", ["procrastinate", "requests"],
        "two workers of 16 jobs at once, woken by notices, finished jobs kept; both over one PostgreSQL server, on a Unix socket, fsync on",
        "queue_contender.py --queue procrastinate --workers 2 --concurrency 16", "psql", over_postgres=True,
    ),
]
NAMES = [contender.name for contender in CONTENDERS]


def named(text):
    """The contenders of --only."""
    wanted = text.split(",")
    for name in wanted:
        if name not in NAMES:
            raise argparse.ArgumentTypeError(f"{name} is no contender; there are {', '.join(NAMES)}")
    return [contender for contender in CONTENDERS if contender.name in wanted]


def progress(text):
    """Shows what is going on, where somebody watches."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
