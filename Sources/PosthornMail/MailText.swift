/// Text in a form that every mail server passes on unchanged.
struct MailText {
    /// The name of the form.
    let encoding: String
    /// Lines that end with CR LF.
    let bytes: [UInt8]

    /// Lines may have 998 bytes (RFC 5322, 2.1.1); folding is left to spare.
    private static let plainLineLimit = 900
    private static let encodedLineLimit = 75

    init(_ text: String) {
        let lines = text.utf8.split(omittingEmptySubsequences: false) { $0 == 0x0A }.map { line in
            line.last == 0x0D ? Array(line.dropLast()) : Array(line)
        }
        let isPlain = lines.allSatisfy { line in
            line.count <= Self.plainLineLimit && line.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
        }
        encoding = isPlain ? "7bit" : "quoted-printable"
        let ends = lines.last == [] ? Array(lines.dropLast()) : lines
        bytes = ends.flatMap { (isPlain ? $0 : Self.quotedPrintable($0)) + [0x0D, 0x0A] }
    }

    /// The text with the header lines that say what it is.
    func part(type: String) -> [UInt8] {
        Array("Content-Type: \(type); charset=utf-8\r\nContent-Transfer-Encoding: \(encoding)\r\n\r\n".utf8) + bytes
    }

    /// One line as quoted-printable (RFC 2045, 6.7), with soft line breaks.
    private static func quotedPrintable(_ line: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var column = 0
        for (index, byte) in line.enumerated() {
            let isBlank = byte == 0x20 || byte == 0x09
            let isLiteral = (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "=") || isBlank && index + 1 < line.count
            let piece = isLiteral ? [byte] : [UInt8(ascii: "="), hex(byte >> 4), hex(byte & 15)]
            if column + piece.count > encodedLineLimit {
                output += [UInt8(ascii: "="), 0x0D, 0x0A]
                column = 0
            }
            output += piece
            column += piece.count
        }
        return output
    }

    /// A header's text; what is not ASCII becomes encoded words (RFC 2047) that end between characters.
    static func header(_ text: String) -> String {
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) && text.utf8.count <= plainLineLimit { return text }
        var words: [String] = []
        var word: [UInt8] = []
        func close() {
            if !word.isEmpty { words.append("=?utf-8?Q?\(String(decoding: word, as: UTF8.self))?=") }
            word = []
        }
        for scalar in text.unicodeScalars {
            let piece = String(scalar).utf8.flatMap { byte -> [UInt8] in
                let isLiteral = isAlphanumeric(byte)
                return isLiteral ? [byte] : [UInt8(ascii: "="), hex(byte >> 4), hex(byte & 15)]
            }
            // With its marks and the name of the header, a line stays within 76 characters (RFC 2047, 2).
            if word.count + piece.count > 54 { close() }
            word += piece
        }
        close()
        return words.joined(separator: "\r\n ")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return true
        default: return false
        }
    }

    private static func hex(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x41 + nibble - 10 }
}
