#!/usr/bin/env python3
"""Emits an event and manages an endpoint over Posthorn's HTTP API (standard library alone, 3.9 or later).

    export API_KEY=$(posthorn key create --node c1 --can emit,read,endpoints)
    client.py http://127.0.0.1:8080 c1 https://crm.example/hook

The arguments: where the API is, a node, and where the endpoint that is made for the example sends to.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


class Refused(Exception):
    """An answer that is no success: RFC 9457's title and detail, and every fault of what was sent."""

    def __init__(self, status, problem):
        self.status = status
        faults = "".join(f"; {fault.get('pointer', fault.get('parameter'))}: {fault['detail']}" for fault in problem.get("errors", []))
        super().__init__(f"{status} {problem.get('title', '')}: {problem.get('detail', '')}{faults}")


class Posthorn:
    def __init__(self, base, key=None):
        self.base = base.rstrip("/")
        self.key = key

    def ask(self, method, path, body=None, query=None, headers=None):
        """One request, repeated while the server is busy or away: events have ids, so that changes nothing.

        Returns the answer's JSON and its headers.
        """
        url = self.base + path + ("?" + urllib.parse.urlencode(query, doseq=True) if query else "")
        data = None if body is None else json.dumps(body).encode()
        fields = {"Accept": "application/json", **(headers or {})}
        if data is not None:
            fields["Content-Type"] = "application/json"
        if self.key:
            fields["Authorization"] = "Bearer " + self.key
        for attempt in range(6):
            try:
                with urllib.request.urlopen(urllib.request.Request(url, data, fields, method=method), timeout=30) as answer:
                    return json.loads(answer.read() or b"null"), answer.headers
            except urllib.error.HTTPError as error:
                if error.code not in (429, 503) or attempt == 5:
                    raise Refused(error.code, json.loads(error.read() or b"{}")) from None
                pause = float(error.headers.get("Retry-After", 1))
            except urllib.error.URLError:
                if attempt == 5:
                    raise
                pause = 2**attempt / 4
            time.sleep(pause)

    def emit(self, type, node, data, id):
        """On disk when it returns. The same event again is accepted and changes nothing; other content is refused with 409."""
        return self.ask("POST", "/v1/events", {"id": id, "type": type, "node": node, "data": data})[0]

    def deliveries(self, **filters):
        """All that a filter finds, read page by page."""
        while True:
            page, _ = self.ask("GET", "/v1/deliveries", query=filters)
            yield from page["data"]
            if not page["next_cursor"]:
                return
            filters["cursor"] = page["next_cursor"]


def main(base, node, url):
    posthorn = Posthorn(base, os.environ.get("API_KEY"))
    path = "/v1/endpoints/example-py"
    settings = {"id": "example-py", "node": node, "url": url, "vendor": "weseedo", "events": ["MEETING_*"]}
    endpoint, headers = posthorn.ask("POST", "/v1/endpoints", settings)
    print("made endpoint", endpoint["id"])
    for _ in range(2):
        accepted = posthorn.emit("MEETING_STARTED", node, {"id": "m1"}, "from-py")
        print("accepted " + accepted["id"] + (", which was there already" if accepted["duplicate"] else ""))
    try:
        posthorn.emit("MEETING_STARTED", node, {"id": "m2"}, "from-py")
    except Refused as refused:
        if refused.status != 409:
            raise
        print("refused from-py with other content")
    for delivery in posthorn.deliveries(event="from-py", limit=1):
        print("delivery to", delivery["endpoint"])
    read = {"If-Match": headers["ETag"]}
    posthorn.ask("PATCH", path, {"events": ["MEETING_STARTED"]}, headers=read)
    print("changed endpoint example-py")
    try:
        posthorn.ask("PATCH", path, {"events": ["USER_*"]}, headers=read)
    except Refused as refused:
        if refused.status != 412:
            raise
        print("refused a change of what has changed since")
    posthorn.ask("DELETE", path, query={"waiting": "cancel"})
    print("removed endpoint example-py")


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1].startswith("-"):
        print(__doc__)
        sys.exit(0 if sys.argv[1:2] in (["--help"], ["-h"]) else 2)
    try:
        main(*sys.argv[1:])
    except (Refused, OSError) as problem:
        sys.exit(f"client.py: {problem}")
