/// A small JSON text as a tree, for configuration such as the topology file. Event data never passes through it.
public indirect enum JSONValue: Hashable, Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number as it was written.
    case number(String)
    /// A string without its quotation marks and escapes.
    case string(String)
    /// Elements in their order.
    case array([JSONValue])
    /// Members in the order they were written.
    case object([Member])

    /// One member of an object.
    public struct Member: Hashable, Sendable {
        /// The member's name.
        public let key: String
        /// What it holds.
        public let value: JSONValue

        /// A member named `key`.
        public init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// Reads a whole text.
    public static func parse(_ bytes: [UInt8]) throws(JSONProblem) -> JSONValue {
        try JSONScanner.read(bytes) { (scanner) throws(JSONProblem) in try JSONValue(from: &scanner) }
    }

    /// Reads the scanner's next value.
    package init(from scanner: inout JSONScanner) throws(JSONProblem) {
        switch try scanner.peek() {
        case .null:
            _ = try scanner.skipValue()
            self = .null
        case .bool:
            self = .bool(try scanner.skipValue().count == 4)
        case .number:
            let range = try scanner.skipValue()
            self = .number(String(decoding: scanner.bytes[range], as: UTF8.self))
        case .string:
            self = .string(try scanner.string())
        case .array:
            var elements: [JSONValue] = []
            try scanner.elements { (inner) throws(JSONProblem) in elements.append(try JSONValue(from: &inner)) }
            self = .array(elements)
        case .object:
            var members: [Member] = []
            try scanner.members { (key, inner) throws(JSONProblem) in
                members.append(Member(inner.decodeString(key), try JSONValue(from: &inner)))
            }
            self = .object(members)
        }
    }

    /// The member named `key`, if this is an object that has one.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// The value as compact JSON text.
    public var text: String {
        var writer = JSONWriter()
        writer.write(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// What kind of value it is, for messages.
    public var kindName: String {
        switch self {
        case .null: return "null"
        case .bool: return "a boolean"
        case .number: return "a number"
        case .string: return "a string"
        case .array: return "an array"
        case .object: return "an object"
        }
    }
}
