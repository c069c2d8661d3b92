#if PostgreSQL
import PosthornStore

/// A value that is handed to a statement, in PostgreSQL's own text form.
///
/// PostgreSQL's texts cannot hold a zero byte; where a text of ours has one, U+FFFD takes its place.
enum PostgresValue {
    case integer(Int64?)
    case double(Double?)
    case text(String?)
    /// A text as its bytes, which are UTF-8.
    case utf8([UInt8])
    /// A `bytea`.
    case bytes([UInt8]?)
    case integers([Int64?])
    case texts([String?])
    /// Texts as their bytes.
    case utf8List([[UInt8]])
    case bytesList([[UInt8]])
    case booleans([Bool])

    /// Appends the text form, without an end; nothing for a NULL.
    /// - Returns: Whether it is a value, and not NULL.
    func append(to buffer: inout [UInt8]) -> Bool {
        switch self {
        case .integer(let value):
            guard let value else { return false }
            buffer += String(value).utf8
        case .double(let value):
            guard let value else { return false }
            buffer += String(value).utf8
        case .text(let value):
            guard let value else { return false }
            Self.appendText(value.utf8, to: &buffer)
        case .utf8(let value): Self.appendText(value, to: &buffer)
        case .bytes(let value):
            guard let value else { return false }
            buffer += Self.escapedStart
            Self.appendHex(value, to: &buffer)
        case .integers(let values):
            Self.appendList(values, to: &buffer) { value, buffer in
                if let value { buffer += String(value).utf8 } else { buffer += Self.null }
            }
        case .texts(let values):
            Self.appendList(values, to: &buffer) { value, buffer in
                if let value { Self.appendQuoted(value.utf8, to: &buffer) } else { buffer += Self.null }
            }
        case .utf8List(let values): Self.appendList(values, to: &buffer) { Self.appendQuoted($0, to: &$1) }
        case .bytesList(let values):
            Self.appendList(values, to: &buffer) { value, buffer in
                buffer += [Self.quote, Self.backslash]
                buffer += Self.escapedStart
                Self.appendHex(value, to: &buffer)
                buffer.append(Self.quote)
            }
        case .booleans(let values): Self.appendList(values, to: &buffer) { $1.append($0 ? UInt8(ascii: "t") : UInt8(ascii: "f")) }
        }
        return true
    }

    private static let null = Array("NULL".utf8)
    private static let escapedStart = Array("\\x".utf8)
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")
    private static let replacement = Array("\u{FFFD}".utf8)
    private static let hex = Array("0123456789abcdef".utf8)

    private static func appendText(_ text: some Sequence<UInt8>, to buffer: inout [UInt8]) {
        for byte in text { if byte == 0 { buffer += replacement } else { buffer.append(byte) } }
    }

    private static func appendHex(_ bytes: [UInt8], to buffer: inout [UInt8]) {
        for byte in bytes {
            buffer.append(hex[Int(byte >> 4)])
            buffer.append(hex[Int(byte & 15)])
        }
    }

    private static func appendQuoted(_ text: some Sequence<UInt8>, to buffer: inout [UInt8]) {
        buffer.append(quote)
        for byte in text {
            if byte == quote || byte == backslash { buffer.append(backslash) }
            if byte == 0 { buffer += replacement } else { buffer.append(byte) }
        }
        buffer.append(quote)
    }

    private static func appendList<Element>(
        _ values: [Element],
        to buffer: inout [UInt8],
        _ append: (Element, inout [UInt8]) -> Void
    ) {
        buffer.append(UInt8(ascii: "{"))
        for (i, value) in values.enumerated() {
            if i > 0 { buffer.append(UInt8(ascii: ",")) }
            append(value, &buffer)
        }
        buffer.append(UInt8(ascii: "}"))
    }

    /// Gives values to libpq, each with an end, for as long as `body` runs.
    static func withPointers<Result>(
        _ values: [PostgresValue],
        _ body: ([UnsafePointer<CChar>?]) throws(OutboxProblem) -> Result
    ) throws(OutboxProblem) -> Result {
        var buffer: [UInt8] = []
        var starts: [Int?] = []
        for value in values {
            let start = buffer.count
            starts.append(value.append(to: &buffer) ? start : nil)
            buffer.append(0)
        }
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, buffer.count))
        defer { copy.deallocate() }
        _ = copy.initialize(fromContentsOf: buffer)
        let base = UnsafeRawPointer(copy.baseAddress!)
        return try body(starts.map { start in start.map { base.advanced(by: $0).assumingMemoryBound(to: CChar.self) } })
    }
}
#endif
