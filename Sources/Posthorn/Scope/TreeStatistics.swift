package import PosthornModel
package import PosthornText

/// What became of the attempts of all endpoints of a tree, in steps of equal length.
package struct TreeStatistics: Sendable {
    /// When the first step begins.
    package let since: Timestamp
    /// When the last one ends.
    package let until: Timestamp
    /// The length of a step.
    package let stepMilliseconds: Int64
    /// From when on a step without attempts had none, and is not merely one that was not counted; `nil` for never.
    package let knownSince: Timestamp?
    /// The steps in which there were attempts, oldest first; `nil` where there is too much to add up.
    package let steps: [(start: Timestamp, tally: AttemptTally)]?

    /// Endpoints of a tree that are added up for one answer. Those of the whole outbox are counted together as they deliver.
    package static let endpointLimit = 200
    /// Spans of time of all of them together that are.
    package static let spanLimit = 10_000
}

extension JSONLine {
    /// The statistics of a tree.
    package init(_ statistics: TreeStatistics) {
        self.init()
        add("since", statistics.since)
        add("until", statistics.until)
        add("step_seconds", statistics.stepMilliseconds / 1000)
        add("known_since", statistics.knownSince)
        guard let steps = statistics.steps else {
            add("total", JSONValue.null)
            add("data", JSONValue.null)
            return
        }
        var total = JSONLine()
        total.add(steps.reduce(into: AttemptTally()) { $0.add($1.tally) })
        add("total", total)
        add("data", steps.map { JSONLine(step: $0.start, $0.tally) })
    }

    /// One step of statistics.
    init(step start: Timestamp, _ tally: AttemptTally) {
        self.init()
        add("start", start)
        add(tally)
    }
}
