import PosthornText

extension LatencyHistogram {
    /// Percentile lines for each halving of the distance to 100 %, as HdrHistogram writes them.
    private static let ticksPerHalf = 5.0

    /// The distribution in HdrHistogram's text form (`.hgrm`), in milliseconds, which its plotter reads.
    public var hgrm: String {
        var text = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
        var percent = 0.0
        while count > 0 {
            let rank = Self.rank(of: percent, among: count)
            let value = value(ofRank: rank)
            let seen = count(while: { $0 <= value })
            if seen >= count || percent >= 100 { break }
            let distance = Self.padded(Self.fixed(1 / (1 - percent / 100), 2), 15)
            text += "\(Self.line(value, percent / 100, seen)) \(distance)\n"
            // The step halves with each halving of what is left.
            var half = 1.0
            while 100 / half > 100 - percent { half *= 2 }
            percent += 100 / (Self.ticksPerHalf * half * 2)
        }
        if count > 0 { text += "\(Self.line(maximum, 1, count))             inf\n" }
        return text
            + "#[Mean    = \(Self.padded(Self.fixed(mean / 1e6, 3), 12)), StdDeviation   = \(Self.padded(Self.fixed(deviation / 1e6, 3), 12))]\n"
            + "#[Max     = \(Self.padded(Self.fixed(Double(maximum) / 1e6, 3), 12)), Total count    = \(Self.padded(String(count), 12))]\n"
            + "#[Buckets = \(Self.padded("57", 12)), SubBuckets     = \(Self.padded("128", 12))]\n"
    }

    private static func line(_ nanoseconds: Int64, _ share: Double, _ seen: UInt64) -> String {
        "\(padded(fixed(Double(nanoseconds) / 1e6, 3), 12)) \(padded(fixed(share, 12), 14)) \(padded(String(seen), 10))"
    }

    /// The standard deviation in nanoseconds.
    private var deviation: Double {
        if count == 0 { return 0 }
        let sum = buckets.reduce(0.0) { $0 + Double($1.count) * (Double($1.nanoseconds) - mean) * (Double($1.nanoseconds) - mean) }
        return (sum / Double(count)).squareRoot()
    }

    private static func padded(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }

    /// A number with so many digits behind the point.
    private static func fixed(_ value: Double, _ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let whole = UInt64(max(0, min((value * scale).rounded(), 1.8e19)))
        let unit = UInt64(scale)
        let rest = String(whole % unit)
        return digits == 0 ? String(whole) : "\(whole / unit)." + String(repeating: "0", count: digits - rest.count) + rest
    }
}
