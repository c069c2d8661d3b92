extension UInt8 {
    /// The lower-case letter for an upper-case one of ASCII, anything else as it is. Unicode's rules would do more: some signs that are no
    /// part of a header's name or a media type have a lower case that is.
    @inlinable package var lowercasedASCII: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}

extension Collection<UInt8> {
    /// The bytes as text, ASCII's letters in lower case.
    package var lowercasedASCII: String { String(decoding: map(\.lowercasedASCII), as: UTF8.self) }
}
