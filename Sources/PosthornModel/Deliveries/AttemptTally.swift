/// What became of the attempts of one endpoint in a span of time.
public struct AttemptTally: Sendable, Hashable {
    /// Deliveries that reached their receiver.
    public var delivered = 0
    /// Deliveries whose attempts were used up.
    public var exhausted = 0
    /// Attempts that failed, by why.
    public var failed: [AttemptError: Int] = [:]
    /// How long attempts took.
    public var durations = DurationHistogram()

    /// Nothing yet.
    public init() {}

    /// Attempts in all.
    public var attempts: Int { durations.count }

    /// Counts an attempt.
    public mutating func count(_ error: AttemptError?, durationMicroseconds: Int64, state: DeliveryState) {
        if let error { failed[error, default: 0] += 1 }
        if state == .delivered { delivered += 1 }
        if state == .exhausted { exhausted += 1 }
        durations.add(microseconds: durationMicroseconds)
    }

    /// Adds another span's.
    public mutating func add(_ other: AttemptTally) {
        delivered += other.delivered
        exhausted += other.exhausted
        failed.merge(other.failed, uniquingKeysWith: +)
        durations.add(other.durations)
    }

    /// The failures as they are stored: `timeout:3 http_status:5`.
    public var failedText: String {
        failed.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue):\($0.value)" }.joined(separator: " ")
    }

    /// Reads a stored tally; what cannot be read counts for nothing.
    public init(delivered: Int, exhausted: Int, failedText: String, durationsText: String) {
        self.delivered = delivered
        self.exhausted = exhausted
        for part in failedText.split(separator: " ") {
            let halves = part.split(separator: ":")
            if halves.count == 2, let error = AttemptError(rawValue: String(halves[0])), let count = Int(halves[1]) {
                failed[error] = count
            }
        }
        durations = DurationHistogram(text: durationsText)
    }
}

/// How often durations of some lengths came, each to within a quarter, in a few bytes.
public struct DurationHistogram: Sendable, Hashable {
    /// How many of each bucket; as long as the greatest bucket needs.
    private var counts: [Int] = []

    /// The shortest bucket ends here, in microseconds; each after it is a quarter of a doubling longer.
    private static let shortest = 7
    /// 2^32 microseconds are more than an hour.
    private static let bucketLimit = (32 - shortest) * 4

    /// No durations.
    public init() {}

    /// How many durations there are.
    public var count: Int { counts.reduce(0, +) }

    /// Adds one.
    public mutating func add(microseconds: Int64) { add(1, to: Self.bucket(of: microseconds)) }

    /// Adds those of another.
    public mutating func add(_ other: DurationHistogram) {
        for (bucket, count) in other.counts.enumerated() where count > 0 { add(count, to: bucket) }
    }

    private mutating func add(_ count: Int, to bucket: Int) {
        if counts.count <= bucket { counts += [Int](repeating: 0, count: bucket + 1 - counts.count) }
        counts[bucket] += count
    }

    /// The bucket of a duration.
    static func bucket(of microseconds: Int64) -> Int {
        guard microseconds >= 1 << shortest else { return 0 }
        let exponent = 63 - microseconds.leadingZeroBitCount
        let quarter = Int(microseconds >> (exponent - 2)) & 3
        return min(bucketLimit, (exponent - shortest) * 4 + quarter + 1)
    }

    /// Up to where a bucket goes, in microseconds.
    static func end(of bucket: Int) -> Int64 {
        if bucket == 0 { return 1 << shortest }
        let (exponent, quarter) = ((bucket - 1) / 4 + shortest, (bucket - 1) % 4)
        return (Int64(5 + quarter) << exponent) / 4
    }

    /// The duration that so many hundredths of all do not exceed, in microseconds: at most a quarter too long. `nil` without any.
    public func percentile(_ hundredths: Int) -> Int64? {
        let all = count
        if all == 0 { return nil }
        let wanted = max(1, (all * hundredths + 99) / 100)
        var seen = 0
        for (bucket, count) in counts.enumerated() {
            seen += count
            if seen >= wanted { return Self.end(of: bucket) }
        }
        return nil
    }

    /// As it is stored: `3:17 9:2`, the buckets that are not empty.
    public var text: String {
        counts.enumerated().filter { $0.element > 0 }.map { "\($0.offset):\($0.element)" }.joined(separator: " ")
    }

    /// Reads a stored one; what cannot be read counts for nothing.
    public init(text: String) {
        for part in text.split(separator: " ") {
            let halves = part.split(separator: ":").compactMap { Int($0) }
            if halves.count == 2, (0...Self.bucketLimit).contains(halves[0]), halves[1] > 0 { add(halves[1], to: halves[0]) }
        }
    }
}
