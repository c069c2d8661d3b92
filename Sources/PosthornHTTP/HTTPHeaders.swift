/// Header fields in the order they were received; names compare without regard to case (RFC 9110, section 5.1).
///
/// All bytes stand in one buffer, so that a request with ten headers costs two allocations and not twenty.
public struct HTTPHeaders: Sendable, Sequence, ExpressibleByDictionaryLiteral {
    private struct Field {
        let name: Range<Int>
        let value: Range<Int>
    }

    private var bytes: [UInt8] = []
    private var fields: [Field] = []

    /// No fields.
    public init() {}

    /// Fields in the order of the literal; a name may stand twice.
    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { append(name, value) }
    }

    /// How many fields there are; one that was sent twice counts twice.
    public var count: Int { fields.count }

    /// Adds a field behind the others.
    public mutating func append(_ name: String, _ value: String) {
        var name = name
        var value = value
        name.withUTF8 { name in value.withUTF8 { append(name: name, value: $0) } }
    }

    /// Adds a field given as bytes. Blanks around the value are not part of it (RFC 9110, section 5.5).
    mutating func append(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        let front = value.prefix(while: isBlank).count
        let back = value[front...].reversed().prefix(while: isBlank).count
        if fields.isEmpty {
            bytes.reserveCapacity(512)
            fields.reserveCapacity(12)
        }
        let start = bytes.count
        bytes.append(contentsOf: name)
        let middle = bytes.count
        bytes.append(contentsOf: value[front..<(value.count - back)])
        fields.append(Field(name: start..<middle, value: middle..<bytes.count))
    }

    /// The value of the first field with this name.
    public subscript(name: String) -> String? {
        for field in fields where matches(field, name) { return text(field.value) }
        return nil
    }

    /// The values of all fields with this name, in order.
    public func all(_ name: String) -> [String] {
        fields.filter { matches($0, name) }.map { text($0.value) }
    }

    /// Name and value of each field.
    public func makeIterator() -> some IteratorProtocol<(name: String, value: String)> {
        fields.lazy.map { (name: text($0.name), value: text($0.value)) }.makeIterator()
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private func matches(_ field: Field, _ name: String) -> Bool {
        let name = name.utf8
        guard field.name.count == name.count else { return false }
        return zip(bytes[field.name], name).allSatisfy { $0.lowercasedASCII == $1.lowercasedASCII }
    }
}

extension UInt8 {
    /// The lower-case letter for an upper-case one of ASCII, anything else as it is.
    var lowercasedASCII: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}
