"""A script of one's own, tuned: asyncio on uvloop, aiohttp, and attempts recorded in SQLite in groups."""

import argparse
import asyncio
import os
import time

import aiohttp
import uvloop

import webhooks

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--folder", required=True)
parser.add_argument("--events", type=int, default=10_000)
parser.add_argument("--concurrency", type=int, default=64)
options = parser.parse_args()


async def sender(session, waiting, results):
    while waiting:
        delivery, event, endpoint, data = waiting.pop()
        body, headers = webhooks.signed_request(event, endpoint, data)
        started = time.time_ns() // 1_000_000
        async with session.post(f"http://127.0.0.1:{options.port}/hook/{endpoint}", data=body, headers=headers) as answer:
            text = await answer.text()
        results.append((delivery, started, time.time_ns() // 1_000_000 - started, answer.status, text[:1024]))


async def recorder(ledger, total, results):
    recorded = 0
    while recorded < total:
        await asyncio.sleep(0.005)
        if not results:
            continue
        group = results[:]
        results.clear()
        await asyncio.to_thread(webhooks.record, ledger, group)
        recorded += len(group)


async def main():
    total = options.events * webhooks.FAN_OUT
    ledger = webhooks.make_ledger(options.folder, options.events, with_data=True)
    connector = aiohttp.TCPConnector(limit=options.concurrency)
    async with aiohttp.ClientSession(connector=connector, skip_auto_headers=["User-Agent"]) as session:
        before = os.times()
        start = time.monotonic()
        waiting = ledger.execute("SELECT id, event, endpoint, data FROM delivery WHERE state = 'pending'").fetchall()
        waiting.reverse()
        results = []
        await asyncio.gather(
            recorder(ledger, total, results), *(sender(session, waiting, results) for _ in range(options.concurrency))
        )
        elapsed = time.monotonic() - start
        after = os.times()
    webhooks.check_ledger(ledger, total)
    cpu = after.user + after.system - before.user - before.system
    webhooks.tell({"rps": total / elapsed, "cus": cpu / total * 1e6})


uvloop.run(main())
