package import PosthornModel
import PosthornStore
package import PosthornText

/// What became of an endpoint's attempts, in steps of equal length.
package struct EndpointStatistics: Sendable {
    /// When the first step begins.
    package let since: Timestamp
    /// When the last one ends.
    package let until: Timestamp
    /// The length of a step.
    package let stepMilliseconds: Int64
    /// The steps in which there were attempts, oldest first.
    package let steps: [(start: Timestamp, tally: AttemptTally)]

    /// All of them together.
    package var total: AttemptTally { steps.reduce(into: AttemptTally()) { $0.add($1.tally) } }
}
