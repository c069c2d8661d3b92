import PosthornText

/// When a delivery is tried: offsets from its first attempt.
///
/// The table is read as gaps: the next attempt is due one gap after the last one *started*. A delivery that runs on
/// time is tried at exactly the offsets, and one that was held up never has two attempts closer together than a gap.
public struct RetrySchedule: Hashable, Sendable {
    /// Milliseconds from the first attempt to each attempt; starts with 0 and never falls.
    public let offsetsMilliseconds: [Int64]

    /// 0, 1 minute, 10 minutes, 1 hour, 24 hours.
    public static let standard = RetrySchedule(unchecked: [0, 60_000, 600_000, 3_600_000, 86_400_000])

    /// A schedule may have this many attempts.
    public static let attemptLimit = 50

    private init(unchecked offsets: [Int64]) { offsetsMilliseconds = offsets }

    /// A schedule from offsets in milliseconds.
    public init(offsetsMilliseconds offsets: [Int64]) throws(InputProblem) {
        try self.init(offsetsMilliseconds: offsets, written: offsets.map { "\($0) ms" })
    }

    /// - Parameter written: The offsets as a problem names them.
    private init(offsetsMilliseconds offsets: [Int64], written: [String]) throws(InputProblem) {
        let list = written.joined(separator: ", ")
        guard (1...Self.attemptLimit).contains(offsets.count) else {
            throw InputProblem(.outOfRange, field: "retry", value: list, reason: "must have 1 to \(Self.attemptLimit) offsets")
        }
        guard offsets[0] == 0 else {
            throw InputProblem(.outOfRange, field: "retry", value: list, reason: "must start with 0: offsets count from the first attempt")
        }
        guard zip(offsets, offsets.dropFirst()).allSatisfy({ $0 < $1 }), offsets[offsets.count - 1] <= 366 * 86_400_000
        else {
            throw InputProblem(.outOfRange, field: "retry", value: list, reason: "must rise from offset to offset, to 366 days at most")
        }
        offsetsMilliseconds = offsets
    }

    /// A schedule from texts such as `["0", "1m", "10m", "1h", "24h"]`.
    public init(_ texts: [String]) throws(InputProblem) {
        var offsets: [Int64] = []
        for (i, text) in texts.enumerated() {
            guard let value = Duration.milliseconds(text) else {
                throw InputProblem(
                    field: "retry[\(i)]",
                    value: text,
                    reason: "is not a time; write 0, or a number with ms, s, m, h or d, such as 10m"
                )
            }
            offsets.append(value)
        }
        try self.init(offsetsMilliseconds: offsets, written: texts)
    }

    /// How many attempts there are at most.
    public var attempts: Int { offsetsMilliseconds.count }

    /// Milliseconds that must lie between the start of the attempt at `position` (0 for the first of a round) and the
    /// next one's; `nil` when that attempt is the last.
    public func gapMilliseconds(after position: Int) -> Int64? {
        guard position >= 0, position + 1 < offsetsMilliseconds.count else { return nil }
        return offsetsMilliseconds[position + 1] - offsetsMilliseconds[position]
    }

    /// Reads and prints lengths of time.
    public enum Duration {
        /// A length in the largest unit that leaves no rest, as ``milliseconds(_:)`` reads it: `10m`, `90s`, `0`.
        public static func text(_ milliseconds: Int64) -> String {
            if milliseconds == 0 { return "0" }
            let units: [(String, Int64)] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)]
            for (suffix, factor) in units where milliseconds.isMultiple(of: factor) { return "\(milliseconds / factor)\(suffix)" }
            return "\(milliseconds)ms"
        }

        /// Milliseconds for `0`, `250ms`, `1.5s`, `10m`, `24h`, `7d`; `nil` for anything else, a bare number but 0 among them.
        public static func milliseconds(_ text: String) -> Int64? { text == "0" ? 0 : Quantity.milliseconds(text) }
    }
}
