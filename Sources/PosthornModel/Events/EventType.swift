/// Rules that follow from an event's type alone.
public enum EventType {
    /// The 22 types of WeSeeDo's page, and MEETING_TAKEN, which its sample data shows besides.
    public static let weseedo: [String] =
        [
            "CREATED", "STARTED", "RESTARTED", "ENDED", "CHANGED", "TAKEOVER", "WAIT", "DECLINED", "FORWARDED", "DELETED",
            "TAKEN",
        ].map { "MEETING_" + $0 }
        + ["USER", "SITE", "COMPANY", "DEALER"].flatMap { subject in
            ["CREATED", "CHANGED", "DELETED"].map { "\(subject)_\($0)" }
        }

    /// The lowest level that receives events of a type: "all levels receive events from lower levels only".
    ///
    /// A type of no known subject counts as a meeting, which every level receives.
    public static func lowestReceivingLevel(_ type: String) -> Level {
        if type.hasPrefix("DEALER_") { return .reseller }
        if type.hasPrefix("COMPANY_") { return .dealer }
        if type.hasPrefix("USER_") || type.hasPrefix("SITE_") { return .company }
        return .site
    }

    /// Throws unless `type` is 1 to 128 characters of ASCII letters, digits, `_`, `.`, `-`, `:` and `/`.
    ///
    /// A type goes into bodies, lists and patterns, so it is kept to characters that need no escape in any of them.
    public static func check(_ type: String) throws(InputProblem) {
        guard !type.isEmpty, type.utf8.count <= 128, type.utf8.allSatisfy(isAllowed) else {
            throw InputProblem(
                field: "type",
                value: type,
                reason: "is not an event type; use 1 to 128 letters, digits and _ . - : /"
            )
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: ":"), UInt8(ascii: "/"):
            return true
        default: return false
        }
    }
}
