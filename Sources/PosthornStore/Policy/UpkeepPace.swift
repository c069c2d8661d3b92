/// How much upkeep is done in one transaction, and how long it rests in between: pure. It learns from what the last steps took, since a
/// row costs more on another machine and beside another load.
public struct UpkeepPace: Sendable, Hashable {
    /// How many pieces the next step may have.
    public private(set) var size: Int
    /// What part of the time upkeep may take.
    private let share: Double

    /// What a step is to hold the writer for, in nanoseconds; a step is expected to stay below twice that.
    public static let goalNanoseconds: Int64 = 2_500_000
    private static let sizes = 1...2000

    /// - Parameters:
    ///   - size: The first step, which is small: nothing is known yet.
    ///   - share: From 0 to 1; with 1 there is no rest.
    public init(size: Int = 20, share: Double) {
        self.size = size
        self.share = max(0.01, min(share, 1))
    }

    /// Learns from a step.
    /// - Parameters:
    ///   - count: How many pieces it had.
    ///   - nanoseconds: How long it held the writer.
    public mutating func note(_ count: Int, nanoseconds: Int64) {
        guard count > 0 else { return }
        let each = max(1, Double(max(1, nanoseconds)) / Double(count))
        let wanted = Double(Self.goalNanoseconds) / each
        // Grows by half at most: the next pieces may be larger ones. Shrinks at once.
        let next = min(wanted, Double(max(size, 2)) * 1.5)
        size = Int(min(max(next, Double(Self.sizes.lowerBound)), Double(Self.sizes.upperBound)))
    }

    /// How long to rest after a step, in milliseconds, so that upkeep keeps to its share.
    /// - Parameter nanoseconds: How long the step took in all, the flush included.
    public func restMilliseconds(after nanoseconds: Int64) -> Int64 {
        Int64((Double(nanoseconds) * (1 / share - 1) / 1_000_000).rounded(.up))
    }
}
