/// A pattern of event types: `MEETING_*`, `meeting.*`, `*`, or a type as it is. `*` stands for any run of characters.
public struct EventPattern: Hashable, Sendable {
    /// The pattern as it was written.
    public let text: String

    /// Reads a pattern: an event type in which `*` may stand anywhere.
    public init(_ text: String) throws(InputProblem) {
        let plain = text.filter { $0 != "*" }
        guard !text.isEmpty, text.utf8.count <= 128 else {
            throw InputProblem(field: "", value: text, reason: "is not an event pattern; use 1 to 128 characters")
        }
        if !plain.isEmpty {
            do throws(InputProblem) { try EventType.check(plain) } catch {
                throw InputProblem(
                    field: "",
                    value: text,
                    reason: "is not an event pattern; use letters, digits, _ . - : / and *"
                )
            }
        }
        self.text = text
    }

    /// The only type that fits the pattern; `nil` when it has a `*`.
    package var onlyType: String? { text.utf8.contains(UInt8(ascii: "*")) ? nil : text }

    /// Whether an event type fits the pattern.
    ///
    /// What is before the first `*` begins the type, what is behind the last one ends it, and each piece between is looked for from the left
    /// on, in linear time: no pattern makes a type dear.
    public func matches(_ type: String) -> Bool {
        if text == "*" { return true }
        var (text, type) = (text, type)
        return text.withUTF8 { pattern in type.withUTF8 { Self.matches(pattern[...], $0[...]) } }
    }

    private typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>
    private static let star = UInt8(ascii: "*")

    private static func matches(_ pattern: Bytes, _ type: Bytes) -> Bool {
        guard let first = pattern.firstIndex(of: star), let last = pattern.lastIndex(of: star) else { return pattern.elementsEqual(type) }
        let (start, end) = (pattern[..<first], pattern[(last + 1)...])
        if type.count < start.count + end.count { return false }
        guard type.starts(with: start), type.suffix(end.count).elementsEqual(end) else { return false }
        var rest = type.dropFirst(start.count).dropLast(end.count)
        var pieces = pattern[first...last].dropFirst()
        while let next = pieces.firstIndex(of: star) {
            let piece = pieces[..<next]
            pieces = pieces[(next + 1)...]
            if piece.isEmpty { continue }
            guard let found = endOfFirst(piece, in: rest) else { return false }
            rest = rest[found...]
        }
        return true
    }

    /// Where the first occurrence of a piece ends (Knuth, Morris, Pratt: Fast pattern matching in strings, 1977).
    private static func endOfFirst(_ piece: Bytes, in bytes: Bytes) -> Int? {
        // How much of the piece's beginning also ends what of it has fitted so far. No pattern has more than 128 bytes.
        var borders = InlineArray<128, UInt8>(repeating: 0)
        let base = piece.startIndex
        var length = 0
        for index in 1..<max(1, piece.count) {
            while length > 0, piece[base + index] != piece[base + length] { length = Int(borders[length - 1]) }
            if piece[base + index] == piece[base + length] { length += 1 }
            borders[index] = UInt8(length)
        }
        length = 0
        for index in bytes.indices {
            while length > 0, bytes[index] != piece[base + length] { length = Int(borders[length - 1]) }
            if bytes[index] == piece[base + length] { length += 1 }
            if length == piece.count { return index + 1 }
        }
        return nil
    }
}
