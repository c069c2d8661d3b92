import PosthornText

extension LoadReport {
    /// Where the buckets of latencies end, in seconds.
    private static let bucketEnds: [(text: String, nanoseconds: Int64)] = [
        ("0.001", 1_000_000), ("0.0025", 2_500_000), ("0.005", 5_000_000), ("0.01", 10_000_000), ("0.025", 25_000_000),
        ("0.05", 50_000_000),
        ("0.1", 100_000_000), ("0.25", 250_000_000), ("0.5", 500_000_000), ("1", 1_000_000_000), ("2.5", 2_500_000_000),
        ("5", 5_000_000_000),
        ("10", 10_000_000_000), ("30", 30_000_000_000), ("60", 60_000_000_000),
    ]

    /// The results in Prometheus' text format, for node_exporter's text files or a Pushgateway.
    public func prometheus(_ verdicts: [Expectation.Verdict]) -> String {
        let reports = targets.isEmpty ? [self] : targets
        var text = comments
        func family(_ name: String, _ type: String, _ help: String, _ lines: [String]) {
            if lines.isEmpty { return }
            text += "# HELP posthorn_load_\(name) \(help)\n# TYPE posthorn_load_\(name) \(type)\n" + lines.joined()
        }
        func line(_ name: String, _ labels: [(String, String)], _ value: String) -> String {
            let list = labels.map { "\($0.0)=\"\(Self.label($0.1))\"" }.joined(separator: ",")
            return "posthorn_load_\(name){\(list)} \(value)\n"
        }
        family(
            "requests_total",
            "counter",
            "Requests that were sent and measured.",
            reports.map { line("requests_total", [("url", $0.target)], String($0.requests)) }
        )
        family(
            "responses_total",
            "counter",
            "Answers by status.",
            reports.flatMap { report in
                report.statuses.sorted { $0.key < $1.key }.map {
                    line("responses_total", [("url", report.target), ("status", String($0.key))], String($0.value))
                }
            }
        )
        family(
            "errors_total",
            "counter",
            "Failures by kind; http_status is an answer with a wrong status.",
            reports.flatMap { report in
                report.errorsByClass.sorted { $0.key < $1.key }.map {
                    line("errors_total", [("url", report.target), ("kind", $0.key)], String($0.value))
                }
            }
        )
        family(
            "withheld_total",
            "counter",
            "Requests that were not sent, because the receiver asked to wait.",
            reports.map { line("withheld_total", [("url", $0.target)], String($0.withheld)) }
        )
        family(
            "latency_seconds",
            "histogram",
            "From the moment a request was meant to leave to its expected answer; without an answer, the time it waited, or that of the slowest answer.",
            reports.flatMap { report in
                let latencies = report.latencies
                let buckets = Self.bucketEnds.map { end in
                    line("latency_seconds_bucket", [("url", report.target), ("le", end.text)], String(latencies.upTo(end.nanoseconds)))
                }
                return buckets + [
                    line("latency_seconds_bucket", [("url", report.target), ("le", "+Inf")], String(latencies.count)),
                    line("latency_seconds_sum", [("url", report.target)], String(latencies.mean * Double(latencies.count) / 1e9)),
                    line("latency_seconds_count", [("url", report.target)], String(latencies.count)),
                ]
            }
        )
        family(
            "answers_per_second",
            "gauge",
            "Answers a second.",
            reports.map { line("answers_per_second", [("url", $0.target)], Self.number($0.requestsPerSecond).text) }
        )
        family(
            "expectation",
            "gauge",
            "1 for how an expectation came out: kept, missed or not_known.",
            verdicts.map { line("expectation", [("expectation", $0.expectation), ("outcome", $0.outcome.key)], "1") }
        )
        if let stop {
            let line = line("stopped_after_seconds", [("bound", stop.bound)], Self.number(Double(stop.nanoseconds) / 1e9).text)
            family("stopped_after_seconds", "gauge", "When a bound of --stop-if ended the load.", [line])
        }
        if let origin {
            family("info", "gauge", "What is needed to run it again.", [line("info", origin.parts.map { ($0.name, $0.text) }, "1")])
        }
        return text
    }

    private static func label(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

extension LatencyHistogram {
    /// How many values are not above this one.
    fileprivate func upTo(_ nanoseconds: Int64) -> UInt64 { count == 0 ? 0 : count(while: { $0 <= nanoseconds }) }
}
