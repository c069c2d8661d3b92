/// How many values fell into each of a few fixed ranges, and their sum: what a histogram of a monitoring system is made of.
///
/// A value is a whole number of whatever unit the bounds are in.
public struct BucketCounts: Sendable, Hashable {
    /// The largest value of each range, ascending; one more range is for what is above the last.
    public let bounds: [Int64]
    /// How many values each range has, the one above the last bound included.
    public private(set) var counts: [Int64]
    /// The sum of all values; it stops at the largest that there is.
    public private(set) var sum: Int64 = 0

    /// Nothing yet.
    /// - Parameter bounds: Ascending.
    public init(upTo bounds: [Int64]) {
        self.bounds = bounds
        counts = [Int64](repeating: 0, count: bounds.count + 1)
    }

    /// How many values there were.
    public var count: Int64 { counts.reduce(0, +) }

    /// Counts a value. Below 0 it counts as 0: a clock was put back.
    public mutating func add(_ value: Int64) {
        let value = max(0, value)
        var place = 0
        while place < bounds.count, value > bounds[place] { place += 1 }
        counts[place] += 1
        let (more, isOver) = sum.addingReportingOverflow(value)
        sum = isOver ? .max : more
    }
}
