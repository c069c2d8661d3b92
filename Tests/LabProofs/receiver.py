"""A receiver that keeps its own log, independent of what it judges: `receiver.py LOG SEED BEHAVIOUR`.

BEHAVIOUR is JSON: `spin_us` (how long each request keeps it busy), `slow` and `slow_ms`, `hang`, `cut` (shares of requests that are
answered late, never, or by the end of their connection). It says its port on the standard output, and `first` when the
first request has come. At SIGTERM it writes LOG: one JSON
object a request, with the moments of its coming and of its answer in seconds.
"""

import asyncio
import json
import random
import signal
import sys
import time


class Exchange(asyncio.Protocol):
    """One connection: HTTP/1.1 with Content-Length, one request after the other."""

    def __init__(self, bench):
        self.bench = bench
        self.buffer = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            mark = head.find(b"content-length:")
            length = int(head[mark + 15 :].split(b"\r\n", 1)[0]) if mark >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            self.bench.take(self.transport)


class Bench:
    """What becomes of each request, by dice that follow from the seed."""

    ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n"

    def __init__(self, seed, behaviour):
        self.random = random.Random(seed)
        self.behaviour = behaviour
        self.log = []

    def take(self, transport):
        entry = {"n": len(self.log) + 1, "came": time.monotonic(), "answered": None, "kind": "answered"}
        self.log.append(entry)
        if len(self.log) == 1:
            print("first", flush=True)
        dice = self.random.random()
        for kind in ("hang", "cut", "slow"):
            share = self.behaviour.get(kind, 0)
            if dice < share:
                entry["kind"] = kind
                break
            dice -= share
        if spin := self.behaviour.get("spin_us", 0):
            until = time.perf_counter() + spin / 1e6
            while time.perf_counter() < until:
                pass
        if entry["kind"] == "hang":
            return
        if entry["kind"] == "cut":
            transport.abort()
        elif entry["kind"] == "slow":
            asyncio.get_running_loop().call_later(self.behaviour["slow_ms"] / 1000, self.answer, transport, entry)
        else:
            self.answer(transport, entry)

    def answer(self, transport, entry):
        entry["answered"] = time.monotonic()
        if not transport.is_closing():
            transport.write(self.ANSWER)


async def main():
    path, seed, behaviour = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    bench = Bench(seed, behaviour)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Exchange(bench), "127.0.0.1", 0, backlog=4096)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    print(server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    server.close()
    with open(path, "w", encoding="utf-8") as file:
        for entry in bench.log:
            file.write(json.dumps(entry) + "\n")


asyncio.run(main())
