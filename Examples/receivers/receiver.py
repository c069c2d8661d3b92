#!/usr/bin/env python3
"""A webhook receiver with Python's standard library alone (3.9 or later).

    python3 receiver.py [CONFIG]        default: receiver.json beside this file, port 9999
    curl http://localhost:9999/         greets you

CONFIG is a JSON file: "port", "host", and under "hooks" a path for each webhook with its "format" and credentials:
    weseedo     (no signature)
    diio        signing_secret      also answers the handshake, GET ?echo_string=...
    conference  token
    webio       secret, api_key, organisation_id; "values" answers custom value requests (GET ?customerUID=...)
    voiso       key, and/or authorization (the whole header value); GET is Call Notify
    standard    secret: whsec_..., or a list of them (the standard library has no ed25519, so no whpk_)
The environment variables PORT and HOST win over the file.

Every request is verified before its body is believed, and answered 200; a wrong signature gets 401. What arrives twice is
answered 200 again and not handled again: the sender repeats a request whose answer got lost. weseedo and standard carry an
event id to tell by; for the other formats a retry has the very same bytes, so the digest of body or query serves. It also
takes two events for one whose bytes are the same: data with an id or a time of its own is never that.
"""

import argparse
import base64
import collections
import hashlib
import hmac
import http.server
import json
import os
import re
import sys
import threading
import time
import urllib.parse

BODY_LIMIT_BYTES = 8 * 1024 * 1024
REMEMBERED_EVENTS = 100_000
CLOCK_TOLERANCE_SECONDS = 300
IDLE_TIMEOUT_SECONDS = 60


def handle(event):
    """Called once for each event. Put your own work here; keep it short, or hand it to a queue, and let the answer go out.

    Requests are handled on threads of their own. What is raised here is answered 500, so that the sender comes again.
    """
    # One write for the line and its end, so that lines of two threads do not mix.
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


class Refused(Exception):
    """Why a request is not believed."""


def demand(fits, what):
    if not fits:
        raise Refused(what)


def to_bytes(text):
    # JSON may hold half of a surrogate pair, which strict UTF-8 refuses.
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


def same(a, b):
    return hmac.compare_digest(to_bytes(a), to_bytes(b))


def sign(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def decode_base64(text, url_safe=False):
    padded = text + "=" * (-len(text) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_" if url_safe else None, validate=True)
    except ValueError:
        raise Refused("a part is not base64") from None


def parse_object(data):
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise Refused("the body is not JSON") from None
    demand(isinstance(value, dict), "the body is not a JSON object")
    return value


def check_timestamp(text):
    demand(text and re.fullmatch(r"[0-9]{1,12}", text), "the timestamp is missing or no number")
    demand(abs(time.time() - int(text)) <= CLOCK_TOLERANCE_SECONDS, "the timestamp is too far from this clock")


def check_webio_token(hook, token):
    parts = (token or "").split(".")
    demand(len(parts) == 3, "x-webio-token is missing or no JSON Web Token")
    # The algorithm is ours to choose, not the token's: "none" and the like prove nothing.
    demand(parse_object(decode_base64(parts[0], True)).get("alg") == "HS256", "x-webio-token is not signed with HS256")
    expected = sign(hook["secret"].encode(), f"{parts[0]}.{parts[1]}".encode())
    demand(same(expected, decode_base64(parts[2], True)), "x-webio-token does not match")
    claims = parse_object(decode_base64(parts[1], True))
    fits = claims.get("apiKey") == hook["api_key"] and claims.get("organisationId") == hook["organisation_id"]
    demand(fits, "x-webio-token is for another key or organisation")


def digest(data):
    return hashlib.sha256(data).hexdigest()


def weseedo(hook, request):
    body = parse_object(request.body)
    demand(isinstance(body.get("id"), str), "the body has no id")
    return body["id"], body.get("type"), body.get("data")


def diio(hook, request):
    data = parse_object(request.body)
    timestamp = request.headers.get("DO-Timestamp", "")
    demand(isinstance(data.get("id"), str), "the object has no id")
    expected = sign(hook["signing_secret"].encode(), to_bytes(f"{data['id']}-{timestamp}")).hex()
    demand(same(expected, request.headers.get("DO-Signature", "")), "DO-Signature does not match")
    check_timestamp(timestamp)
    return digest(request.body), data.get("action"), data


def conference(hook, request):
    # http.server decodes headers as Latin-1, so that is how their bytes come back.
    token = request.headers.get("x-signing-token", "").encode("latin-1")
    demand(same(hook["token"], token), "x-signing-token does not match")
    body = parse_object(request.body)
    demand(isinstance(body.get("payload"), str), "the payload is not a string")
    return digest(request.body), body.get("event"), parse_object(body["payload"])


def webio(hook, request):
    check_webio_token(hook, request.headers.get("x-webio-token"))
    data = parse_object(request.body)
    return digest(request.body), data.get("type"), data


def voiso(hook, request):
    if hook.get("authorization"):
        sent = request.headers.get("Authorization", "").encode("latin-1")
        demand(same(hook["authorization"], sent), "Authorization does not match")
    if request.method == "GET":
        return digest(request.query.encode()), "call notify", dict(request.parameters)
    body = parse_object(request.body)
    if hook.get("key"):
        demand(isinstance(body.get("key"), str) and same(hook["key"], body["key"]), "the key does not match")
    return digest(request.body), body.get("event"), body.get("payload")


def standard(hook, request):
    id, timestamp, signatures = (request.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    demand(id and timestamp and signatures, "a webhook- header is missing")
    message = f"{id}.{timestamp}.".encode("latin-1") + request.body
    secrets = hook["secret"] if isinstance(hook["secret"], list) else [hook["secret"]]
    expected = ["v1," + base64.b64encode(sign(decode_base64(s[len("whsec_"):]), message)).decode() for s in secrets]
    fits = any(same(one, signature) for one in expected for signature in signatures.split(" "))
    demand(fits, "webhook-signature does not match")
    check_timestamp(timestamp)
    body = parse_object(request.body)
    return id, body.get("type"), body.get("data")


FORMATS = {f.__name__: f for f in (weseedo, diio, conference, webio, voiso, standard)}


# What each format needs in its hook.
CREDENTIALS = {
    "diio": ["signing_secret"],
    "conference": ["token"],
    "webio": ["secret", "api_key", "organisation_id"],
    "standard": ["secret"],
}


class Seen:
    """Remembers the latest events, oldest forgotten first. A fleet of receivers would share such a list in its database."""

    def __init__(self):
        self.lock = threading.Lock()
        # True when handled, False while being handled.
        self.keys = collections.OrderedDict()

    def begin(self, key):
        """None for a new event, which counts as being handled from now on; else whether it was handled."""
        with self.lock:
            if key in self.keys:
                return self.keys[key]
            self.keys[key] = False
            return None

    def finish(self, key):
        with self.lock:
            self.keys[key] = True
            if len(self.keys) > REMEMBERED_EVENTS:
                self.keys.popitem(last=False)

    def forget(self, key):
        with self.lock:
            self.keys.pop(key, None)


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_TIMEOUT_SECONDS
    # Header and body of an answer leave in one segment, instead of waiting for each other's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    hooks = {}
    seen = Seen()

    def do_GET(self):
        self.receive("GET")

    def do_POST(self):
        self.receive("POST")

    def refuse_method(self):
        self.answer(405, "use POST\n", headers={"Allow": "GET, POST", "Connection": "close"})

    do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = refuse_method

    def receive(self, method):
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            return self.answer(411, "send the body's length in content-length\n", headers={"Connection": "close"})
        if int(length) > BODY_LIMIT_BYTES:
            return self.answer(413, "the body is too long\n", headers={"Connection": "close"})
        self.method = method
        self.body = self.rfile.read(int(length))
        if len(self.body) < int(length):
            # The sender went away before the end.
            self.close_connection = True
            return
        path, _, self.query = self.path.partition("?")
        try:
            self.take(method, path)
        except Refused as reason:
            print(f"refused {method} {path}: {reason}", file=sys.stderr, flush=True)
            self.answer(401, f"{reason}\n")
        except OSError:
            # The connection broke; there is nobody to answer.
            raise
        except Exception as error:
            print(f"failed at {method} {path}: {error!r}", file=sys.stderr, flush=True)
            self.answer(500, "the receiver failed; its log says why\n")

    def take(self, method, path):
        """Answers a request, and hands its event on unless it was before."""
        self.parameters = urllib.parse.parse_qsl(self.query, keep_blank_values=True)
        hook = self.hooks.get(path)
        if method == "GET" and (hook is None or hook["format"] != "voiso"):
            return self.answer_question(hook)
        if hook is None:
            return self.answer(404, "no webhook is configured for this path\n")
        id, type, data = FORMATS[hook["format"]](hook, self)
        was_handled = self.seen.begin((path, id))
        if was_handled is not None:
            # While it is being handled nobody knows how that ends, so this is no 200: the sender comes again.
            return self.answer(200, "ok, seen before\n") if was_handled else self.answer(503, "this event is being handled\n")
        try:
            handle({"path": path, "id": id, "type": type, "data": data})
        except Exception as error:
            self.seen.forget((path, id))
            # An OSError of the handler's own work is not one of this connection.
            raise RuntimeError(f"handling {id} failed: {error!r}") from error
        self.seen.finish((path, id))
        self.answer(200, "ok\n")

    def answer_question(self, hook):
        """Answers what is no event: a browser, diio's handshake, Webio's value request."""
        parameters = dict(self.parameters)
        if hook and hook["format"] == "diio" and "echo_string" in parameters:
            return self.answer(200, parameters["echo_string"])
        if hook and hook["format"] == "webio" and "customerUID" in parameters:
            check_webio_token(hook, self.headers.get("x-webio-token"))
            fields = [value for name, value in self.parameters if re.fullmatch(r"param[0-9]+", name)]
            values = hook.get("values", {})
            known = {field: values[field] for field in fields if field in values}
            return self.answer(200, json.dumps(known), "application/json")
        self.answer(200, "Welcome! This receiver is up and waiting for webhooks.\n")

    def answer(self, status, text, kind="text/plain; charset=utf-8", headers={}):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format, *arguments):
        """Requests are reported by handle() and by refusals."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        print(f"connection of {client_address[0]} ended: {sys.exc_info()[1]!r}", file=sys.stderr, flush=True)


def main():
    default = os.path.join(os.path.dirname(os.path.abspath(__file__)), "receiver.json")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", nargs="?", default=default, help="the JSON file (default: receiver.json beside this program)")
    name = parser.parse_args().config
    with open(name, encoding="utf-8") as file:
        config = json.load(file)
    for path, hook in config["hooks"].items():
        if hook.get("format") not in FORMATS:
            sys.exit(f"receiver: hooks.{path}.format: use one of {', '.join(FORMATS)}")
        for name in CREDENTIALS.get(hook["format"], []):
            if not hook.get(name):
                sys.exit(f"receiver: hooks.{path}.{name}: is missing")
        secrets = hook.get("secret", "") if isinstance(hook.get("secret", ""), list) else [hook.get("secret", "")]
        if hook["format"] == "standard" and not all(secret.startswith("whsec_") for secret in secrets):
            sys.exit(f"receiver: hooks.{path}.secret: must start with whsec_; ed25519 (whpk_) needs more than the standard library")
    Receiver.hooks = config["hooks"]
    address = (os.environ.get("HOST", config.get("host", "127.0.0.1")), int(os.environ.get("PORT", config.get("port", 9999))))
    with Server(address, Receiver) as server:
        print(f"listening on http://localhost:{server.server_port}", file=sys.stderr, flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
