import PosthornModel
import PosthornText

extension LoadReport {
    /// The summary as k6 writes it with `--summary-export`, for what reads that. Of a threshold, `true` says that it failed; one of which
    /// nothing is known has failed there too.
    public func k6Summary(_ verdicts: [Expectation.Verdict]) -> String {
        func milliseconds(_ nanoseconds: Int64) -> JSONValue { Self.number(Double(nanoseconds) / 1e6) }
        func trend(_ histogram: LatencyHistogram) -> [JSONValue.Member] {
            [
                .init("avg", milliseconds(Int64(histogram.mean))), .init("min", milliseconds(histogram.minimum)),
                .init("med", milliseconds(histogram.percentile(50))), .init("max", milliseconds(histogram.maximum)),
                .init("p(90)", milliseconds(histogram.percentile(90))), .init("p(95)", milliseconds(histogram.percentile(95))),
                .init("p(99)", milliseconds(histogram.percentile(99))),
            ]
        }
        func counter(_ count: UInt64) -> JSONValue {
            .object([.init("count", .number(String(count))), .init("rate", Self.number(Double(count) / (Double(nanoseconds) / 1e9)))])
        }
        let thresholds = verdicts.map { JSONValue.Member($0.expectation, .bool($0.outcome != .kept)) }
        let duration = trend(latencies) + (thresholds.isEmpty ? [] : [.init("thresholds", .object(thresholds))])
        let failed = JSONValue.object([
            .init("value", Self.number(requests == 0 ? 0 : Double(errors) / Double(requests))), .init("passes", .number(String(errors))),
            .init("fails", .number(String(requests - min(errors, requests)))),
        ])
        let group = JSONValue.object([
            .init("name", .string("")), .init("path", .string("")), .init("id", .string("d41d8cd98f00b204e9800998ecf8427e")),
            .init("groups", .object([])), .init("checks", .object([])),
        ])
        let metrics = JSONValue.object([
            .init("http_req_duration", .object(duration)), .init("http_req_waiting", .object(trend(serviceTimes))),
            .init("http_req_connecting", .object(trend(connects))), .init("http_req_tls_handshaking", .object(trend(handshakes))),
            .init("http_req_blocked", .object(trend(delays))), .init("http_reqs", counter(requests)), .init("http_req_failed", failed),
            .init("dropped_iterations", counter(withheld + all.unsent)), .init("data_sent", counter(sentBytes)),
            .init("data_received", counter(receivedBytes)),
        ])
        return JSONValue.object([
            .init("root_group", group), .init("metrics", metrics), .init("posthorn", origin?.json ?? .null),
            .init("stop", stop?.json ?? .null),
        ]).text
            + "\n"
    }

    /// Every measured request as vegeta's JSON lines, which its `report` and `plot` read. What is not kept of each request (bytes, headers,
    /// body) is left out; latency counts from the moment the request was meant to leave.
    /// - Parameter write: Gets the text in pieces; says whether to go on.
    public func writeVegeta(method: String, _ write: (String) -> Bool) {
        var text = ""
        var number = 0
        for report in targets.isEmpty ? [self] : targets {
            let start = report.began.milliseconds + report.plan.warmUpNanoseconds / 1_000_000
            let isWanted = report.forEachSample { sample in
                var line = JSONLine()
                line.add("attack", origin?.command ?? "posthorn load")
                line.add("seq", number)
                line.add("code", sample.status ?? 0)
                line.add("timestamp", Self.moment(start, sample.intended))
                line.add("latency", sample.latency)
                line.add("error", error(of: sample))
                line.add("method", method)
                line.add("url", report.target)
                number += 1
                text += line.text + "\n"
                guard text.utf8.count > Self.pieceBytes else { return true }
                defer { text = "" }
                return write(text)
            }
            if !isWanted { return }
        }
        _ = write(text)
    }

    private func error(of sample: LoadSample) -> String {
        guard let status = sample.status else { return sample.wasSent ? "no answer" : "not sent" }
        return plan.isSuccess(status) ? "" : "status \(status)"
    }

    private static let pieceBytes = 1 << 20

    /// A moment with nanoseconds, as RFC 3339 has it.
    private static func moment(_ milliseconds: Int64, _ nanoseconds: Int64) -> String {
        let whole = nanoseconds >= 0 ? nanoseconds / 1_000_000 : 0
        let rest = String(max(0, nanoseconds) % 1_000_000)
        let text = Timestamp(milliseconds: milliseconds + whole).description.dropLast()
        return text + String(repeating: "0", count: 6 - rest.count) + rest + "Z"
    }
}
