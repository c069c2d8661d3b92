/// Writes JSON text into a byte buffer. It is told the structure by its caller and takes care of escapes alone.
public struct JSONWriter: Sendable {
    /// What has been written.
    public var bytes: [UInt8] = []

    /// An empty text.
    public init() {}

    /// Appends text that is JSON already: brackets, commas, keys.
    @inlinable
    public mutating func raw(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends bytes that are JSON already, such as a producer's data.
    @inlinable
    public mutating func raw(_ json: some Collection<UInt8>) { bytes.append(contentsOf: json) }

    /// Appends a number.
    public mutating func number(_ value: some BinaryInteger) { bytes.append(contentsOf: String(value).utf8) }

    /// Appends a string with its quotes.
    public mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { string(utf8: $0) }
    }

    /// Appends a string given as UTF-8, with its quotes. Everything above ASCII stays as it is.
    public mutating func string(utf8: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        escape(utf8)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends what `utf8` becomes inside a JSON string, without quotes.
    public mutating func escape(_ utf8: UnsafeBufferPointer<UInt8>) {
        // Text goes through a small buffer on the stack, since appending a few bytes at a time to an array costs more
        // than the bytes: JSON inside JSON has something to escape every dozen bytes.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.runLength * Self.longestEscape) { run in
            var i = 0
            while i < utf8.count {
                let end = min(i + Self.runLength, utf8.count)
                var length = 0
                while i < end {
                    Self.escape(utf8[i], into: run, &length)
                    i += 1
                }
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: run[..<length]))
            }
        }
    }

    /// Bytes that are escaped before they are appended together. Swift keeps a temporary allocation on the stack up to
    /// 1024 bytes, which this times the longest escape stays below.
    private static let runLength = 160
    /// `\u0000` has six bytes.
    private static let longestEscape = 6

    @inline(__always)
    private static func escape(_ byte: UInt8, into run: UnsafeMutableBufferPointer<UInt8>, _ length: inout Int) {
        func put(_ byte: UInt8) {
            run[length] = byte
            length += 1
        }
        if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { return put(byte) }
        put(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): put(byte)
        case 0x0A: put(UInt8(ascii: "n"))
        case 0x0D: put(UInt8(ascii: "r"))
        case 0x09: put(UInt8(ascii: "t"))
        default:
            put(UInt8(ascii: "u"))
            put(UInt8(ascii: "0"))
            put(UInt8(ascii: "0"))
            put(byte >> 4 + UInt8(ascii: "0"))
            put(hexDigit(byte & 15))
        }
    }

    /// Appends a tree.
    public mutating func write(_ value: JSONValue) {
        switch value {
        case .null: raw("null")
        case .bool(let flag): raw(flag ? "true" : "false")
        case .number(let text): raw(text.utf8)
        case .string(let text): string(text)
        case .array(let elements):
            raw("[")
            for (i, element) in elements.enumerated() {
                if i > 0 { raw(",") }
                write(element)
            }
            raw("]")
        case .object(let members):
            raw("{")
            for (i, member) in members.enumerated() {
                if i > 0 { raw(",") }
                string(member.key)
                raw(":")
                write(member.value)
            }
            raw("}")
        }
    }

    /// The lower-case hexadecimal digit of 0 to 15.
    package static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? value + UInt8(ascii: "0") : value - 10 + UInt8(ascii: "a")
    }
}
