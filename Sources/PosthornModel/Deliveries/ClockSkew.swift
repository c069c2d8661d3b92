public import PosthornText

/// How far receivers' clocks are from this machine's, as the `Date` of their answers says.
///
/// An estimate: a `Date` has whole seconds, and when in the course of a request it was written is not known.
public struct ClockSkew: Sendable, Hashable {
    /// Receivers' time minus ours: positive when this machine's clock is behind.
    public let milliseconds: Int64
    /// How many endpoints said so.
    public let endpoints: Int

    /// Creates an estimate.
    public init(milliseconds: Int64, endpoints: Int) {
        self.milliseconds = milliseconds
        self.endpoints = endpoints
    }

    /// Slower answers are too imprecise to measure skew.
    public static let durationLimitMilliseconds: Int64 = 5000

    /// What one answer says: the middle of what is possible, wrong by half a second and half the duration at most.
    ///
    /// - Parameters:
    ///   - date: The answer's `Date`, cut off to a whole second.
    ///   - started: When the request was started, by our clock.
    ///   - durationMilliseconds: Until the answer's end.
    /// - Returns: Their time minus ours in milliseconds; `nil` when the answer took too long to say anything.
    public static func sample(date: Timestamp, started: Timestamp, durationMilliseconds: Int64) -> Int64? {
        guard (0...durationLimitMilliseconds).contains(durationMilliseconds) else { return nil }
        return date.milliseconds + 500 - (started.milliseconds + durationMilliseconds / 2)
    }

    /// The median of what endpoints say, so that a few with wrong clocks do not count; `nil` when none says anything.
    public init?(samples: some Collection<Int64>) {
        if samples.isEmpty { return nil }
        let sorted = samples.sorted()
        let upper = sorted[sorted.count / 2]
        let lower = sorted[(sorted.count - 1) / 2]
        self.init(milliseconds: lower + (upper - lower) / 2, endpoints: sorted.count)
    }
}
