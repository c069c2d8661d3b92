"""Reads what `posthorn load` wrote for other tools, with their readers, and holds it against the report.

    judge.py FOLDER     with report.json, junit.xml, load.prom, load.hgrm, vegeta.ndjson, k6.json, samples.csv, time.csv
"""

import datetime
import json
import sys

from hdrh.histogram import HdrHistogram
from junitparser import Failure, JUnitXml, Skipped
from prometheus_client.parser import text_string_to_metric_families

folder = sys.argv[1]


def text(name):
    with open(f"{folder}/{name}", encoding="utf-8") as file:
        return file.read()


def demand(fits, what):
    if not fits:
        sys.exit(f"judge.py: {what}")


def near(one, other, share, what):
    demand(abs(one - other) <= share * max(abs(one), abs(other)), f"{what}: {one} and {other}")


report = json.loads(text("report.json"))
outcomes = {one["expectation"]: one["outcome"] for one in report["expectations"]}
if report["unanswered"] == 0:
    demand(sorted(outcomes.values()) == ["kept", "missed", "not_known"], f"the outcomes are {outcomes}")
else:
    demand(outcomes.get("errors<1") == "missed" and outcomes.get("p90<1ms") in (None, "missed"), f"the outcomes are {outcomes}")
    demand(outcomes.get("p10<10s") in (None, "kept"), f"the outcomes are {outcomes}")


def junit():
    cases = {}
    for suite in JUnitXml.fromstring(text("junit.xml").encode()):
        demand(suite.tests == len(list(suite)), "a suite counts other cases than it has")
        for case in suite:
            if case.classname == "posthorn.expectation":
                kinds = [type(result) for result in case.result]
                cases[case.name] = {(): "kept", (Failure,): "missed", (Skipped,): "not_known"}[tuple(kinds)]
    demand(cases == outcomes, f"JUnit has {cases}")


def prometheus():
    values = {}
    for family in text_string_to_metric_families(text("load.prom")):
        for sample in family.samples:
            values.setdefault(sample.name, []).append((sample.labels, sample.value))
    demand(values["posthorn_load_requests_total"][0][1] == report["requests"], "Prometheus counts other requests")
    by_status = {labels["status"]: value for labels, value in values.get("posthorn_load_responses_total", [])}
    demand(by_status == {status: count for status, count in report["statuses"].items()}, f"Prometheus has {by_status}")
    buckets = [value for _, value in values["posthorn_load_latency_seconds_bucket"]]
    demand(buckets == sorted(buckets) and buckets[-1] == values["posthorn_load_latency_seconds_count"][0][1], "buckets do not add up")
    found = {labels["expectation"]: labels["outcome"] for labels, _ in values["posthorn_load_expectation"]}
    demand(found == outcomes, f"Prometheus has {found}")


def rows(name):
    lines = [line for line in text(name).splitlines() if not line.startswith("#")]
    names = lines[0].split(",")
    return [dict(zip(names, line.split(","))) for line in lines[1:]]


def latencies():
    """Latencies in nanoseconds of answers that were expected, and behind them the waits of requests without an answer."""
    all_rows = rows("samples.csv")
    answered = [round(float(row["latency_us"]) * 1000) for row in all_rows if row["status"] == "200"]
    waits = [round(float(row["latency_us"]) * 1000) for row in all_rows if row["status"] == ""]
    slowest = max(answered, default=0)
    demand(len(waits) == report["unanswered"], f"{len(waits)} samples without a status, {report['unanswered']} unanswered")
    return answered + [max(slowest, wait) for wait in waits]


def hgrm():
    """The histogram that HdrHistogram makes of all samples has the percentiles that were written."""
    own = HdrHistogram(1, 3_600_000_000_000, 3)
    for latency in latencies():
        own.record_value(latency)
    lines = [line for line in text("load.hgrm").splitlines() if line.strip() and not line.startswith("#")]
    demand(lines[0].split() == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"], f"the heading is {lines[0]}")
    rows = [line.split() for line in lines[1:]]
    demand(int(rows[-1][2]) == own.get_total_count() and float(rows[-1][1]) == 1.0, f"the last line is {rows[-1]}")
    last = 0.0
    for row in rows:
        value, percentile, count = float(row[0]), float(row[1]), int(row[2])
        demand(value >= last, "values do not rise")
        last = value
        # Microseconds in the samples have three digits less, and the histograms' own error is a thousandth.
        if 0 < percentile:
            at = own.get_value_at_percentile(min(100.0, count / own.get_total_count() * 100)) / 1e6
            # Both are made of whole microseconds, which are more than a hundredth of what takes less than 100.
            demand(abs(value - at) <= max(0.01 * at, 0.002), f"p{percentile * 100}: {value} and {at}")
    footer = [line for line in text("load.hgrm").splitlines() if line.startswith("#[")]
    demand([line.split()[0] for line in footer] == ["#[Mean", "#[Max", "#[Buckets"], f"the footer is {footer}")


def vegeta():
    """As vegeta's decoder wants them: README, "Results" and `lib/results.go`."""
    lines = [json.loads(line) for line in text("vegeta.ndjson").splitlines()]
    samples = len(rows("samples.csv"))
    demand(len(lines) == samples == report["requests"], f"{len(lines)} lines of vegeta, {samples} samples, {report['requests']} requests")
    for number, line in enumerate(lines):
        demand(line["seq"] == number and isinstance(line["attack"], str), "seq does not count")
        demand(isinstance(line["code"], int) and 0 <= line["code"] < 65536, "code is no status")
        demand(isinstance(line["latency"], int) and line["latency"] > 0, "latency is no time in nanoseconds")
        demand(line["method"] == "POST" and line["url"].startswith("http://"), "method or URL is none")
        moment = line["timestamp"]
        datetime.datetime.fromisoformat(moment[:26] + "+00:00")
        demand(moment.endswith("Z") and (line["error"] == "") == (line["code"] == 200), "a failure without an error")
    demand(sum(line["code"] == 503 for line in lines) == report["statuses"].get("503", 0), "other statuses")
    demand(sum(line["code"] != 200 for line in lines) == report["errors"], "other errors")


def k6():
    """As k6 documents `--summary-export`: metrics by name, and thresholds of which true has failed."""
    summary = json.loads(text("k6.json"))
    demand({"root_group", "metrics"} <= set(summary), "the members are others")
    metrics = summary["metrics"]
    demand(set(summary["root_group"]) == {"name", "path", "id", "groups", "checks"}, "root_group has other members")
    for name in ["http_req_duration", "http_req_waiting", "http_req_connecting", "http_req_tls_handshaking", "http_req_blocked"]:
        demand({"avg", "min", "med", "max", "p(90)", "p(95)"} <= set(metrics[name]), f"{name} is no trend")
    for name in ["http_reqs", "data_sent", "data_received"]:
        demand({"count", "rate"} <= set(metrics[name]), f"{name} is no counter")
    demand(metrics["http_reqs"]["count"] == report["requests"], "k6 counts other requests")
    failed = metrics["http_req_failed"]
    demand({"value", "passes", "fails"} <= set(failed) and failed["passes"] == report["errors"], f"http_req_failed is {failed}")
    thresholds = metrics["http_req_duration"]["thresholds"]
    demand(thresholds == {name: outcome != "kept" for name, outcome in outcomes.items()}, f"the thresholds are {thresholds}")
    near(metrics["http_req_duration"]["med"], report["latency_ms"]["p50"], 0.01, "the median")


def csv():
    """What went wrong over time adds up, and no interval is faster than the fastest answer."""
    intervals = rows("time.csv")
    for name in ["requests", "errors"]:
        count = sum(int(row[name]) for row in intervals)
        demand(count == report[name], f"the intervals have {count} {name}, the report {report[name]}")
    least = min(float(row["p50_ms"]) for row in intervals if int(row["requests"]) > 0)
    # Those of the intervals are within 3 %.
    demand(least >= min(latencies()) / 1e6 * 0.96, f"a median of {least} ms, and the fastest is {min(latencies()) / 1e6} ms")


for one in [junit, prometheus, hgrm, vegeta, k6, csv]:
    one()
    print(f"{one.__name__}: as the report has it")
