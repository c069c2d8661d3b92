import PosthornModel
import PosthornText

/// What a run cost at one size of what grows, by rounds.
package struct GrowthPoint: Sendable {
    /// How many, or how large.
    package let size: Int
    package let payloadBytes: Int
    package private(set) var rounds: [Round] = []

    package init(size: Int, payloadBytes: Int) {
        self.size = size
        self.payloadBytes = payloadBytes
    }

    package mutating func add(_ round: Round) { rounds.append(round) }

    /// One run.
    package struct Round: Equatable, Sendable {
        package let perSecond: Double
        package let cpuMicroseconds: Double
        package let peakMebibytes: Double
        /// From the start of the process to its first request.
        package let firstMilliseconds: Double
        /// From emit to the last of the event's requests; empty when none came in time.
        package let latencyMilliseconds: [Double]

        package init(
            perSecond: Double,
            cpuMicroseconds: Double,
            peakMebibytes: Double,
            firstMilliseconds: Double,
            latencyMilliseconds: [Double]
        ) {
            self.perSecond = perSecond
            self.cpuMicroseconds = cpuMicroseconds
            self.peakMebibytes = peakMebibytes
            self.firstMilliseconds = firstMilliseconds
            self.latencyMilliseconds = latencyMilliseconds
        }

        var p50: Double? { latencyMilliseconds.isEmpty ? nil : Sample(latencyMilliseconds).percentile(50) }
        var p99: Double? { latencyMilliseconds.isEmpty ? nil : Sample(latencyMilliseconds).percentile(99) }
    }

    /// The median of the rounds that have a value, with the smallest and largest; `nil` when none has.
    func point(_ value: (Round) -> Double?) -> Chart.Point? {
        let found = rounds.compactMap(value)
        guard let low = found.min(), let high = found.max() else { return nil }
        return Chart.Point(size: Double(size), value: Sample(found).median, low: low, high: high)
    }
}
