import PosthornModel
import PosthornStore
import PosthornText

/// A parameter of a route: how it is checked, and what the OpenAPI document says of it.
struct Parameter: Sendable {
    enum Place: String, Sendable { case query, path, header }

    /// What its value must be.
    enum Kind: Sendable {
        /// Text of 1 to so many bytes.
        case text(limitBytes: Int)
        /// Visible characters of ASCII, 255 at most.
        case name
        case integer(ClosedRange<Int>)
        case choice([String])
        case flag
        /// ISO 8601.
        case time
        /// An event type or a pattern of them.
        case pattern
        /// The number of a row.
        case number
        /// Where a part of a list begins: at a row's number, or at a name of so many bytes at most.
        case cursor(nameLimitBytes: Int?)
        /// The same in a list of deliveries: at a row's number, or at a place in the order of next attempts.
        case deliveryCursor
    }

    let name: String
    let place: Place
    let kind: Kind
    let summary: String
    var example: String
    var isRepeatable = false

    /// How often a parameter may be there, and how many types or patterns a body may name: each is compared with every row.
    static let repeatLimit = 50

    static func path(_ name: String, _ kind: Kind, _ summary: String, example: String)
        -> Parameter
    {
        Parameter(name: name, place: .path, kind: kind, summary: summary, example: example)
    }

    static func query(_ name: String, _ kind: Kind, _ summary: String, example: String, isRepeatable: Bool = false) -> Parameter {
        Parameter(name: name, place: .query, kind: kind, summary: summary, example: example, isRepeatable: isRepeatable)
    }

    /// What is wrong with a value; `nil` when nothing is.
    func fault(of value: String) -> String? {
        switch kind {
        case .text(let limit):
            if !(1...limit).contains(value.utf8.count) { return "must have 1 to \(limit) bytes" }
            return value.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } ? "holds a control character" : nil
        case .name:
            return Self.isName(value) ? nil : "must have 1 to 255 visible characters of ASCII"
        case .integer(let range):
            if let number = Int(value), range.contains(number) { return nil }
            return "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .choice(let words): return words.contains(value) ? nil : Suggestion.refusal(of: value, among: words)
        case .flag: return value == "true" || value == "false" ? nil : "must be true or false"
        case .time: return Timestamp(iso8601: value) == nil ? "is not a time; write it as 2020-07-15T12:33:14.000Z" : nil
        case .pattern:
            do throws(InputProblem) { _ = try EventPattern(value) } catch { return error.reason }
            return nil
        case .cursor(let nameLimit):
            let cursor = ListCursor(value) { place -> String? in
                guard let nameLimit else { return Self.place(place).map { String($0) } }
                return (1...nameLimit).contains(place.utf8.count) ? place : nil
            }
            return cursor == nil ? Self.noCursor : nil
        case .deliveryCursor:
            let cursor = ListCursor(value) { Self.place($0) != nil || RetryPosition(cursor: $0) != nil ? $0 : nil }
            return cursor == nil ? Self.noCursor : nil
        case .number: return Self.number(value) == nil ? "must be a number from 1 to 9223372036854775807" : nil
        }
    }

    private static let noCursor = "is no cursor; take next_cursor or previous_cursor of an answer as it is"

    /// Whether a text is a name of a request.
    static func isName(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// A number as a cursor names it, which may lie before the first row.
    static func place(_ text: String) -> Int64? { text == "0" ? 0 : number(text) }

    /// The number of a row: digits alone, and none before the first that counts.
    static func number(_ text: String) -> Int64? {
        guard let number = Int64(text), number > 0, String(number) == text else { return nil }
        return number
    }
}
