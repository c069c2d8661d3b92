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
