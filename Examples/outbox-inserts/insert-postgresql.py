#!/usr/bin/env python3
"""Emits an event with an INSERT, in the same transaction as the platform's own data, in PostgreSQL (psycopg2 or psycopg 3).

    export POSTHORN_DB=postgresql://me@/platform
    posthorn apply Examples/topologies/weseedo.json
    Examples/outbox-inserts/insert-postgresql.py "$POSTHORN_DB"
    posthorn run

The outbox's tables live in the platform's own database. A role that may do nothing but emit needs these rights:

    GRANT INSERT (id, type, node, created, data, traceparent, headers), SELECT (id) ON posthorn_outbox TO platform;
"""

import argparse
import json

try:
    import psycopg2 as driver
except ImportError:
    import psycopg as driver


def emit(cursor, type, node, data, id=None):
    """Puts an event into the transaction that is open, and returns its id.

    Give an id of your own when the same thing may be emitted twice: the same event again changes nothing; the same id
    with other content fails with a CheckViolation.
    """
    columns = {"type": type, "node": node, "data": json.dumps(data, ensure_ascii=False)}
    if id is not None:
        columns["id"] = id
    names, places = ", ".join(columns), ", ".join(f"%({name})s" for name in columns)
    cursor.execute(f"INSERT INTO posthorn_outbox ({names}) VALUES ({places}) RETURNING id", columns)
    row = cursor.fetchone()
    # The same event again is accepted, changes nothing and returns no row.
    return row[0] if row else id


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("address", help="postgresql://user@host/database")
    words.add_argument("--node", default="havenzicht-desk", help="the node that the event is of")
    arguments = words.parse_args()
    database = driver.connect(arguments.address)
    # One transaction: the meeting is there and its event is, or neither.
    with database, database.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS meeting (id text PRIMARY KEY, title text NOT NULL)")
        cursor.execute("INSERT INTO meeting VALUES ('m1', 'Kick-off') ON CONFLICT DO NOTHING")
        id = emit(cursor, "MEETING_STARTED", arguments.node, {"id": "m1"}, id="meeting-m1-started")
    database.close()
    print(f"committed with event {id}")


if __name__ == "__main__":
    main()
