#!/usr/bin/env python3
"""Hands the rows of a platform's own outbox table on to Posthorn, losing none and doubling none (Python 3.9, psycopg2).

    export API_KEY=$(posthorn key create --can emit)
    psql shop -f outbox.sql
    relay.py http://127.0.0.1:8080 'dbname=shop'            until it is stopped
    relay.py http://127.0.0.1:8080 'dbname=shop' --once     until nothing waits

Rows that wait are locked, sent, and marked in one transaction. Killed between sending and marking, the next run sends them again: with the
same ids, so that Posthorn answers `duplicate` and stores nothing. Several relays may run: each skips the rows that another has locked.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

import psycopg2

# Rows of one transaction. More share a flush; fewer are sent again after a crash.
BATCH = 500

TAKE = """
    SELECT seq, id, type, node, data::text, to_char(created AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    FROM webhook_outbox WHERE relayed IS NULL AND refusal IS NULL ORDER BY seq LIMIT %s FOR UPDATE SKIP LOCKED
"""


def line(id, type, node, data, created):
    """An event line. A line break in JSON is never inside of a string, so a blank in its place changes nothing."""
    head = json.dumps({"id": id, "type": type, "node": node, "created": created})
    return head[:-1] + ', "data": ' + data.replace("\r", " ").replace("\n", " ") + "}\n"


def post(base, key, rows):
    """Sends rows and returns what became of each: None when it is on Posthorn's disk, otherwise why it was refused.

    Raises OSError when that is not known of all of them. Nothing is lost by that: they are sent again.
    """
    body = "".join(line(*row[1:]) for row in rows).encode()
    fields = {"Content-Type": "application/x-ndjson", "Accept": "application/x-ndjson"}
    if key:
        fields["Authorization"] = "Bearer " + key
    request = urllib.request.Request(base.rstrip("/") + "/v1/events", body, fields)
    with urllib.request.urlopen(request, timeout=60) as answer:
        results = [json.loads(text) for text in answer.read().splitlines()]
    if len(results) < len(rows) or any(result["line"] is None for result in results):
        raise OSError(f"Posthorn answered {len(results)} of {len(rows)} lines: {results[-1:]}")
    return [None if "duplicate" in result else json.dumps(result) for result in results]


def relay(database, base, key):
    """Hands on one batch. Returns how many rows it had."""
    with database, database.cursor() as cursor:
        cursor.execute(TAKE, [BATCH])
        rows = cursor.fetchall()
        if not rows:
            return 0
        refusals = post(base, key, rows)
        cursor.execute(
            "UPDATE webhook_outbox SET relayed = now() WHERE seq = ANY(%s)",
            [[row[0] for row, refusal in zip(rows, refusals) if refusal is None]],
        )
        for row, refusal in zip(rows, refusals):
            if refusal is not None:
                print(f"relay.py: event {row[1]} was refused: {refusal}", file=sys.stderr)
                cursor.execute("UPDATE webhook_outbox SET refusal = %s WHERE seq = %s", [refusal, row[0]])
        return len(rows)


def main(base, source, once):
    key = os.environ.get("API_KEY")
    total = 0
    pause = 0.25
    while True:
        try:
            database = psycopg2.connect(source)
            while True:
                count = relay(database, base, key)
                total += count
                pause = 0.25
                if count == 0:
                    if once:
                        print(f"handed on {total} rows")
                        return
                    # A LISTEN in place of this saves a quarter of a second; see the page.
                    time.sleep(0.25)
        except (psycopg2.OperationalError, OSError) as problem:
            if isinstance(problem, urllib.error.HTTPError) and problem.code in (400, 401, 403, 404, 415):
                sys.exit(f"relay.py: Posthorn answered {problem.code}: {problem.read().decode(errors='replace')}")
            print(f"relay.py: trying again in {pause} s: {problem}", file=sys.stderr)
            time.sleep(pause)
            pause = min(pause * 2, 30)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--once"]
    if len(words) != 2 or words[0].startswith("-"):
        print(__doc__)
        sys.exit(0 if words[:1] in (["--help"], ["-h"]) else 2)
    try:
        main(*words, once="--once" in sys.argv)
    except KeyboardInterrupt:
        pass
