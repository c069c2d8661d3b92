public import PosthornModel
import PosthornText

/// A receiver's own account of what it has processed: one line for each time that it processed an event.
///
/// A line is the event's name alone, or a JSON object whose members `id` and `digest` name it (one of them will do). A name is
/// the event's id (WeSeeDo, Standard Webhooks), the id of the object that it is about (diio's `id`, Voiso's `uuid`, Webio's
/// `communicationActionId`, a conference's `conference_id`), or the SHA-256 of the request's body (of its query, where it
/// has no body) as 64 lower-case hexadecimal digits. Alone on its line, it has no blank, comma, quotation mark or bracket.
public struct Ledger: Equatable, Sendable {
    /// The names that each line gives an event, best first.
    let lines: [[UInt64]]

    /// The longest name that stands on a line by itself.
    private static let nameLimitBytes = 256

    /// Reads a ledger. Empty lines are passed over; a last line without an end is not read, for it may still be written.
    /// - Throws: Which line cannot be read, and why.
    public init(_ bytes: some Collection<UInt8>) throws(InputProblem) {
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        for byte in bytes {
            if byte == 0x0A {
                lines.append(line)
                line.removeAll(keepingCapacity: true)
            } else {
                line.append(byte)
            }
        }
        var names: [[UInt64]] = []
        for (index, line) in lines.enumerated() {
            let bare = line.drop { $0 == 0x20 || $0 == 0x09 }.reversed().drop { $0 == 0x20 || $0 == 0x0D }.reversed()
            if bare.isEmpty { continue }
            if bare.first != UInt8(ascii: "{") {
                if !Self.isName(bare) {
                    throw InputProblem(
                        field: "ledger",
                        value: String(decoding: bare.prefix(400), as: UTF8.self),
                        reason: "(line \(index + 1)) is no event's name; write the id or the digest alone, or {\"id\":\"…\"}"
                    )
                }
                names.append([SentRequests.key(bare)])
                continue
            }
            guard let found = Self.members(Array(bare)), !found.isEmpty else {
                throw InputProblem(
                    field: "ledger",
                    value: String(decoding: bare.prefix(400), as: UTF8.self),
                    reason: "(line \(index + 1)) is no JSON object with an \"id\" or a \"digest\"; write {\"id\":\"…\"} or the id alone"
                )
            }
            names.append(found)
        }
        self.lines = names
    }

    /// Whether a line can be a name that stands there alone: what greets a browser, a page or a table must not count as one.
    /// Names with a blank, a comma, a quotation mark or brackets have the form of an object.
    private static func isName(_ line: some Collection<UInt8>) -> Bool {
        line.count <= nameLimitBytes && line.allSatisfy { $0 > 0x20 && $0 != 0x7F && !"\"',<>()[]{}".utf8.contains($0) }
    }

    /// The names in a line's JSON object; `nil` when it is none.
    private static func members(_ line: [UInt8]) -> [UInt64]? {
        guard let value = try? JSONValue.parse(line), case .object = value else { return nil }
        return ["digest", "id"].compactMap { name in
            switch value[name] {
            case .string(let text): return SentRequests.key(text.utf8)
            case .number(let text): return SentRequests.key(text.utf8)
            default: return nil
            }
        }
    }
}
