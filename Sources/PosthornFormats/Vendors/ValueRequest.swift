public import PosthornModel
import PosthornText

/// Webio's custom value request: asks the receiver for the values of a text's `<<fields>>` and fills them in.
///
/// `Your balance is <<balance>>.` asks for `…&param1=balance`; the reply `{"balance": "12.50"}` makes it
/// `Your balance is 12.50.` A field that occurs twice is asked for once and filled in both places. White space around a
/// field's name is not part of it.
public struct ValueRequest: Sendable {
    /// The fields in the order of their first occurrence.
    public let fields: [String]
    private let pieces: [Piece]

    private enum Piece: Sendable {
        case literal(String)
        case field(String)
    }

    /// Reads the fields of a text.
    ///
    /// - Throws: Where a field is empty or has no end; a text without any field has nothing to ask for.
    public init(_ text: String) throws(InputProblem) {
        var pieces: [Piece] = []
        var fields: [String] = []
        // Scalars, since a combining mark after a bracket makes another Character of it.
        var rest = text.unicodeScalars[...]
        while let start = Self.firstPair("<", in: rest) {
            pieces.append(.literal(String(rest[..<start])))
            let inside = rest[rest.index(start, offsetBy: 2)...]
            guard let end = Self.firstPair(">", in: inside) else {
                throw InputProblem(field: "text", value: String(rest[start...]), reason: "opens a field with << that no >> closes")
            }
            let name = String(String.UnicodeScalarView(inside[..<end].trimmingBlanks()))
            if name.isEmpty || name.unicodeScalars.contains(where: { $0 == "<" || $0.value < 0x20 }) {
                throw InputProblem(field: "text", value: String(rest[start...]), reason: "holds a field without a usable name")
            }
            pieces.append(.field(name))
            if !fields.contains(name) { fields.append(name) }
            rest = inside[inside.index(end, offsetBy: 2)...]
        }
        pieces.append(.literal(String(rest)))
        if fields.isEmpty { throw InputProblem(field: "text", value: text, reason: "has no <<field>> to ask for") }
        self.pieces = pieces
        self.fields = fields
    }

    /// The first place where a bracket occurs twice.
    private static func firstPair(
        _ bracket: Unicode.Scalar,
        in text: Substring.UnicodeScalarView
    ) -> String.Index? {
        var place = text.startIndex
        while place < text.endIndex {
            let next = text.index(after: place)
            if text[place] == bracket, next < text.endIndex, text[next] == bracket { return place }
            place = next
        }
        return nil
    }

    /// What is added to the URL: `customerUID=…&outboundChannelAddress=…&param1=…`, without `?` or `&` in front.
    ///
    /// - Parameters:
    ///   - customer: The customer's id; `nil` for an inbound conversation, written as `null`.
    ///   - channel: The channel's address, such as a phone number.
    public func query(customer: String?, channel: String) -> [UInt8] {
        var query: [UInt8] = []
        FormEncoding.append("customerUID".utf8, (customer ?? "null").utf8, to: &query)
        FormEncoding.append("outboundChannelAddress".utf8, channel.utf8, to: &query)
        for (i, field) in fields.enumerated() { FormEncoding.append("param\(i + 1)".utf8, field.utf8, to: &query) }
        return query
    }

    /// The text with every field filled from the receiver's reply; all of them or none.
    ///
    /// Strings are filled in decoded, numbers as they were written, and booleans as `true` or `false`.
    /// - Throws: The status, the JSON error, or the first field without a usable value.
    public func fill(status: Int, body: [UInt8]) throws(InputProblem) -> String {
        guard status == 200 else {
            throw InputProblem(.badAnswer, field: "reply", value: String(status), reason: "is not the status 200; \(notFilled)")
        }
        let reply: JSONValue
        do throws(JSONProblem) { reply = try JSONValue.parse(body) } catch {
            throw InputProblem(.badAnswer, field: "reply", reason: "is \(error); \(notFilled)")
        }
        guard case .object = reply else {
            throw InputProblem(.badAnswer, field: "reply", reason: "is \(reply.kindName) and not an object; \(notFilled)")
        }
        var values: [String: String] = [:]
        for field in fields { values[field] = try Self.value(of: field, in: reply) }
        return pieces.map { piece in
            switch piece {
            case .literal(let text): return text
            case .field(let name): return values[name] ?? ""
            }
        }.joined()
    }

    private var notFilled: String { "not filled: \(fields.map(InputProblem.printable).joined(separator: ", "))" }

    private static func value(of field: String, in reply: JSONValue) throws(InputProblem) -> String {
        let name = InputProblem.printable(field)
        switch reply[field] {
        case .string(let text): return text
        case .number(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case .null: throw InputProblem(.badAnswer, field: name, reason: "is null in the receiver's reply")
        case nil: throw InputProblem(.badAnswer, field: name, reason: "is missing in the receiver's reply")
        case .array, .object: throw InputProblem(.badAnswer, field: name, reason: "is not a plain value in the receiver's reply")
        }
    }
}

extension Substring.UnicodeScalarView {
    fileprivate func trimmingBlanks() -> Substring.UnicodeScalarView {
        var view = self
        while view.first == " " || view.first == "\t" { view.removeFirst() }
        while view.last == " " || view.last == "\t" { view.removeLast() }
        return view
    }
}
