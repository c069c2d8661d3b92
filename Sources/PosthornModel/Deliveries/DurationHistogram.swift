import PosthornText

/// How often durations of some lengths came, each to within a quarter, in a few bytes.
public struct DurationHistogram: Sendable, Hashable {
    /// How many of each bucket; as long as the greatest bucket needs.
    private var counts: [Int] = []

    /// The shortest bucket ends here, in microseconds; each after it is a quarter of a doubling longer.
    private static let shortest = 7
    /// 2^43 microseconds are a hundred days, since a delivery may wait for long; what is longer counts as that.
    private static let bucketLimit = (43 - shortest) * 4

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
        var text: [UInt8] = []
        for (bucket, count) in counts.enumerated() where count > 0 {
            if !text.isEmpty { text.append(UInt8(ascii: " ")) }
            text.append(decimal: Int64(bucket))
            text.append(UInt8(ascii: ":"))
            text.append(decimal: Int64(count))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads a stored one; what cannot be read counts for nothing.
    public init(text: String) {
        var text = text
        // Byte by byte: an engine reads and writes two of these for each endpoint every few seconds.
        text.withUTF8 { bytes in
            for part in bytes.split(separator: UInt8(ascii: " ")) {
                guard let colon = part.firstIndex(of: UInt8(ascii: ":")), let bucket = Self.number(part[..<colon]),
                    let count = Self.number(part[(colon + 1)...]), bucket <= Self.bucketLimit, count > 0
                else { continue }
                add(count, to: bucket)
            }
        }
    }

    /// The number that digits say, at most eighteen of them.
    private static func number(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        guard (1...18).contains(digits.count) else { return nil }
        var number = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = number * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return number
    }
}
