/// How a load went over time, in intervals that grow when there would be too many of them.
///
/// A request belongs to the interval in which it was meant to leave, so a stall shows where it began; its answer is counted
/// where it came.
public struct LoadTimeline: Sendable {
    /// One stretch of time.
    public struct Interval: Sendable {
        /// Requests that were meant to leave in it and have ended.
        public fileprivate(set) var requests: UInt64 = 0
        /// Those that failed.
        public fileprivate(set) var errors: UInt64 = 0
        /// Answers that came in it, whatever their status, to whichever requests.
        public fileprivate(set) var answers: UInt64 = 0
        /// Latencies of those that were answered as they should be, in coarse buckets.
        private var answered = LatencyHistogram(bits: LoadTimeline.coarseBits)
        /// How long those have waited that were not answered.
        private var unanswered = LatencyHistogram(bits: LoadTimeline.coarseBits)

        /// Latencies of expected answers, and of requests without one how long they have waited.
        /// - Parameter slowest: The slowest answer of the whole load, than which no request without an answer counts as faster.
        public func latencies(slowest: Int64) -> LatencyHistogram {
            var all = answered
            all.merge(unanswered.raised(to: slowest))
            return all
        }

        fileprivate mutating func take(_ ending: LoadMeasurements.Ending) {
            requests += 1
            if ending.error != nil { errors += 1 }
            if ending.isExpected {
                answered.record(ending.latency)
            } else if ending.isUnanswered {
                unanswered.record(ending.latency)
            }
        }

        /// Takes requests that were given up at the end.
        fileprivate mutating func abandon(_ count: UInt64, waited nanoseconds: Int64?) {
            requests += count
            errors += count
            if let nanoseconds { unanswered.record(nanoseconds, times: count) }
        }

        fileprivate mutating func merge(_ other: Interval) {
            requests += other.requests
            errors += other.errors
            answers += other.answers
            answered.merge(other.answered)
            unanswered.merge(other.unanswered)
        }
    }

    /// The intervals from the start on.
    public private(set) var intervals: [Interval] = []
    /// How long each is.
    public private(set) var nanoseconds: Int64 = 100_000_000

    /// Values are within 3 %.
    static let coarseBits = 4
    private static let intervalLimit = 400

    /// Nothing yet.
    public init() {}

    mutating func take(at moment: Int64, _ ending: LoadMeasurements.Ending) {
        if ending.status != nil { intervals[interval(of: max(0, moment + ending.latency))].answers += 1 }
        intervals[interval(of: max(0, moment))].take(ending)
    }

    /// Takes requests that were due from a moment on and had not left when the time was over.
    /// - Parameter nanoseconds: How long they have waited; `nil` where nothing is known of the receiver.
    mutating func abandon(_ count: UInt64, at moment: Int64, waited nanoseconds: Int64?) {
        intervals[interval(of: max(0, moment))].abandon(count, waited: nanoseconds)
    }

    /// Makes the intervals as long as they have to be to come to a moment.
    mutating func reach(_ moment: Int64) { _ = interval(of: max(0, moment)) }

    private mutating func interval(of moment: Int64) -> Int {
        while moment / nanoseconds >= Self.intervalLimit { coarsen() }
        let index = Int(moment / nanoseconds)
        while intervals.count <= index { intervals.append(Interval()) }
        return index
    }

    /// The same in at most so many intervals.
    func coarsened(toAtMost limit: Int) -> LoadTimeline {
        var coarse = self
        while coarse.intervals.count > max(1, limit) { coarse.coarsen() }
        return coarse
    }

    mutating func merge(_ other: LoadTimeline) {
        var other = other
        while nanoseconds < other.nanoseconds { coarsen() }
        while other.nanoseconds < nanoseconds { other.coarsen() }
        while intervals.count < other.intervals.count { intervals.append(Interval()) }
        for (i, interval) in other.intervals.enumerated() { intervals[i].merge(interval) }
    }

    private mutating func coarsen() {
        nanoseconds *= 2
        intervals = stride(from: 0, to: intervals.count, by: 2).map { i in
            var joined = intervals[i]
            if i + 1 < intervals.count { joined.merge(intervals[i + 1]) }
            return joined
        }
    }
}
