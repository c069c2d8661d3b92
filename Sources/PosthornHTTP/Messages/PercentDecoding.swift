/// Decoding of paths (RFC 3986, section 2.1) and of form-encoded queries (WHATWG URL, section 5.1).
public enum PercentDecoding {
    /// What `text` means. A `%` that no two hex digits follow stays as it is.
    /// - Parameters:
    ///   - text: The encoded bytes.
    ///   - plusIsBlank: Whether `+` is a blank, as it is in queries and not in paths.
    ///   - keepsSlashes: Whether an encoded slash stays encoded.
    public static func decode(_ text: some Collection<UInt8>, plusIsBlank: Bool, keepsSlashes: Bool = false) -> String {
        if !text.contains(where: { $0 == UInt8(ascii: "%") || plusIsBlank && $0 == UInt8(ascii: "+") }) {
            return String(decoding: text, as: UTF8.self)
        }
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var rest = Array(text)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let high = rest[rest.startIndex].hexValue,
                let low = rest[rest.startIndex + 1].hexValue, !keepsSlashes || high << 4 | low != UInt8(ascii: "/")
            {
                out.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                out.append(plusIsBlank && byte == UInt8(ascii: "+") ? .space : byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The pairs of a form-encoded query in their order; a member without `=` has an empty value.
    public static func pairs(_ query: String) -> [HTTPRequest.QueryItem] {
        query.utf8.split(separator: UInt8(ascii: "&")).map { member in
            let halves = member.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return HTTPRequest.QueryItem(
                name: decode(halves[0], plusIsBlank: true),
                value: halves.count > 1 ? decode(halves[1], plusIsBlank: true) : ""
            )
        }
    }
}
