/// One JSON object on one line, its keys in the order they are added.
package struct JSONLine: Sendable {
    private var writer = JSONWriter()
    private var isEmpty = true

    /// An empty object.
    package init() { writer.raw("{") }

    /// The object with its line end.
    package var bytes: [UInt8] { Array((text + "\n").utf8) }

    /// The object as text, without a line end.
    package var text: String { Self.withoutControls(String(decoding: writer.bytes, as: UTF8.self) + "}") }

    /// Some terminals take the control characters above ASCII as commands too, and a receiver's answer may hold any. They can
    /// stand inside strings alone.
    private static func withoutControls(_ json: String) -> String {
        let isControl: (Unicode.Scalar) -> Bool = { (0x7F...0x9F).contains($0.value) }
        if !json.unicodeScalars.contains(where: isControl) { return json }
        return json.unicodeScalars.reduce(into: "") { text, scalar in
            if isControl(scalar) {
                text += "\\u00" + String(scalar.value, radix: 16)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }

    private mutating func key(_ name: String) {
        if !isEmpty { writer.raw(",") }
        isEmpty = false
        writer.string(name)
        writer.raw(":")
    }

    /// A text, or null.
    package mutating func add(_ name: String, _ value: String?) {
        key(name)
        if let value { writer.string(value) } else { writer.raw("null") }
    }

    /// A whole number, or null.
    package mutating func add(_ name: String, _ value: (some BinaryInteger)?) {
        key(name)
        if let value { writer.number(value) } else { writer.raw("null") }
    }

    /// A truth value, or null.
    package mutating func add(_ name: String, _ value: Bool?) {
        key(name)
        writer.raw((value.map { $0 ? "true" : "false" } ?? "null").utf8)
    }

    /// A number that may have a fraction, of which three digits are kept.
    package mutating func add(_ name: String, fraction value: Double?) {
        key(name)
        guard let value, value.isFinite, abs(value) < 1e15 else { return writer.raw("null") }
        let rounded = (value * 1000).rounded() / 1000
        writer.raw((rounded == rounded.rounded() ? String(Int64(rounded)) : "\(rounded)").utf8)
    }

    /// A moment as ISO 8601, or null.
    package mutating func add(_ name: String, _ value: Timestamp?) { add(name, value?.description) }

    /// An object inside this one.
    package mutating func add(_ name: String, _ value: JSONLine) {
        key(name)
        write(value)
    }

    /// An object inside this one; control characters are dealt with once, when the whole is asked for.
    private mutating func write(_ value: JSONLine) {
        writer.raw(value.writer.bytes)
        writer.raw("}")
    }

    /// A tree.
    package mutating func add(_ name: String, _ value: JSONValue) {
        key(name)
        writer.write(value)
    }

    /// A JSON text as it is, but on one line; as a string where it is none.
    package mutating func add(_ name: String, json bytes: [UInt8]) {
        guard (try? JSONScanner.validate(bytes)) != nil else { return add(name, String(decoding: bytes, as: UTF8.self)) }
        key(name)
        // Line ends of a JSON text are blanks between its words: inside a string they are escaped.
        writer.raw(bytes.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 })
    }

    /// An array of texts.
    package mutating func add(_ name: String, _ values: [String]) {
        key(name)
        writer.write(.array(values.map { .string($0) }))
    }

    /// An array of objects.
    package mutating func add(_ name: String, _ values: [JSONLine]) {
        key(name)
        writer.raw("[")
        for (i, value) in values.enumerated() {
            if i > 0 { writer.raw(",") }
            write(value)
        }
        writer.raw("]")
    }

    /// An array of whole numbers.
    package mutating func add(_ name: String, numbers: [some BinaryInteger]) {
        key(name)
        writer.write(.array(numbers.map { .number(String($0)) }))
    }
}
