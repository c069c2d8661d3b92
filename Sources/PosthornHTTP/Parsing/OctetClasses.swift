import PosthornText

/// The classes of octets that HTTP's grammar is made of (RFC 9110, section 5.6; RFC 3986, appendix A).
extension UInt8 {
    static let horizontalTab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let colon = UInt8(ascii: ":")

    /// `OWS`: the blanks around values and members of lists.
    var isBlank: Bool { self == .space || self == .horizontalTab }

    var isDigit: Bool { (0x30...0x39).contains(self) }

    var isLetter: Bool { (0x61...0x7A).contains(self | 0x20) }

    /// `tchar`: methods, field names, codings and options are made of these.
    var isToken: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x5E...0x7A, 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x7C, 0x7E: return true
        default: return false
        }
    }

    /// What a line may hold anywhere: visible characters, blanks and bytes above ASCII. No control character has one reading.
    var isText: Bool { self >= 0x20 ? self != 0x7F : self == .horizontalTab }

    /// `unreserved` and `sub-delims` of RFC 3986.
    var isPlainInURI: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x21, 0x24, 0x26...0x2E, 0x3B, 0x3D, 0x5F, 0x7E: return true
        default: return false
        }
    }

    /// What a hexadecimal digit is worth.
    var hexValue: UInt8? {
        switch self {
        case 0x30...0x39: return self - 0x30
        case 0x41...0x46: return self - 0x41 + 10
        case 0x61...0x66: return self - 0x61 + 10
        default: return nil
        }
    }
}

extension Span<UInt8> {
    /// Whether these are the bytes of `text`, which has no capital letters, in either case.
    func equals(lowercase text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { text in
            for i in 0..<text.count where self[i].lowercasedASCII != text[i] { return false }
            return true
        }
    }

    /// Whether every byte passes.
    func allSatisfy(_ passes: (UInt8) -> Bool) -> Bool {
        for i in 0..<count where !passes(self[i]) { return false }
        return true
    }

    /// Where the byte comes first.
    func firstIndex(of byte: UInt8) -> Int? {
        for i in 0..<count where self[i] == byte { return i }
        return nil
    }

    /// A copy of the bytes.
    var array: [UInt8] { withUnsafeBufferPointer { Array($0) } }
}
