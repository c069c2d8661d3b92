import PosthornModel
public import PosthornText

/// Latencies counted in buckets that grow with the value: 128 of equal width for each power of two, so that a reported
/// value is less than 0.4 % away from the one recorded, from a nanosecond to centuries, in 57 KB at most whatever the count.
///
/// The layout is that of HdrHistogram (Gil Tene): linear inside a power of two, logarithmic between them. Only the powers of
/// two between the smallest and the largest value take memory, so that a load can keep one for each of thousands of steps.
public struct LatencyHistogram: Equatable, Sendable {
    /// What the percentiles of a result are computed with.
    public static let fineBits = 7

    private let bits: Int
    /// The buckets from `first` on; those before them and after them hold nothing.
    private var counts: [UInt64] = []
    private var first = 0
    private var sum = 0.0
    /// How many values were recorded.
    public private(set) var count: UInt64 = 0
    private var lowest = Int64.max
    /// The largest value in nanoseconds, exactly; 0 when empty.
    public private(set) var maximum: Int64 = 0

    /// An empty histogram.
    /// - Parameter bits: Buckets for each power of two, as a power of two: 7 for 128 of them, fewer to save memory.
    public init(bits: Int = fineBits) {
        self.bits = bits
    }

    /// Whether both hold the same values in the same buckets, whatever memory they take.
    public static func == (one: LatencyHistogram, other: LatencyHistogram) -> Bool {
        one.bits == other.bits && one.count == other.count && one.sum == other.sum && one.minimum == other.minimum
            && one.maximum == other.maximum && one.buckets.elementsEqual(other.buckets) { $0 == $1 }
    }

    /// The smallest value in nanoseconds, exactly; 0 when empty.
    public var minimum: Int64 { count == 0 ? 0 : lowest }

    /// The average in nanoseconds; 0 when empty.
    public var mean: Double { count == 0 ? 0 : sum / Double(count) }

    /// Records a latency.
    /// - Parameters:
    ///   - nanoseconds: The latency; a negative one counts as 0.
    ///   - times: How many requests had it.
    public mutating func record(_ nanoseconds: Int64, times: UInt64 = 1) {
        if times == 0 { return }
        let value = max(0, nanoseconds)
        let index = Self.index(of: value, bits: bits)
        if index < first || index >= first + counts.count { makeRoom(for: index..<(index + 1)) }
        counts[index - first] += times
        count += times
        sum += Double(value) * Double(times)
        lowest = min(lowest, value)
        maximum = max(maximum, value)
    }

    /// Adds what another thread has recorded, with as many buckets.
    public mutating func merge(_ other: LatencyHistogram) {
        if other.count == 0 { return }
        makeRoom(for: other.first..<(other.first + other.counts.count))
        for i in other.counts.indices { counts[other.first - first + i] += other.counts[i] }
        count += other.count
        sum += other.sum
        lowest = min(lowest, other.lowest)
        maximum = max(maximum, other.maximum)
    }

    /// The same with every value at least as large as this one.
    func raised(to least: Int64) -> LatencyHistogram {
        if count == 0 || lowest >= least { return self }
        var raised = LatencyHistogram(bits: bits)
        for i in counts.indices where counts[i] > 0 { raised.record(max(least, value(ofBucket: first + i)), times: counts[i]) }
        raised.maximum = max(maximum, least)
        return raised
    }

    /// Widens the buckets by whole powers of two until they hold these.
    private mutating func makeRoom(for wanted: Range<Int>) {
        let low = (wanted.lowerBound >> bits) << bits
        let high = ((wanted.upperBound - 1) >> bits + 1) << bits
        if counts.isEmpty { first = low }
        if low < first {
            counts.insert(contentsOf: repeatElement(0, count: first - low), at: 0)
            first = low
        }
        if high > first + counts.count { counts.append(contentsOf: repeatElement(0, count: high - first - counts.count)) }
    }

    /// The latency in nanoseconds that `percent` of all requests did not exceed; 0 when empty.
    ///
    /// It is the nearest-rank percentile: the smallest recorded value with at least that share at or below it.
    public func percentile(_ percent: Double) -> Int64 { count == 0 ? 0 : value(ofRank: Self.rank(of: percent, among: count)) }

    /// Which of so many values, counted from 1 and the smallest, is the nearest-rank percentile.
    static func rank(of percent: Double, among count: UInt64) -> UInt64 {
        let share = min(max(percent, 0), 100) / 100
        // Without the small change 99.9 % of 1000 would be rank 1000, because 0.999 * 1000 is 999.0000000000001.
        return max(1, UInt64((share * Double(count) - 1e-6 * share).rounded(.up)))
    }

    /// The value of a rank counted from 1 and the smallest; the maximum behind the last one.
    func value(ofRank rank: UInt64) -> Int64 {
        if rank >= count { return maximum }
        var seen: UInt64 = 0
        for i in counts.indices where counts[i] > 0 {
            seen += counts[i]
            if seen >= rank { return value(ofBucket: first + i) }
        }
        return maximum
    }

    /// How many values fulfil a condition that small ones fulfil rather than large ones.
    func count(while holds: (Int64) -> Bool) -> UInt64 {
        if holds(maximum) { return count }
        var seen: UInt64 = 0
        for i in counts.indices where counts[i] > 0 {
            if !holds(value(ofBucket: first + i)) { break }
            seen += counts[i]
        }
        return min(seen, count - 1)
    }

    private func value(ofBucket index: Int) -> Int64 { min(max(Self.middle(ofBucket: index, bits: bits), lowest), maximum) }

    /// The bucket of a value.
    static func index(of value: Int64, bits subBucketBits: Int = fineBits) -> Int {
        let bits = Int64.bitWidth - value.leadingZeroBitCount
        let shift = max(0, bits - subBucketBits - 1)
        return shift << subBucketBits + Int(value >> Int64(shift))
    }

    /// The value that stands for a bucket.
    static func middle(ofBucket index: Int, bits subBucketBits: Int = fineBits) -> Int64 {
        let subBuckets = 1 << subBucketBits
        if index < 2 * subBuckets { return Int64(index) }
        let shift = index / subBuckets - 1
        let low = Int64(index - shift * subBuckets) << Int64(shift)
        return low + (Int64(1) << Int64(shift)) / 2
    }

    /// The buckets that hold something, from the smallest value on: a value that stands for each, and how often it came.
    public var buckets: [(nanoseconds: Int64, count: UInt64)] {
        counts.indices.compactMap { counts[$0] == 0 ? nil : (Self.middle(ofBucket: first + $0, bits: bits), counts[$0]) }
    }

    /// How many values are below each power of two (in nanoseconds) and not below the one before, from the first that holds
    /// something to the last.
    public var powersOfTwo: [(below: Int64, count: UInt64)] {
        var bars: [Int: UInt64] = [:]
        for (nanoseconds, count) in buckets { bars[Int64.bitWidth - max(1, nanoseconds).leadingZeroBitCount, default: 0] += count }
        guard let first = bars.keys.min(), let last = bars.keys.max() else { return [] }
        return (first...last).map { (Int64(1) << min($0, 62), bars[$0] ?? 0) }
    }

    /// Everything in it, for one that is made of several machines'.
    var exchanged: JSONValue {
        let buckets = counts.indices.filter { counts[$0] > 0 }.map { index in
            JSONValue.array([.number(String(first + index)), .number(String(counts[index]))])
        }
        return .object([
            .init("bits", .number(String(bits))), .init("sum", .number(String(sum))), .init("min", .number(String(minimum))),
            .init("max", .number(String(maximum))), .init("buckets", .array(buckets)),
        ])
    }

    /// One that another machine wrote; `nil` when it is none.
    init?(exchanged json: JSONValue?) {
        func number(_ value: JSONValue?) -> Int64? { if case .number(let text)? = value { Int64(text) } else { nil } }
        guard let json, let bits = number(json["bits"]), bits == Self.fineBits, let least = number(json["min"]),
            let most = number(json["max"]),
            case .number(let sum)? = json["sum"], let total = Double(sum), case .array(let buckets)? = json["buckets"], least >= 0,
            most >= least
        else { return nil }
        self.init(bits: Int(bits))
        for bucket in buckets {
            guard case .array(let pair) = bucket, pair.count == 2, let index = number(pair[0]), let times = number(pair[1]), times > 0,
                index >= 0, index <= Self.index(of: .max)
            else { return nil }
            if !add(UInt64(times), toBucket: Int(index)) { return nil }
        }
        (self.sum, lowest, maximum) = (total, count == 0 ? .max : least, most)
    }

    private mutating func add(_ times: UInt64, toBucket index: Int) -> Bool {
        let (sum, overflow) = count.addingReportingOverflow(times)
        if overflow { return false }
        if index < first || index >= first + counts.count { makeRoom(for: index..<(index + 1)) }
        counts[index - first] += times
        count = sum
        return true
    }

    /// The percentiles that reports show.
    public static let reportedPercentiles = [50, 75, 90, 95, 99, 99.9, 99.99]

    /// Count, extremes, average and percentiles in milliseconds.
    public var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("count", .number(String(count))), .init("unit", .string("ms")),
            .init("min", Self.milliseconds(minimum)), .init("mean", Self.milliseconds(Int64(mean))),
        ]
        for percent in Self.reportedPercentiles {
            let name = percent == percent.rounded() ? String(Int(percent)) : String(percent)
            members.append(.init("p" + name, Self.milliseconds(percentile(percent))))
        }
        members.append(.init("max", Self.milliseconds(maximum)))
        return .object(members)
    }

    /// Nanoseconds as a decimal number of milliseconds with microseconds behind the point.
    private static func milliseconds(_ nanoseconds: Int64) -> JSONValue {
        let microseconds = (nanoseconds + 500) / 1000
        let rest = String(microseconds % 1000)
        return .number("\(microseconds / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest)
    }
}
