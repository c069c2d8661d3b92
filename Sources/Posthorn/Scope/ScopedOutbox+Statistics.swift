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
        let length = step.milliseconds
        func number(_ moment: Timestamp) -> Int64 { (moment.milliseconds - (moment.milliseconds % length + length) % length) / length }
        let wanted = until ?? now
        let first = number(since ?? wanted.advanced(byMilliseconds: -step.usualMilliseconds))
        let end = max(first, number(wanted.advanced(byMilliseconds: length - 1)))
        if end - first > Int64(Self.stepLimit) {
            let reason = "is \(end - first) steps before until, and an answer has \(Self.stepLimit); ask for longer steps or less time"
            throw InputProblem(.outOfRange, field: "since", value: since?.description, reason: reason)
        }
        let (from, to) = (Timestamp(milliseconds: first * length), Timestamp(milliseconds: end * length))
        let spans = try outbox.read { reader in
            let found = try endpoint(id, in: try outbox.topologies.view(reader))
            return try reader.tallies(ofEndpoint: found.key, step.span, since: from, until: to)
        }
        var steps: [(start: Timestamp, tally: AttemptTally)] = []
        for (moment, tally) in spans {
            let start = Timestamp(milliseconds: number(moment) * length)
            if steps.last?.start == start { steps[steps.count - 1].tally.add(tally) } else { steps.append((start, tally)) }
        }
        return EndpointStatistics(since: from, until: to, stepMilliseconds: length, steps: steps)
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
        var latency = JSONLine()
        for hundredths in [50, 90, 99] {
            latency.add("p\(hundredths)", fraction: tally.durations.percentile(hundredths).map { Double($0) / 1000 })
        }
        add("latency_ms", latency)
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
            statistics.steps.map { step in
                var line = JSONLine()
                line.add("start", step.start)
                line.add(step.tally)
                return line
            }
        )
    }
}
