/// Reads JSON (RFC 8259) in place: it checks bytes, tells where values start and end, and decodes only what it is asked for.
///
/// A producer's data must reach the receiver byte for byte, so nothing here ever turns a value into another
/// representation and back. It is strict where parsers differ, because two programs that read one text differently
/// are a hole: duplicate keys, bytes that are not UTF-8, lone surrogates and deep nesting are refused.
public struct JSONScanner {
    /// Arrays and objects may stand this deep in each other.
    public static let depthLimit = 500

    /// The bytes being read.
    public let bytes: UnsafeBufferPointer<UInt8>
    /// Where the next byte is read.
    public internal(set) var position: Int
    private var depth = 0
    /// Hash and place of each key of the objects that are open, innermost last; see `noteKey`.
    private var openKeys: [(hash: Int, key: Range<Int>)] = []
    /// The hashes of the innermost object's keys, once it has many.
    private var manyHashes: Set<Int> = []

    /// Reads `bytes` from their start. The buffer must outlive the scanner.
    public init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        position = 0
    }

    // MARK: Whole texts

    /// Checks that `bytes` are one JSON value with nothing but white space around it.
    public static func validate(_ bytes: [UInt8]) throws(JSONProblem) {
        try read(bytes) { (scanner) throws(JSONProblem) in _ = try scanner.skipValue() }
    }

    /// Gives `body` a scanner over `bytes` and demands that it reads them to their end.
    public static func read<Result>(
        _ bytes: [UInt8],
        _ body: (inout JSONScanner) throws(JSONProblem) -> Result
    ) throws(JSONProblem) -> Result {
        if let mark = ForeignText.byteOrderMark(of: bytes) { throw JSONProblem(offset: 0, reason: mark, isOfAnotherKind: true) }
        let outcome = bytes.withUnsafeBufferPointer { buffer -> Swift.Result<Result, JSONProblem> in
            var scanner = JSONScanner(buffer)
            do throws(JSONProblem) {
                let value = try body(&scanner)
                try scanner.end()
                return .success(value)
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Throws unless only white space is left.
    public mutating func end() throws(JSONProblem) {
        skipWhiteSpace()
        if position < bytes.count { throw problem("something follows the value") }
    }

    // MARK: Values

    /// The kinds of JSON value, told by their first byte.
    public enum Kind: Sendable {
        case object, array, string, number, bool, null
    }

    /// What kind of value comes next; consumes white space only.
    public mutating func peek() throws(JSONProblem) -> Kind {
        skipWhiteSpace()
        guard position < bytes.count else { throw problem("the text ends where a value should be") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw problem("no value starts like this")
        }
    }

    /// Checks the next value whole and returns where it stands, without the white space around it.
    public mutating func skipValue() throws(JSONProblem) -> Range<Int> {
        let kind = try peek()
        let start = position
        switch kind {
        case .object:
            try members { (_, scanner) throws(JSONProblem) in _ = try scanner.skipValue() }
        case .array:
            try elements { (scanner) throws(JSONProblem) in _ = try scanner.skipValue() }
        case .string: try skipString()
        case .number: try skipNumber()
        case .bool: try literal(bytes[position] == UInt8(ascii: "t") ? "true" : "false")
        case .null: try literal("null")
        }
        return start..<position
    }

    /// Reads an object: `visit` gets the place of each key (with its quotes) and must consume the value.
    public mutating func members(
        _ visit: (Range<Int>, inout JSONScanner) throws(JSONProblem) -> Void
    ) throws(JSONProblem) {
        try open("{")
        let outerKeys = openKeys.count
        var outerHashes: Set<Int> = []
        swap(&outerHashes, &manyHashes)
        skipWhiteSpace()
        if !take("}") {
            while true {
                skipWhiteSpace()
                guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                    throw problem("a key in quotes should stand here")
                }
                let start = position
                try skipString()
                let key = start..<position
                try noteKey(key, from: outerKeys)
                skipWhiteSpace()
                guard take(":") else { throw problem("a colon should follow the key") }
                try visit(key, &self)
                skipWhiteSpace()
                if take("}") { break }
                guard take(",") else { throw problem("a comma or } should stand here") }
            }
        }
        openKeys.removeSubrange(outerKeys...)
        manyHashes = outerHashes
        depth -= 1
    }

    /// Reads an array: `visit` must consume each value.
    public mutating func elements(_ visit: (inout JSONScanner) throws(JSONProblem) -> Void) throws(JSONProblem) {
        try open("[")
        skipWhiteSpace()
        if !take("]") {
            while true {
                try visit(&self)
                skipWhiteSpace()
                if take("]") { break }
                guard take(",") else { throw problem("a comma or ] should stand here") }
            }
        }
        depth -= 1
    }

    /// Reads and decodes a string.
    public mutating func string() throws(JSONProblem) -> String {
        guard try peek() == .string else { throw problem("a string should stand here") }
        let start = position
        try skipString()
        return decodeString(start..<position)
    }

    /// The text of a string that was checked before; `range` holds its quotes.
    public func decodeString(_ range: Range<Int>) -> String {
        let inner = UnsafeBufferPointer(rebasing: bytes[range.lowerBound + 1..<range.upperBound - 1])
        guard inner.contains(UInt8(ascii: "\\")) else { return String(decoding: inner, as: UTF8.self) }
        var out: [UInt8] = []
        out.reserveCapacity(inner.count)
        Self.unescape(inner) { out.append($0) }
        return String(decoding: out, as: UTF8.self)
    }

    /// Whether the string at `range` (with its quotes) spells `text`, which holds no character that JSON must escape.
    public func string(at range: Range<Int>, is text: StaticString) -> Bool {
        let inner = range.lowerBound + 1..<range.upperBound - 1
        if inner.count == text.utf8CodeUnitCount {
            var same = true
            for i in 0..<inner.count where bytes[inner.lowerBound + i] != text.utf8Start[i] { same = false }
            if same { return true }
        }
        return bytes[inner].contains(UInt8(ascii: "\\")) && decodeString(range) == text.description
    }

    // MARK: Pieces

    func problem(_ reason: String) -> JSONProblem { JSONProblem(offset: position, reason: reason) }

    private mutating func open(_ bracket: Unicode.Scalar) throws(JSONProblem) {
        skipWhiteSpace()
        guard take(bracket) else { throw problem("\(bracket) should stand here") }
        depth += 1
        if depth > Self.depthLimit { throw problem("nested deeper than \(Self.depthLimit) levels") }
    }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: scalar) else { return false }
        position += 1
        return true
    }

    private mutating func skipWhiteSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func literal(_ text: StaticString) throws(JSONProblem) {
        let length = text.utf8CodeUnitCount
        // What stands there is not repeated: it may be a secret without its quotes.
        guard bytes.count - position >= length, (0..<length).allSatisfy({ bytes[position + $0] == text.utf8Start[$0] }) else {
            throw problem("the word that begins here is not \(text); a string stands in double quotes")
        }
        position += length
    }

    private mutating func skipDigits() throws(JSONProblem) {
        let start = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
        if position == start { throw problem("a digit should stand here") }
    }

    private mutating func skipNumber() throws(JSONProblem) {
        _ = take("-")
        if take("0") {
            if position < bytes.count, (0x30...0x39).contains(bytes[position]) {
                throw problem("a number does not start with 0")
            }
        } else {
            try skipDigits()
        }
        if take(".") { try skipDigits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try skipDigits()
        }
    }

    /// Remembers a key of the innermost object and refuses one that it has already.
    private mutating func noteKey(_ key: Range<Int>, from first: Int) throws(JSONProblem) {
        let count = openKeys.count - first
        if count >= Self.keyLimit { throw problem("an object with more than \(Self.keyLimit) keys") }
        let hash = hash(of: key)
        let isKnown: Bool
        if count < Self.fewKeys {
            isKnown = openKeys[first...].contains { $0.hash == hash }
        } else {
            if manyHashes.isEmpty { manyHashes = Set(openKeys[first...].lazy.map(\.hash)) }
            isKnown = !manyHashes.insert(hash).inserted
        }
        if isKnown, openKeys[first...].contains(where: { $0.hash == hash && decodeString($0.key) == decodeString(key) }) {
            position = key.lowerBound
            throw problem("the key \(OneLine.text(decodeString(key), limit: 80)) stands twice in one object")
        }
        openKeys.append((hash, key))
    }

    /// Swift's hash, whose secret is another one in every process: data come from tenants, who could choose keys that collide
    /// in a hash that they know.
    private func hash(of key: Range<Int>) -> Int {
        let inner = UnsafeBufferPointer(rebasing: bytes[key.lowerBound + 1..<key.upperBound - 1])
        var hasher = Hasher()
        if inner.contains(UInt8(ascii: "\\")) {
            var text: [UInt8] = []
            Self.unescape(inner) { text.append($0) }
            text.withUnsafeBytes { hasher.combine(bytes: $0) }
        } else {
            hasher.combine(bytes: UnsafeRawBufferPointer(inner))
        }
        return hasher.finalize()
    }

    /// Keys that one object may have.
    static let keyLimit = 10_000
    /// Up to so many are compared one by one.
    private static let fewKeys = 32
}
