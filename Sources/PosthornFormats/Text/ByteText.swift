import PosthornModel
import PosthornText

/// Lower-case hexadecimal straight into a byte buffer.
enum Hex {
    private static let digits: StaticString = "0123456789abcdef"

    /// Appends two digits for each byte.
    static func append(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        for start in stride(from: 0, to: bytes.count, by: runByteCount) {
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 2 * runByteCount) { run in
                let end = min(start + runByteCount, bytes.count)
                for i in start..<end {
                    run[2 * (i - start)] = digits.utf8Start[Int(bytes[i] >> 4)]
                    run[2 * (i - start) + 1] = digits.utf8Start[Int(bytes[i] & 15)]
                }
                out.append(contentsOf: UnsafeBufferPointer(rebasing: run[..<(2 * (end - start))]))
            }
        }
    }

    /// Bytes that are written before they are appended together.
    private static let runByteCount = 64

    /// The text of `bytes`.
    static func text(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        bytes.withUnsafeBufferPointer { append($0, to: &out) }
        return String(decoding: out, as: UTF8.self)
    }

    /// The bytes that a text of either case stands for; `nil` when it is not hexadecimal.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(text.count / 2)
        var high: UInt8?
        for character in text {
            guard let digit = character.hexDigitValue else { return nil }
            if let first = high {
                out.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return out
    }
}

extension [UInt8] {
    /// Appends text that is known when the program is built.
    mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends a JSON string with its quotes.
    mutating func append(jsonString text: String) { withJSONWriter { $0.string(text) } }

    /// Lends the buffer to a writer, so that there is one place that knows JSON's escapes.
    mutating func withJSONWriter(_ body: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        swap(&writer.bytes, &self)
        body(&writer)
        swap(&writer.bytes, &self)
    }
}

/// `application/x-www-form-urlencoded`, as the URL Standard writes it: a blank becomes `+`.
enum FormEncoding {
    private static let hexDigits: StaticString = "0123456789ABCDEF"

    /// Appends a name or a value.
    static func append(_ text: some Sequence<UInt8>, to out: inout [UInt8]) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"):
                out.append(byte)
            case UInt8(ascii: " "): out.append(UInt8(ascii: "+"))
            default:
                out.append(UInt8(ascii: "%"))
                out.append(hexDigits.utf8Start[Int(byte >> 4)])
                out.append(hexDigits.utf8Start[Int(byte & 15)])
            }
        }
    }

    /// Appends `name=value`, with `&` in front unless it is the first pair.
    static func append(_ name: some Sequence<UInt8>, _ value: some Sequence<UInt8>, to out: inout [UInt8]) {
        if !out.isEmpty { out.append(UInt8(ascii: "&")) }
        append(name, to: &out)
        out.append(UInt8(ascii: "="))
        append(value, to: &out)
    }

    /// The pairs of a query, decoded; broken escapes stay as they are.
    static func pairs(_ query: [UInt8]) -> [(name: [UInt8], value: [UInt8])] {
        query.split(separator: UInt8(ascii: "&")).map { pair in
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (decode(parts[0]), parts.count > 1 ? decode(parts[1]) : [])
        }
    }

    private static func decode(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        var i = text.startIndex
        while i < text.endIndex {
            if text[i] == UInt8(ascii: "%"), i + 2 < text.endIndex, let high = text[i + 1].hexDigitValue,
                let low = text[i + 2].hexDigitValue
            {
                out.append(high << 4 | low)
                i += 3
            } else {
                out.append(text[i] == UInt8(ascii: "+") ? UInt8(ascii: " ") : text[i])
                i += 1
            }
        }
        return out
    }
}
