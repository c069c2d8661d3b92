/// Decoding of paths (RFC 3986, section 2.1) and of form-encoded queries (WHATWG URL, section 5.1).
public enum PercentDecoding {
    /// What `text` stands for. A `%` that no two hex digits follow stays as it is.
    /// - Parameters:
    ///   - text: The encoded bytes.
    ///   - plusIsBlank: Whether `+` stands for a blank, as it does in queries and not in paths.
    public static func decode(_ text: some Collection<UInt8>, plusIsBlank: Bool) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var rest = Array(text)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let high = hexValue(rest[rest.startIndex]),
                let low = hexValue(rest[rest.startIndex + 1])
            {
                out.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                out.append(plusIsBlank && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
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

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): return byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): return byte - UInt8(ascii: "A") + 10
        default: return nil
        }
    }
}
