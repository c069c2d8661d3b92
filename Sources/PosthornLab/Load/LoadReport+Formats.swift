import PosthornModel
public import PosthornText

extension LoadReport {
    /// Everything as one JSON object.
    public var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("target", .string(target)),
            .init("began", .string(began.description)),
            .init("model", .string(modelName)),
            .init("duration_s", Self.number(Double(nanoseconds) / 1e9)),
            .init("requests", .number(String(requests))),
            .init("requests_per_second", Self.number(requestsPerSecond)),
            .init("scheduled_per_second", scheduledPerSecond.map(Self.number) ?? .null),
            .init("planned_s", plan.plannedNanoseconds.map { Self.number(Double($0) / 1e9) } ?? .null),
            .init("stopped_early", .bool(stoppedAfter != nil)),
            .init("stop", stop?.json ?? .null),
            .init("latency_ms", Self.latency(latencies, all.latency)),
            .init("latency_at_least", .array(lowerBounds.map { .string($0) })),
            .init("histogram", histogram),
            .init("unanswered", .number(String(all.unanswered.count))),
            .init("unsent", .number(String(all.unsent))),
            .init("failure_latency_ms", Self.latency(all.failed)),
            .init("service_time_ms", Self.latency(serviceTimes)),
            .init("start_delay_ms", Self.latency(delays)),
            .init("own_delay_ms", Self.latency(all.ownDelays)),
            .init(
                "generator",
                .object([
                    .init("running_share", Self.number(generator.running)), .init("waiting_share", Self.number(generator.waiting)),
                ])
            ),
            .init("connect_ms", Self.latency(connects)),
            .init("tls_ms", Self.latency(handshakes)),
            .init("tls_resumed", .number(String(resumedHandshakes))),
            .init("addresses", Self.counts(addresses)),
            .init("addresses_left_out", .array(leftOut.map(\.json))),
            .init("errors", .number(String(errors))),
            .init("errors_by_kind", Self.counts(errorsByClass)),
            .init("statuses", Self.counts(statuses.reduce(into: [:]) { $0[String($1.key)] = $1.value })),
        ]
        members += [
            .init("sent_bytes", .number(String(sentBytes))),
            .init("received_bytes", .number(String(receivedBytes))),
            .init("warm_up_requests", .number(String(warmUpRequests))),
            .init("withheld", .number(String(withheld))),
            .init("held_back", .number(String(heldBack))),
            .init("in_flight_bound_reached", .bool(heldBack > 0)),
            .init(
                "checks",
                .object(
                    kinds.filter { $0.kind != .plain }.map { kind in
                        let statuses = Self.counts(kind.statuses.reduce(into: [:]) { $0[String($1.key)] = $1.value })
                        let object = JSONValue.object([
                            .init("requests", .number(String(kind.requests))), .init("statuses", statuses),
                        ])
                        return .init(kind.kind.name, object)
                    }
                )
            ),
            .init("ledger", ledger?.json ?? .null),
            .init("findings", .array(findings.map { .string($0) })),
            .init("steps", .array(steps.map { .object(Self.members($0)) })),
            .init("types", .array(types.filter { $0.measurements.due > 0 }.map { .object(Self.members($0)) })),
            .init("targets", .array(targets.map(\.jsonAsPart))),
            .init("run", origin?.json ?? .null),
        ]
        if let part = plan.part {
            let json = JSONValue.object([
                .init("number", .number(String(part.number))), .init("of", .number(String(part.of))),
                .init("nanoseconds", .number(String(nanoseconds))), .init("timeout", .number(String(plan.timeoutNanoseconds))),
                .init("saturated", .bool(outcome.isSaturated)), .init("measurements", all.exchanged),
            ])
            members.append(.init("part", json))
        }
        return .object(members)
    }

    /// The same without what belongs to the load as a whole.
    private var jsonAsPart: JSONValue {
        guard case .object(let members) = json else { return json }
        let ofWhole = ["began", "model", "stopped_early", "stop", "ledger", "targets", "run"]
        return .object(members.filter { !ofWhole.contains($0.key) })
    }

    /// The model in words: `open`, `replay` or `closed`.
    public var modelName: String {
        switch plan.model {
        case .open: return "open"
        case .replay: return "replay"
        case .closed: return "closed"
        }
    }

    /// The percentiles by the names that programs know them by, in milliseconds.
    static let percentileKeys: [(key: String, percent: Double)] = [
        ("p50", 50), ("p75", 75), ("p90", 90), ("p95", 95), ("p99", 99), ("p999", 99.9), ("p9999", 99.99),
    ]

    /// - Parameter value: A percentile's value; by default the histogram's own.
    private static func latency(
        _ histogram: LatencyHistogram,
        _ value: ((Double) -> (nanoseconds: Int64, isExact: Bool))? = nil
    ) -> JSONValue {
        func milliseconds(_ nanoseconds: Int64) -> JSONValue { number(Double(nanoseconds) / 1e6) }
        if histogram.count == 0 { return .null }
        var members: [JSONValue.Member] = [
            .init("min", milliseconds(histogram.minimum)), .init("mean", milliseconds(Int64(histogram.mean))),
        ]
        for (key, percent) in percentileKeys {
            members.append(.init(key, milliseconds(value?(percent).nanoseconds ?? histogram.percentile(percent))))
        }
        members.append(.init("max", milliseconds(histogram.maximum)))
        return .object(members)
    }

    /// Which members of `latency_ms` are the waits of requests without an answer, so that the latency is at least that.
    private var lowerBounds: [String] {
        if all.unanswered.count == 0 { return [] }
        return ["mean"] + Self.percentileKeys.filter { !all.latency($0.percent).isExact }.map(\.key) + ["max"]
    }

    /// A step, with the rate that was planned, or a type.
    private static func members(_ part: LoadPart) -> [JSONValue.Member] {
        let measured = part.measurements
        let planned = part.plannedPerSecond.map { rate -> [JSONValue.Member] in
            [
                .init("step", .number(part.name)), .init("planned_per_second", number(rate)),
                .init("duration_s", number(Double(part.nanoseconds) / 1e9)),
            ]
        }
        return (planned ?? [.init("type", .string(part.name))]) + [
            .init("requests", .number(String(measured.requests))), .init("requests_per_second", number(part.answersPerSecond)),
            .init("latency_ms", latency(measured.latencies, measured.latency)),
            .init("unanswered", .number(String(measured.unanswered.count))), .init("errors", .number(String(measured.errors))),
            .init("errors_by_kind", counts(measured.errorsByClass)), .init("withheld", .number(String(measured.withheld))),
            .init("statuses", counts(measured.statuses.reduce(into: [:]) { $0[String($1.key)] = $1.value })),
        ]
    }

    /// How many latencies were below each power of two of nanoseconds and not below the one before.
    private var histogram: JSONValue {
        .array(
            latencies.powersOfTwo.map { bar in
                .object([.init("below_ms", Self.number(Double(bar.below) / 1e6)), .init("count", .number(String(bar.count)))])
            }
        )
    }

    private static func counts(_ counts: [String: UInt64]) -> JSONValue {
        .object(counts.sorted { $0.key < $1.key }.map { .init($0.key, .number(String($0.value))) })
    }

    /// Three digits behind the point.
    static func number(_ value: Double) -> JSONValue {
        let thousandths = Int64((value * 1000).rounded())
        let rest = String(thousandths % 1000)
        return .number("\(thousandths / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest)
    }

    /// The intervals as comma-separated values: comments that say how the load was made, a line of titles, and what a
    /// spreadsheet plots. Of several receivers, each line begins with the URL.
    public var csv: String {
        let titles = "seconds,requests,errors,answers,answers_per_second,p50_ms,p90_ms,p99_ms,max_ms\n"
        if targets.isEmpty { return comments + titles + csvLines().joined() }
        return comments + "url," + titles + targets.flatMap { $0.csvLines("\(Self.field($0.target)),") }.joined()
    }

    private func csvLines(_ beginning: String = "") -> [String] {
        let length = Double(timeline.nanoseconds) / 1e9
        return timeline.intervals.enumerated().map { i, interval in
            let latencies = interval.latencies(slowest: all.answered.maximum)
            let milliseconds = [50, 90, 99].map { Double(latencies.percentile($0)) / 1e6 } + [Double(latencies.maximum) / 1e6]
            let fields = [
                Self.number(Double(i) * length).text, String(interval.requests), String(interval.errors), String(interval.answers),
            ]
            let numbers = [Self.number(Double(interval.answers) / length)] + milliseconds.map(Self.number)
            return beginning + (fields + numbers.map(\.text)).joined(separator: ",") + "\n"
        }
    }

    /// Every measured request as comma-separated values, a line each; of several receivers, each line begins with the URL.
    /// - Parameter write: Gets the text in pieces; says whether to go on.
    public func writeSamples(_ write: (String) -> Bool) {
        var text = comments + (targets.isEmpty ? "" : "url,") + LoadSample.csvTitles
        for report in targets.isEmpty ? [self] : targets {
            let beginning = targets.isEmpty ? "" : "\(Self.field(report.target)),"
            let isWanted = report.forEachSample { sample in
                text += beginning + sample.csvLine
                guard text.utf8.count > Self.sampleBytes else { return true }
                defer { text = "" }
                return write(text)
            }
            if !isWanted { return }
        }
        _ = write(text)
    }

    private static let sampleBytes = 1 << 20

    /// A text as a field of comma-separated values (RFC 4180).
    private static func field(_ text: String) -> String {
        text.contains { $0 == "," || $0 == "\"" } ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
    }
}
