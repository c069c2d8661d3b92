"""Runs every contender for a moment at a receiver that checks each request, and says what it delivered. Nothing is timed."""

import argparse
import base64
import collections
import hashlib
import hmac
import http.server
import json
import os
import sys
import tempfile
import threading
import time

import contenders
import webhooks

parser = argparse.ArgumentParser(prog="compare.sh --check", description=__doc__)
parser.add_argument(
    "--only", type=contenders.named, default=contenders.CONTENDERS, metavar="NAMES",
    help="contenders with commas between them: " + ", ".join(contenders.NAMES),
)
parser.add_argument("--events", type=int, default=134, help="events that each delivers, to three endpoints each (134)")
options = parser.parse_args()


class Receiver(http.server.ThreadingHTTPServer):
    """Answers 200 to what is right and 400 to what is not, and counts both."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.received = collections.Counter()
        self.problems = collections.Counter()
        self.connections = 0

    def handle_error(self, request, client_address):
        # wrk and hey leave in the middle of their last requests.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        with self.server.lock:
            self.server.connections += 1

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        problem = self.problem(body)
        with self.server.lock:
            if problem is None:
                self.server.received[self.headers["webhook-id"], self.path] += 1
            else:
                self.server.problems[problem] += 1
        answer = b"ok" if problem is None else problem.encode()
        self.send_response(200 if problem is None else 400)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def problem(self, body):
        """What is wrong with the request, as https://www.standardwebhooks.com wants it, and with what it carries."""
        event, timestamp = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        if not event or not timestamp or abs(int(timestamp) - time.time()) > 60:
            return "no webhook-id, or no webhook-timestamp of now"
        signed = b".".join([event.encode(), timestamp.encode(), body])
        signature = base64.b64encode(hmac.new(webhooks.SECRET, signed, hashlib.sha256).digest()).decode()
        if self.headers["webhook-signature"] != f"v1,{signature}":
            return "a wrong signature"
        carried = json.loads(body)
        endpoint = int(self.path.removeprefix("/hook/"))
        if carried["type"] != f"bench.{endpoint // webhooks.FAN_OUT}" or carried["data"] != json.loads(webhooks.DATA):
            return "a body for another endpoint, or with other data"
        return None

    def log_message(self, *_):
        pass


def check(contender):
    """What the contender did, in one line; ends the program where that is not what it should have done."""
    server = Receiver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    amount = ["--seconds", "1"] if contender.is_load else ["--events", str(options.events)]
    try:
        with tempfile.TemporaryDirectory(dir=os.environ["COMPARE_PLACE"]) as folder:
            contender.run_at(server.server_port, folder, *amount)
    finally:
        server.shutdown()
        server.server_close()
        for problem, times in server.problems.items():
            print(f"{contender.name}: {times} requests with {problem}")
    requests = server.received.total()
    if server.problems or requests == 0:
        raise SystemExit(f"compare.sh: {contender.name} sends what it should not, or nothing")
    if contender.is_load:
        return f"{requests} requests with right signatures over {server.connections} connections"
    wanted = {(event, f"/hook/{endpoint}"): 1 for _, event, endpoint in webhooks.deliveries(options.events)}
    if server.received != wanted:
        missing = len(wanted.keys() - server.received.keys())
        raise SystemExit(f"compare.sh: {contender.name}: {missing} of {len(wanted)} deliveries are missing, {requests} were received")
    return f"{requests} deliveries, each received and recorded once, with right signatures, over {server.connections} connections"


for contender in options.only:
    contender.demand()
width = max(len(contender.name) for contender in options.only)
for contender in options.only:
    contenders.progress(contender.name)
    line = check(contender)
    contenders.progress("")
    print(f"{contender.name.ljust(width)}  {line}", flush=True)
