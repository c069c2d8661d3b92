import PosthornText

/// Header fields in the order they were received; names compare without regard to case (RFC 9110, section 5.1).
///
/// All bytes are in one buffer, so that a request with ten headers costs two allocations and not twenty.
public struct HTTPHeaders: Sendable, Sequence, ExpressibleByDictionaryLiteral {
    /// Where a field's name and value are in the buffer. A head is far shorter than 4 GiB.
    struct Field: Sendable {
        private let nameStart: UInt32
        private let nameEnd: UInt32
        private let valueStart: UInt32
        private let valueEnd: UInt32

        init(name: Range<Int>, value: Range<Int>, offset: Int = 0) {
            nameStart = UInt32(name.lowerBound + offset)
            nameEnd = UInt32(name.upperBound + offset)
            valueStart = UInt32(value.lowerBound + offset)
            valueEnd = UInt32(value.upperBound + offset)
        }

        var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
        var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
    }

    private var bytes: [UInt8] = []
    private var fields: [Field] = []

    /// No fields.
    public init() {}

    /// Fields in the order of the literal; a name may be there twice.
    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { append(name, value) }
    }

    /// Fields whose bytes are there already.
    init(bytes: [UInt8], fields: [Field]) {
        self.bytes = bytes
        self.fields = fields
    }

    /// How many fields there are; one that was sent twice counts twice.
    public var count: Int { fields.count }

    /// Adds a field behind the others.
    public mutating func append(_ name: String, _ value: String) {
        let start = bytes.count
        bytes.append(contentsOf: name.utf8)
        let middle = bytes.count
        bytes.append(contentsOf: value.utf8)
        fields.append(Field(name: start..<middle, value: middle..<bytes.count))
    }

    /// The value of the first field with this name.
    public subscript(name: String) -> String? { first(name).map(text) }

    /// The values of all fields with this name, in order.
    public func all(_ name: String) -> [String] {
        fields.filter { matches($0, name) }.map { text($0.value) }
    }

    /// Name and value of each field.
    public func makeIterator() -> some IteratorProtocol<(name: String, value: String)> {
        fields.lazy.map { (name: text($0.name), value: text($0.value)) }.makeIterator()
    }

    /// Where the value of the first field with this name is in the buffer.
    func first(_ name: String) -> Range<Int>? {
        for field in fields where matches(field, name) { return field.value }
        return nil
    }

    /// Calls `body` with the bytes of each field.
    func eachField(_ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void) {
        for field in fields { body(bytes.span.extracting(field.name), bytes.span.extracting(field.value)) }
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private func matches(_ field: Field, _ name: String) -> Bool {
        let name = name.utf8
        guard field.name.count == name.count else { return false }
        return zip(bytes[field.name], name).allSatisfy { $0.lowercasedASCII == $1.lowercasedASCII }
    }
}
