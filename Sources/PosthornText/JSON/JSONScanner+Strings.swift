// Inside quotes: escapes, surrogates and UTF-8.
extension JSONScanner {
    mutating func skipString() throws(JSONProblem) {
        position += 1
        while true {
            position = endOfPlainText(from: position)
            guard position < bytes.count else { throw problem("the text ends inside a string") }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"): try skipEscape()
            case 0..<0x20: throw problem("a string holds a control character; write it as \\u00XX")
            default: try skipUTF8Sequence()
            }
        }
    }

    /// The first place from `start` on that is no plain character of a string: a quote, a backslash, a control character, or one beyond
    /// ASCII. Eight bytes at a time, since most of what a platform sends is such characters.
    private func endOfPlainText(from start: Int) -> Int {
        var place = start
        while bytes.count - place >= 8, let base = bytes.baseAddress {
            let word = UInt64(littleEndian: UnsafeRawPointer(base + place).loadUnaligned(as: UInt64.self))
            let marks = Self.marks(in: word)
            if marks != 0 { return place + marks.trailingZeroBitCount / 8 }
            place += 8
        }
        while place < bytes.count, Self.isPlain(bytes[place]) { place += 1 }
        return place
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x20..<0x80).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// The upper bit of the lowest byte that is not plain. What is above it says nothing: a subtraction borrows from there.
    private static func marks(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones * UInt64(UInt8(ascii: "\"")))
        let backslash = word ^ (ones * UInt64(UInt8(ascii: "\\")))
        let controls = (word &- ones * 0x20) & ~word
        return (controls | ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | word) & (ones * 0x80)
    }

    private mutating func skipEscape() throws(JSONProblem) {
        guard position + 1 < bytes.count else { throw problem("the text ends inside a string") }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            let unit = try hexUnit(at: position + 2)
            if (0xDC00...0xDFFF).contains(unit) { throw problem("half of a surrogate pair lacks the other") }
            if (0xD800...0xDBFF).contains(unit) {
                guard position + 7 < bytes.count, bytes[position + 6] == UInt8(ascii: "\\"),
                    bytes[position + 7] == UInt8(ascii: "u"),
                    (0xDC00...0xDFFF).contains(try hexUnit(at: position + 8))
                else { throw problem("half of a surrogate pair lacks the other") }
                position += 12
            } else {
                position += 6
            }
        default: throw problem("no such escape")
        }
    }

    private func hexUnit(at start: Int) throws(JSONProblem) -> UInt32 {
        guard start + 4 <= bytes.count, let unit = Self.hexUnit(bytes, start) else {
            throw problem("four hex digits should follow \\u")
        }
        return unit
    }

    private static func hexUnit(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> UInt32? {
        var unit: UInt32 = 0
        for i in start..<start + 4 {
            guard let digit = bytes[i].hexDigitValue else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    /// The Unicode Standard, table 3-7: well-formed UTF-8 byte sequences.
    private mutating func skipUTF8Sequence() throws(JSONProblem) {
        let first = bytes[position]
        let second: ClosedRange<UInt8>
        let length: Int
        switch first {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xE1...0xEC, 0xEE...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw problem("not UTF-8")
        }
        guard position + length <= bytes.count, second.contains(bytes[position + 1]),
            bytes[position + 2..<position + length].allSatisfy({ (0x80...0xBF).contains($0) })
        else { throw problem("not UTF-8") }
        position += length
    }

    /// Calls `emit` with the UTF-8 bytes that a checked string's inside stands for.
    static func unescape(_ inner: UnsafeBufferPointer<UInt8>, _ emit: (UInt8) -> Void) {
        var i = 0
        while i < inner.count {
            guard inner[i] == UInt8(ascii: "\\") else {
                emit(inner[i])
                i += 1
                continue
            }
            switch inner[i + 1] {
            case UInt8(ascii: "b"): emit(0x08)
            case UInt8(ascii: "f"): emit(0x0C)
            case UInt8(ascii: "n"): emit(0x0A)
            case UInt8(ascii: "r"): emit(0x0D)
            case UInt8(ascii: "t"): emit(0x09)
            case UInt8(ascii: "u"):
                var unit = hexUnit(inner, i + 2) ?? 0xFFFD
                if (0xD800...0xDBFF).contains(unit), let low = hexUnit(inner, i + 8) {
                    unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
                    i += 6
                }
                for byte in String(Unicode.Scalar(unit) ?? "\u{FFFD}").utf8 { emit(byte) }
                i += 4
            case let plain: emit(plain)
            }
            i += 2
        }
    }
}

extension UInt8 {
    /// 0 to 15 for a hexadecimal digit in ASCII.
    package var hexDigitValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): return self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): return self - UInt8(ascii: "A") + 10
        default: return nil
        }
    }
}
