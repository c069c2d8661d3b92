package import PosthornModel
package import PosthornText

/// What became of attempts: how many ended how, and how long they took. A value; ``OutboxMeter`` keeps one for all endpoints and one for
/// each that was chosen.
package struct AttemptFigures: Sendable {
    /// How an attempt ended, as metrics tell endings apart.
    package struct Ending: Sendable, Hashable {
        /// Why it failed; `nil` for a success.
        package let error: AttemptError?
        /// The first digit of the answer's status, such as 5; `nil` when there was no answer.
        package let statusClass: Int?

        package init(error: AttemptError?, statusClass: Int?) {
            self.error = error
            self.statusClass = statusClass
        }
    }

    private static let errors = AttemptError.allCases
    /// Statuses by their first digit, and none.
    private static let classes = 6

    /// Attempts by error and class; the first of each is none.
    private var counts = [Int64](repeating: 0, count: (errors.count + 1) * classes)
    /// From the start of a request to the end of its answer, or to its failure, in microseconds.
    package private(set) var microseconds = BucketCounts(upTo: [
        5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000,
    ])

    /// Counts one.
    mutating func add(_ error: AttemptError?, status: Int?, microseconds duration: Int64) {
        let error = error.flatMap { Self.places[$0] } ?? 0
        let digit = status.map { $0 / 100 } ?? 0
        counts[error * Self.classes + ((1..<Self.classes).contains(digit) ? digit : 0)] += 1
        microseconds.add(duration)
    }

    private static let places = Dictionary(uniqueKeysWithValues: errors.enumerated().map { ($1, $0 + 1) })

    /// All endings that there were, each with how many.
    package var endings: [(ending: Ending, count: Int64)] {
        counts.indices.filter { counts[$0] > 0 }.map { place in
            let (error, digit) = (place / Self.classes, place % Self.classes)
            return (Ending(error: error == 0 ? nil : Self.errors[error - 1], statusClass: digit == 0 ? nil : digit), counts[place])
        }
    }
}
