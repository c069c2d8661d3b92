import PosthornModel
import PosthornText

/// A JSON Pointer (RFC 6901): the way to a value inside a body.
struct JSONPointer: Hashable, Sendable {
    let text: String
    private let steps: [String]

    /// `nil` unless it begins with a slash.
    init?(_ text: String) {
        guard text.hasPrefix("/") else { return nil }
        self.text = text
        steps = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            String($0).replacing("~1", with: "/").replacing("~0", with: "~")
        }
    }

    /// The name of the member that it ends at.
    var last: String { steps.last ?? "" }

    /// Where the value is in a body; `nil` where there is none, or the body is no JSON.
    func place(in body: [UInt8]) -> Range<Int>? {
        (try? JSONScanner.read(body) { (scanner) throws(JSONProblem) in try place(in: &scanner, steps[...]) }) ?? nil
    }

    private func place(in scanner: inout JSONScanner, _ rest: ArraySlice<String>) throws(JSONProblem) -> Range<Int>? {
        guard let step = rest.first else { return try scanner.skipValue() }
        var found: Range<Int>?
        switch try scanner.peek() {
        case .object:
            try scanner.members { (key, inner) throws(JSONProblem) in
                if inner.decodeString(key) == step {
                    found = try place(in: &inner, rest.dropFirst())
                } else {
                    _ = try inner.skipValue()
                }
            }
        case .array:
            var index = 0
            try scanner.elements { (inner) throws(JSONProblem) in
                if String(index) == step { found = try place(in: &inner, rest.dropFirst()) } else { _ = try inner.skipValue() }
                index += 1
            }
        default: _ = try scanner.skipValue()
        }
        return found
    }

    /// The value as a text is signed: a string without its quotes, everything else as it is written, nothing for null and for what is
    /// not there.
    func text(in body: [UInt8]) -> [UInt8]? {
        guard let place = place(in: body) else { return nil }
        let written = Array(body[place])
        switch try? JSONValue.parse(written) {
        case .string(let text): return Array(text.utf8)
        case .null: return []
        default: return written
        }
    }

    /// Puts a text in the place of the value: as a number where there is a number, else as a string.
    /// - Returns: Whether there is such a place.
    func replace(in body: inout [UInt8], by text: [UInt8]) -> Bool {
        guard let place = place(in: body) else { return false }
        let first = body[place.lowerBound]
        let isNumber = first == UInt8(ascii: "-") || (0x30...0x39).contains(first)
        if isNumber, Int64(String(decoding: text, as: UTF8.self)) != nil {
            body.replaceSubrange(place, with: text)
        } else {
            var string: [UInt8] = []
            string.append(jsonString: String(decoding: text, as: UTF8.self))
            body.replaceSubrange(place, with: string)
        }
        return true
    }
}
