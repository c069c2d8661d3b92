import PosthornText

/// When each request of an open load is meant to be sent.
///
/// Latency is to be measured from these moments, not from the moment a slow receiver let the sender get round to it;
/// otherwise the worst waits are left out ("coordinated omission").
///
/// The times are those of a process with rate 1 stretched by the steps' rates, so a change of rate takes effect at its
/// moment for both spacings, and even spacing never drifts: each time is computed from the request's number.
public struct ArrivalSchedule: Sequence, IteratorProtocol, Sendable {
    /// How requests are spread over time.
    public enum Spacing: Equatable, Sendable {
        /// At equal distances, the first one at the start.
        public static var even: Spacing { .even(phase: 0) }

        /// At equal distances.
        /// - Parameter phase: How much of a distance lies before the first one, from 0 to 1: schedules that run side by side
        ///   take turns with it.
        case even(phase: Double)
        /// Like independent callers: exponentially distributed distances, from a seed.
        case poisson(seed: UInt64)
    }

    /// One request that is to be sent.
    public struct Arrival: Equatable, Sendable {
        /// Counted from 0.
        public let number: UInt64
        /// When, in nanoseconds from the start.
        public let nanoseconds: Int64
        /// The index of the step it belongs to.
        public let step: Int
    }

    private let steps: [RateSpecification.Step]
    private let spacing: Spacing
    private var generator: SeededGenerator
    private var number: UInt64 = 0
    /// How far the process with rate 1 has come.
    private var reached = 0.0
    private var step = 0
    /// Requests that fall due before the present step, and when it starts.
    private var dueBefore = 0.0
    private var startNanoseconds = 0.0

    /// The schedule of a specification.
    public init(_ rates: RateSpecification, spacing: Spacing) {
        steps = rates.steps
        self.spacing = spacing
        switch spacing {
        case .poisson(let seed):
            generator = SeededGenerator(seed: seed, "arrivals")
            reached = generator.exponential()
        case .even(let phase):
            generator = SeededGenerator(seed: 0)
            reached = phase
        }
    }

    /// The next request; `nil` after the last step.
    public mutating func next() -> Arrival? {
        while step < steps.count {
            if let length = steps[step].nanoseconds, let due = steps[step].due {
                // A hair of tolerance: a request that rounding puts just before the step's end belongs behind it.
                if reached - dueBefore >= due - 1e-6 {
                    dueBefore += due
                    startNanoseconds += Double(length)
                    step += 1
                    continue
                }
            }
            let time = startNanoseconds + steps[step].moment(of: Swift.max(0, reached - dueBefore))
            guard time < 9e18 else { return nil }
            defer { advance() }
            return Arrival(number: number, nanoseconds: Int64(time.rounded()), step: step)
        }
        return nil
    }

    /// How many are still to come before a moment, by step; of independent callers as many as are to be expected.
    /// - Parameter moment: In nanoseconds from the start.
    func remaining(before moment: Int64) -> [(step: Int, count: UInt64)] {
        var counts: [(step: Int, count: UInt64)] = []
        var (reached, dueBefore, start) = (reached, dueBefore, startNanoseconds)
        for index in step..<steps.count {
            // As `next` sees the step's end, and as its moments are rounded.
            let inStep = steps[index].due.map { $0 - 1e-6 } ?? .infinity
            let inTime = steps[index].count(until: Double(moment) - 0.5 - start)
            let count = Swift.max(0, (Swift.min(inStep, inTime) - (reached - dueBefore)).rounded(.up))
            if count > 0 { counts.append((index, UInt64(Swift.min(count, 1e18)))) }
            guard let length = steps[index].nanoseconds, inStep < inTime else { break }
            reached += count
            dueBefore += steps[index].due ?? 0
            start += Double(length)
        }
        return counts
    }

    private mutating func advance() {
        number += 1
        switch spacing {
        case .even(let phase): reached = Double(number) + phase
        case .poisson: reached += generator.exponential()
        }
    }
}
