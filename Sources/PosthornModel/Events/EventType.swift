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

/// A pattern of event types: `MEETING_*`, `meeting.*`, `*`, or a type as it is. `*` stands for any run of characters.
public struct EventPattern: Hashable, Sendable {
    /// The pattern as it was written.
    public let text: String

    /// Reads a pattern: an event type in which `*` may stand anywhere.
    public init(_ text: String) throws(InputProblem) {
        let plain = text.filter { $0 != "*" }
        guard !text.isEmpty, text.utf8.count <= 128 else {
            throw InputProblem(field: "", value: text, reason: "is not an event pattern; use 1 to 128 characters")
        }
        if !plain.isEmpty {
            do throws(InputProblem) { try EventType.check(plain) } catch {
                throw InputProblem(
                    field: "",
                    value: text,
                    reason: "is not an event pattern; use letters, digits, _ . - : / and *"
                )
            }
        }
        self.text = text
    }

    /// The only type that fits the pattern; `nil` when it has a `*`.
    package var onlyType: String? { text.utf8.contains(UInt8(ascii: "*")) ? nil : text }

    /// Whether an event type fits the pattern.
    public func matches(_ type: String) -> Bool {
        if text == "*" { return true }
        // Greedy matching with one point to fall back to: linear in practice, quadratic at worst on 128 bytes.
        let pattern = Array(text.utf8)
        let subject = Array(type.utf8)
        var p = 0
        var s = 0
        var star: (pattern: Int, subject: Int)?
        while s < subject.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = (p + 1, s)
                p += 1
            } else if p < pattern.count, pattern[p] == subject[s] {
                p += 1
                s += 1
            } else if let last = star {
                p = last.pattern
                s = last.subject + 1
                star = (last.pattern, s)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
