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
        func hex(_ value: UInt64, _ digits: Int) -> [UInt8] {
            (0..<digits).reversed().map { JSONWriter.hexDigit(UInt8(truncatingIfNeeded: value >> (4 * $0)) & 15) }
        }
        let seconds = UInt64(clamping: now.unixSeconds) & 0xFFFF_FFFF
        return String(decoding: hex(seconds, 8) + hex(random, 16), as: UTF8.self)
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
