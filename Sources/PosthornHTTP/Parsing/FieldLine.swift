/// `field-name ":" OWS field-value OWS` (RFC 9112, section 5).
struct FieldLine {
    /// Where the name is in the line.
    let name: Range<Int>
    /// Where the value is, without the blanks around it.
    let value: Range<Int>

    /// Reads a line without its end. Its bytes are text already: the reader of lines lets no other through.
    init(_ line: Span<UInt8>) throws(HTTPRefusal) {
        var i = 0
        while i < line.count, line[i].isToken { i += 1 }
        guard i < line.count, line[i] == .colon, i > 0 else {
            // Once the way to continue a field on the next line; readers that differ over it are a way to smuggle.
            if line.count > 0, line[0].isBlank { throw .malformed("a header line begins with a blank") }
            throw .malformed("a header line has no name with a colon right behind it")
        }
        name = 0..<i
        var start = i + 1
        var end = line.count
        while start < end, line[start].isBlank { start += 1 }
        while end > start, line[end - 1].isBlank { end -= 1 }
        value = start..<end
    }
}
