import PosthornModel
import PosthornText

/// Numbers and times for people.
enum HumanText {
    /// `1 event`, `2 events`, `1,204 events`.
    static func count(_ number: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
        "\(grouped(number)) \(number == 1 ? one : many ?? one + "s")"
    }

    /// Digits in groups of three.
    static func grouped(_ number: some BinaryInteger) -> String { GroupedDigits.text(number) }

    /// One decimal: `12.5`.
    static func oneDecimal(_ number: Double) -> String {
        guard number.isFinite, abs(number) < 1e15 else { return "-" }
        let tenths = Int64((number * 10).rounded())
        return "\(tenths < 0 ? "-" : "")\(grouped(tenths.magnitude / 10)).\(tenths.magnitude % 10)"
    }

    /// What comes before a count that may not be whole.
    static func least(_ isAtLeast: Bool) -> String { isAtLeast ? "at least " : "" }

    /// A length in its two largest units: `850 ms`, `3.2 s`, `4m 10s`, `2h 5m`, `3d 4h`.
    static func length(milliseconds: Int64) -> String {
        let ms = max(0, milliseconds)
        let seconds = ms / 1000
        switch ms {
        case ..<1000: return "\(ms) ms"
        case ..<60_000: return "\(oneDecimal(Double(ms) / 1000)) s"
        case ..<3_600_000: return "\(seconds / 60)m \(seconds % 60)s"
        case ..<86_400_000: return "\(seconds / 3600)h \(seconds % 3600 / 60)m"
        default: return "\(seconds / 86_400)d \(seconds % 86_400 / 3600)h"
        }
    }

    /// Where a moment lies: `in 4m 10s`, `3.2 s ago`.
    static func distance(to moment: Timestamp, from now: Timestamp) -> String {
        let (delta, overflow) = moment.milliseconds.subtractingReportingOverflow(now.milliseconds)
        if overflow { return moment < now ? "long ago" : "far ahead" }
        return delta > 0 ? "in \(length(milliseconds: delta))" : "\(length(milliseconds: -delta)) ago"
    }

    /// Bytes in the largest unit that leaves a whole part: `512 bytes`, `3.2 GiB`.
    static func bytes(_ count: UInt64) -> String {
        for (unit, size) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] as [(String, UInt64)] where count >= size {
            return "\(oneDecimal(Double(count) / Double(size))) \(unit)"
        }
        return "\(count) bytes"
    }
}
