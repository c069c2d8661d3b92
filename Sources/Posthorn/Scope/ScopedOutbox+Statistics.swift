package import PosthornModel
import PosthornStore
package import PosthornText

extension ScopedOutbox {
    /// Steps of one answer.
    package static let stepLimit = 800

    /// What became of the attempts of an endpoint of the tree.
    /// - Parameters:
    ///   - since: When the first step begins at the latest; an hour, a day or thirty days before `until` when `nil`.
    ///   - until: When the last one ends at the earliest; now when `nil`.
    /// - Throws: `InputProblem` when that is more steps than one answer has.
    package func statistics(ofEndpoint id: String, since: Timestamp?, until: Timestamp?, _ step: StatisticsStep) throws
        -> EndpointStatistics
    {
        let (from, to) = try span(since, until, step)
        let spans = try outbox.read { reader in
            let found = try endpoint(id, in: try outbox.topologies.view(reader))
            return try reader.tallies(ofEndpoint: found.key, step.span, since: from, until: to)
        }
        return EndpointStatistics(since: from, until: to, stepMilliseconds: step.milliseconds, steps: Self.steps(of: spans, step))
    }

    /// What became of the attempts of all endpoints of the tree.
    /// - Throws: As ``statistics(ofEndpoint:since:until:_:)``.
    package func statistics(since: Timestamp?, until: Timestamp?, _ step: StatisticsStep) throws -> TreeStatistics {
        let (from, to) = try span(since, until, step)
        return try outbox.read { reader in
            var keys = [StatisticsDuty.allEndpoints]
            if let node {
                let view = try outbox.topologies.view(reader)
                keys = view.endpointsByID(within: node).prefix(TreeStatistics.endpointLimit + 1).map(\.key)
            }
            let tooMany = TreeStatistics(since: from, until: to, stepMilliseconds: step.milliseconds, knownSince: nil, steps: nil)
            guard keys.count <= TreeStatistics.endpointLimit else { return tooMany }
            // The hour in which it begins is read whole, since those before it are looked at as hours.
            let hour = StatisticsSpan.hour.start(of: from)
            var spans: [(start: Timestamp, tally: AttemptTally)] = []
            for key in keys {
                spans += try reader.tallies(ofEndpoint: key, step.span, since: hour, until: to)
                if spans.count > TreeStatistics.spanLimit { return tooMany }
            }
            let known = try wasCounted(keys, before: hour, reader) ? from : spans.map(\.start).min().map { max($0, from) }
            return TreeStatistics(
                since: from,
                until: to,
                stepMilliseconds: step.milliseconds,
                knownSince: known,
                steps: Self.steps(of: spans.filter { $0.start >= from }.sorted { $0.start < $1.start }, step)
            )
        }
    }

    private static let lookBackMilliseconds: Int64 = 82_800_000

    /// Whether an engine counted in the hours before: what was counted then says so.
    private func wasCounted(_ keys: [Int64], before hour: Timestamp, _ reader: any OutboxReader) throws(OutboxProblem) -> Bool {
        let earlier = hour.advanced(byMilliseconds: -Self.lookBackMilliseconds)
        for key in keys {
            if try !reader.tallies(ofEndpoint: key, .hour, since: earlier, until: hour).isEmpty { return true }
        }
        return false
    }

    /// The steps that were asked for, whole.
    private func span(_ since: Timestamp?, _ until: Timestamp?, _ step: StatisticsStep) throws -> (from: Timestamp, to: Timestamp) {
        let length = step.milliseconds
        let wanted = until ?? now
        let first = Self.number(of: since ?? wanted.advanced(byMilliseconds: -step.usualMilliseconds), step)
        let end = max(first, Self.number(of: wanted.advanced(byMilliseconds: length - 1), step))
        if end - first > Int64(Self.stepLimit) {
            let reason = "is \(end - first) steps before until, and an answer has \(Self.stepLimit); ask for longer steps or less time"
            throw InputProblem(.outOfRange, field: "since", value: since?.description, reason: reason)
        }
        return (Timestamp(milliseconds: first * length), Timestamp(milliseconds: end * length))
    }

    /// The number of the step in which a moment lies.
    private static func number(of moment: Timestamp, _ step: StatisticsStep) -> Int64 {
        let length = step.milliseconds
        return (moment.milliseconds - (moment.milliseconds % length + length) % length) / length
    }

    /// Spans put together to steps; they come oldest first.
    private static func steps(
        of spans: [(start: Timestamp, tally: AttemptTally)],
        _ step: StatisticsStep
    ) -> [(start: Timestamp, tally: AttemptTally)] {
        var steps: [(start: Timestamp, tally: AttemptTally)] = []
        for (moment, tally) in spans {
            let start = Timestamp(milliseconds: number(of: moment, step) * step.milliseconds)
            if steps.last?.start == start { steps[steps.count - 1].tally.add(tally) } else { steps.append((start, tally)) }
        }
        return steps
    }
}

extension JSONLine {
    /// What became of attempts in a span of time.
    package mutating func add(_ tally: AttemptTally) {
        add("attempts", tally.attempts)
        add("delivered", tally.delivered)
        add("exhausted", tally.exhausted)
        var failed = JSONLine()
        for (error, count) in tally.failed.sorted(by: { $0.key.rawValue < $1.key.rawValue }) { failed.add(error.rawValue, count) }
        add("failed", failed)
        add("latency_ms", JSONLine(percentilesOf: tally.durations))
        add("schedule_lag_ms", JSONLine(percentilesOf: tally.lags))
    }

    /// In milliseconds; each is null where nothing was counted.
    private init(percentilesOf durations: DurationHistogram) {
        self.init()
        for hundredths in [50, 90, 99] {
            add("p\(hundredths)", fraction: durations.percentile(hundredths).map { Double($0) / 1000 })
        }
    }

    /// An endpoint's statistics.
    package init(_ statistics: EndpointStatistics, of id: String) {
        self.init()
        add("id", id)
        add("since", statistics.since)
        add("until", statistics.until)
        add("step_seconds", statistics.stepMilliseconds / 1000)
        var total = JSONLine()
        total.add(statistics.total)
        add("total", total)
        add(
            "data",
            statistics.steps.map { JSONLine(step: $0.start, $0.tally) }
        )
    }
}
