public import PosthornText

/// The shape of event ids.
public enum EventID {
    /// A new id: 24 lower-case hexadecimal characters, the first 8 of them the Unix seconds.
    ///
    /// Ids that start with the time arrive in almost sorted order, which makes the outbox's index on them cheap.
    /// - Parameters:
    ///   - now: The moment it is made.
    ///   - random: 64 random bits.
    public static func make(at now: Timestamp, random: UInt64) -> String {
        let seconds = UInt64(clamping: now.unixSeconds) & 0xFFFF_FFFF
        return String(unsafeUninitializedCapacity: 24) { digits in
            for place in 0..<8 { digits[place] = hexDigit(seconds, 7 - place) }
            for place in 0..<16 { digits[8 + place] = hexDigit(random, 15 - place) }
            return 24
        }
    }

    /// The digit of a number that comes before `later` others.
    private static func hexDigit(_ value: UInt64, _ later: Int) -> UInt8 {
        JSONWriter.hexDigit(UInt8(truncatingIfNeeded: value >> UInt64(4 * later)) & 15)
    }

    /// Throws unless `id` is 1 to 64 ASCII letters, digits, `_`, `.`, `:` and `-`; it goes into headers and messages signed.
    public static func check(_ id: String) throws(InputProblem) {
        guard (1...64).contains(id.utf8.count), id.utf8.allSatisfy(isAllowed) else {
            throw InputProblem(field: "id", value: id, reason: "is not an event id; use 1 to 64 letters, digits and _ . : -")
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: ":"):
            return true
        default: return false
        }
    }
}
