#!/usr/bin/env python3
"""Emits an event with an INSERT, in the same transaction as the platform's own data (standard library alone, 3.9 or later).

    posthorn apply Examples/topologies/weseedo.json
    Examples/outbox-inserts/insert.py posthorn.db      (the outbox; posthorn.db when it is not named)
    posthorn run

The outbox's tables may live in the platform's own database file; here the platform's table is made beside them.
"""

import argparse
import json
import sqlite3


def connect(path):
    # A transaction begins where this program says so; the time-out waits for other writers.
    database = sqlite3.connect(path, timeout=10, isolation_level=None)
    # A commit that has returned survives a power failure.
    database.execute("PRAGMA synchronous = FULL")
    # Posthorn alone moves the log into the file: see https://sqlite.org/wal.html#walresetbug
    database.execute("PRAGMA wal_autocheckpoint = 0")
    return database


def emit(database, type, node, data, id=None):
    """Puts an event into the transaction that is open, and returns its id.

    Give an id of your own when the same thing may be emitted twice: the same event again changes nothing; the same id
    with other content fails with sqlite3.IntegrityError.
    """
    columns = {"type": type, "node": node, "data": json.dumps(data, ensure_ascii=False)}
    if id is not None:
        columns["id"] = id
    names, places = ", ".join(columns), ", ".join(":" + name for name in columns)
    row = database.execute(f"INSERT INTO posthorn_outbox ({names}) VALUES ({places}) RETURNING id", columns).fetchone()
    # The same event again is accepted, changes nothing and returns no row; the same id with other content is an error.
    return row[0] if row else id


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outbox", nargs="?", default="posthorn.db", help="the outbox's file (default: posthorn.db)")
    database = connect(parser.parse_args().outbox)
    database.execute("CREATE TABLE IF NOT EXISTS meeting (id INTEGER PRIMARY KEY, state TEXT NOT NULL)")

    # IMMEDIATE: take the write lock first. A transaction that reads and then writes can fail at once, time-out or not.
    database.execute("BEGIN IMMEDIATE")
    meeting = database.execute("INSERT INTO meeting (state) VALUES ('started') RETURNING id").fetchone()[0]
    id = emit(database, "MEETING_STARTED", "havenzicht-desk", {"id": str(meeting), "subject": "Water damage"})
    database.execute("COMMIT")
    print(f"committed meeting {meeting} with event {id}")

    # What cannot be right fails in this transaction, with the reason, and takes the meeting back with it.
    database.execute("BEGIN IMMEDIATE")
    try:
        database.execute("INSERT INTO meeting (state) VALUES ('started')")
        emit(database, "MEETING_STARTED", "no-such-site", {"id": "0"})
        database.execute("COMMIT")
    except sqlite3.IntegrityError as problem:
        database.execute("ROLLBACK")
        print(f"rolled back: {problem}")
    database.close()


if __name__ == "__main__":
    main()
