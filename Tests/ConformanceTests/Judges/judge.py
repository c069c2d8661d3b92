"""Judges what the engine sends, with the vendors' own libraries where there are some.

    judge.py serve CONFIG EXPECTED                  a receiver: 200 for a request that is right in every byte, else 400 and why;
                                                    tells its port on stderr, and its counts on stdout when it gets SIGTERM
    judge.py compare CONFIG EXPECTED OUTPUT [--doubles]
                                                    compares what a receiver has printed with what was emitted;
                                                    --doubles for a receiver whose numbers are IEEE 754 doubles

CONFIG is a receiver's configuration, with "expects" (the event type) in each hook. EXPECTED holds the emitted events, each as
a line "ID TYPE BYTES", the data, and a line feed. ID is also the member "id" of the data, so that it is known again in
formats that carry no event id.
"""

import base64
import collections
import hashlib
import hmac
import http.server
import json
import re
import signal
import sys
import threading
import urllib.parse

KEPT_REASONS = 5


class Mismatch(Exception):
    """What is wrong with a request, in one line."""


def demand(fits, what):
    if not fits:
        raise Mismatch(what)


def read_expected(name):
    events = {}
    with open(name, "rb") as file:
        while head := file.readline():
            id, type, length = head.decode().split()
            events[id] = (type, file.read(int(length)))
            file.readline()
    return events


def as_query_values(data):
    """The members of flat data as a query has them: numbers as they were written."""
    words = {True: "true", False: "false", None: ""}
    members = json.loads(data, parse_int=str, parse_float=str)
    return {name: value if isinstance(value, str) else words[value] for name, value in members.items()}


class Judge:
    """One hook: checks the signature, then the envelope, and returns the id of the event's data."""

    def __init__(self, hook, expected):
        self.hook = hook
        self.expected = expected

    def __call__(self, request):
        check = getattr(self, self.hook["format"].replace("-", "_"))
        demand(request.headers.get("user-agent", "").startswith("Posthorn/"), "user-agent is not ours")
        if request.command == "POST":
            demand(request.headers.get("content-type") == "application/json", "content-type is not application/json")
        return check(request)

    def event(self, data):
        """The emitted bytes of an event, found by decoded data."""
        demand(isinstance(data, dict) and data.get("id") in self.expected, "the data has no id that was emitted")
        type, bytes = self.expected[data["id"]]
        demand(type == self.hook["expects"], f"an event of type {type} came to this endpoint")
        return data["id"], bytes

    def wrapped(self, body, member, shape):
        """A body that ends with the data: exactly the emitted bytes, in an object of exactly these members."""
        value = json.loads(body)
        id, data = self.event(value.get(member))
        end = f'"{member}":'.encode() + data + b"}"
        demand(body.endswith(end), "the data's bytes are not those that were emitted")
        demand(value[member] == json.loads(data), "the data does not decode to what was emitted")
        around = json.loads(body[: -len(end)] + f'"{member}":0'.encode() + b"}", object_pairs_hook=list)
        demand([name for name, _ in around] == [*shape, member], f"the body has the members {[name for name, _ in around]}")
        for name, pattern in shape.items():
            text = dict(around)[name]
            demand(re.fullmatch(pattern, str(text)), f"{name} is {text!r}")
        return id

    CREATED = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"

    def weseedo(self, request):
        type = re.escape(self.hook["expects"])
        shape = {"id": r"[0-9A-Za-z_-]+", "created": self.CREATED, "attempt": "1", "type": type}
        return self.wrapped(request.body, "data", shape)

    def inserted(self, body, member):
        """The data with the type as its first member."""
        value = json.loads(body, object_pairs_hook=collections.OrderedDict)
        id, data = self.event(dict(value))
        first = json.dumps(member).encode() + b":" + json.dumps(self.hook["expects"]).encode() + b","
        start = data.index(b"{") + 1
        demand(body == data[:start] + first + data[start:], "the data's bytes are not those that were emitted")
        demand(value.popitem(last=False) == (member, self.hook["expects"]), f"{member} is not the first member")
        demand(value == json.loads(data), "the data does not decode to what was emitted")
        return id

    def diio(self, request):
        id = self.inserted(request.body, "action")
        message = f"{id}-{request.headers['do-timestamp']}".encode()
        expected = hmac.new(self.hook["signing_secret"].encode(), message, hashlib.sha256).hexdigest()
        demand(hmac.compare_digest(expected, request.headers.get("do-signature", "")), "DO-Signature does not match")
        return id

    def webio(self, request):
        import jwt

        claims = jwt.decode(request.headers.get("x-webio-token", ""), self.hook["secret"], algorithms=["HS256"])
        demand(list(claims) == ["apiKey", "organisationId", "iat"], f"the token claims {list(claims)}")
        fits = claims["apiKey"] == self.hook["api_key"] and claims["organisationId"] == self.hook["organisation_id"]
        demand(fits, "the token is for somebody else")
        return self.inserted(request.body, "type")

    def conference(self, request):
        demand(request.headers.get("x-signing-token") == self.hook["token"], "x-signing-token does not match")
        value = json.loads(request.body)
        demand(list(value) == ["event", "payload", "timestamp"], f"the body has the members {list(value)}")
        demand(value["event"] == self.hook["expects"], f"event is {value['event']!r}")
        demand(re.fullmatch(self.CREATED, value["timestamp"]), f"timestamp is {value['timestamp']!r}")
        id, data = self.event(json.loads(value["payload"]))
        demand(value["payload"].encode() == data, "the payload does not decode to the bytes that were emitted")
        return id

    def voiso(self, request):
        demand(request.headers.get("authorization") == self.hook["authorization"], "Authorization does not match")
        if request.command == "GET":
            return self.call_notify(request)
        shape = {
            "name": "[a-z-]+",
            "event": re.escape(self.hook["expects"]),
            "entity": "call",
            "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000",
            "key": re.escape(self.hook["key"]),
        }
        return self.wrapped(request.body, "payload", shape)

    def call_notify(self, request):
        demand(not request.body, "a GET has a body")
        pairs = urllib.parse.parse_qsl(request.query, keep_blank_values=True, strict_parsing=True, errors="strict")
        demand([name for name, _ in pairs] == sorted((name for name, _ in pairs), key=str.encode), "the query is not sorted")
        demand(len(dict(pairs)) == len(pairs), "a name stands twice in the query")
        id, data = self.event(dict(pairs))
        demand(dict(pairs) == as_query_values(data), "the query does not decode to what was emitted")
        return id

    STANDARD = {"type": r"[a-z.]+", "timestamp": CREATED}

    def standard(self, request):
        if self.hook["secret"].startswith("whpk_"):
            self.ed25519(request)
        else:
            import standardwebhooks

            standardwebhooks.Webhook(self.hook["secret"]).verify(request.body, dict(request.headers))
        return self.wrapped(request.body, "data", self.STANDARD)

    def ed25519(self, request):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(self.hook["secret"].removeprefix("whpk_"), validate=True))
        version, _, signature = request.headers["webhook-signature"].partition(",")
        demand(version == "v1a", f"webhook-signature has the version {version}")
        signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
        key.verify(base64.b64decode(signature, validate=True), signed)

    def raw(self, body):
        id, data = self.event(json.loads(body))
        demand(body == data, "the body's bytes are not those that were emitted")
        return id

    def github(self, request):
        # As GitHub's page on validating deliveries has it.
        expected = "sha256=" + hmac.new(self.hook["secret"].encode(), msg=request.body, digestmod=hashlib.sha256).hexdigest()
        demand(hmac.compare_digest(expected, request.headers.get("x-hub-signature-256", "")), "x-hub-signature-256 does not match")
        return self.raw(request.body)

    def stripe(self, request):
        import stripe

        stripe.WebhookSignature.verify_header(request.body, request.headers["stripe-signature"], self.hook["secret"], tolerance=300)
        return self.raw(request.body)


class Counts:
    """Right and wrong requests by path."""

    def __init__(self, paths):
        self.lock = threading.Lock()
        self.seen = {path: set() for path in paths}
        self.repeated = 0
        self.mismatches = 0
        self.reasons = []

    def right(self, path, id):
        with self.lock:
            self.repeated += id in self.seen[path]
            self.seen[path].add(id)

    def wrong(self, reason):
        with self.lock:
            self.mismatches += 1
            if len(self.reasons) < KEPT_REASONS:
                self.reasons.append(reason)

    def report(self):
        right = {path: len(ids) for path, ids in self.seen.items()}
        print(json.dumps({"right": right, "repeated": self.repeated, "mismatches": self.mismatches, "reasons": self.reasons}))


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    judges = {}
    counts = None

    def receive(self):
        self.body = self.rfile.read(int(self.headers.get("content-length", "0")))
        path, _, self.query = self.path.partition("?")
        try:
            demand(path in self.judges, "there is no such path")
            if self.query.startswith("echo_string=") and self.judges[path].hook["format"] == "diio":
                return self.answer(200, urllib.parse.parse_qs(self.query, strict_parsing=True)["echo_string"][0])
            self.counts.right(path, self.judges[path](self))
            self.answer(200, "ok")
        except Exception as reason:
            text = f"{path}: {type(reason).__name__}: {reason}"
            self.counts.wrong(text)
            self.answer(400, text)

    do_GET = do_POST = receive

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format, *arguments):
        """The counts say it all."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def serve(hooks, expected):
    Receiver.judges = {path: Judge(hook, expected) for path, hook in hooks.items()}
    Receiver.counts = Counts(hooks)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Server(("127.0.0.1", 0), Receiver) as server:
        print(f"listening on http://localhost:{server.server_port}", file=sys.stderr, flush=True)
        try:
            server.serve_forever()
        finally:
            Receiver.counts.report()


def doubles(value):
    """A value as JavaScript prints it again: every number a double, infinity as null."""
    if isinstance(value, dict):
        return {name: doubles(member) for name, member in value.items()}
    if isinstance(value, list):
        return [doubles(element) for element in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return None if float(value) in (float("inf"), float("-inf")) else float(value)
    return value


def added_members(format, type):
    """What a format adds to the data."""
    return {"diio": {"action": type}, "webio": {"type": type}}.get(format, {})


def compare(hooks, expected, output, form):
    counts = Counts(hooks)
    with open(output, "rb") as lines:
        for line in lines:
            printed = json.loads(line)
            path, data = printed["path"], printed["data"]
            id = data.get("id")
            type, emitted = expected.get(id, (None, b"null"))
            hook = hooks[path]
            is_query = hook.get("method") == "GET"
            wanted = as_query_values(emitted) if is_query else added_members(hook["format"], type) | json.loads(emitted)
            if type != hook["expects"]:
                counts.wrong(f"{path}: {id!r} was not emitted for this endpoint")
            elif not is_query and printed["type"] != type:
                counts.wrong(f"{path}: the type of {id!r} is {printed['type']!r}")
            elif form(data) != form(wanted):
                counts.wrong(f"{path}: the data of {id!r} is not what was emitted")
            else:
                counts.right(path, id)
    counts.report()


def main(arguments):
    sys.setrecursionlimit(10_000)
    with open(arguments[1], encoding="utf-8") as file:
        hooks = json.load(file)["hooks"]
    expected = read_expected(arguments[2])
    if arguments[0] == "serve":
        serve(hooks, expected)
    else:
        compare(hooks, expected, arguments[3], doubles if "--doubles" in arguments else lambda value: value)


if __name__ == "__main__":
    main(sys.argv[1:])
