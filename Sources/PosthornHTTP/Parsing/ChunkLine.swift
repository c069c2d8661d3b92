/// `chunk-size [ chunk-ext ]` (RFC 9112, section 7.1).
enum ChunkLine {
    /// Enough for any size that fits, and no more zeros before it.
    private static let digitLimit = 15

    /// Reads a line without its end: the size, and how many bytes of extensions there are.
    static func read(_ line: Span<UInt8>) throws(HTTPRefusal) -> (size: Int, extensionBytes: Int) {
        var size = 0
        var i = 0
        while i < line.count, let digit = line[i].hexValue {
            guard i < digitLimit else { throw .malformed("a chunk's size has more than \(digitLimit) digits") }
            size = size << 4 | Int(digit)
            i += 1
        }
        guard i > 0 else { throw .malformed("a chunk has no size") }
        try checkExtensions(line.extracting(i..<line.count))
        return (size, line.count - i)
    }

    /// `*( ";" name [ "=" ( token / quoted-string ) ] )` without blanks. Nothing is done with them, but where a quoted string
    /// ends decides where the line ends for a reader that looks.
    private static func checkExtensions(_ text: Span<UInt8>) throws(HTTPRefusal) {
        var i = 0
        while i < text.count {
            guard text[i] == UInt8(ascii: ";") else { throw .malformed("there is more behind a chunk's size than extensions") }
            let name = tokenEnd(text, i + 1)
            guard name > i + 1 else { throw .malformed("a chunk's extension has no name") }
            i = name
            if i < text.count, text[i] == UInt8(ascii: "=") {
                let end = i + 1 < text.count && text[i + 1] == UInt8(ascii: "\"") ? quotedEnd(text, i + 1) : tokenEnd(text, i + 1)
                guard let end, end > i + 1 else { throw .malformed("a chunk's extension has no value") }
                i = end
            }
        }
    }

    private static func tokenEnd(_ text: Span<UInt8>, _ start: Int) -> Int {
        var i = start
        while i < text.count, text[i].isToken { i += 1 }
        return i
    }

    /// Behind the closing quote; `nil` when there is none.
    private static func quotedEnd(_ text: Span<UInt8>, _ start: Int) -> Int? {
        var i = start + 1
        while i < text.count {
            if text[i] == UInt8(ascii: "\"") { return i + 1 }
            i += text[i] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }
}
