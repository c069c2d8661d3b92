/// URLs as people may see them: user info, query and fragment, which can hold secrets, are masked.
///
/// Works on bytes. In Swift a `?` with a combining accent behind it is one character, and not `?`, while whoever sends the
/// request sees a query.
public enum MaskedURL {
    /// What a masked part is replaced by.
    public static let mark = "***"

    /// The URL with the values of its query masked, `https://host/path?token=***`, and without user info and fragment.
    public static func text(_ url: String) -> String {
        let parts = URLParts(url)
        guard let query = parts.query else { return parts.withoutQuery }
        return parts.withoutQuery + "?" + pairs(query).map(masked).joined(separator: "&")
    }

    /// The URL without user info, query and fragment; a `?…` shows that there was a query.
    public static func withoutQuery(_ url: String) -> String {
        let parts = URLParts(url)
        return parts.withoutQuery + (parts.query == nil ? "" : "?…")
    }

    /// Whether a URL has masked values, and so cannot be called.
    public static func isMasked(_ url: String) -> Bool {
        URLParts(url).query.map { pairs($0).contains { value(of: $0) == mark } } ?? false
    }

    /// A masked URL with the values that the URL it was made of has.
    /// - Returns: `nil` when `url` has no value for one that is masked.
    public static func restored(_ text: String, from url: String) -> String? {
        let parts = URLParts(text)
        guard let query = parts.query else { return text }
        var kept = Dictionary(grouping: URLParts(url).query.map(pairs) ?? [], by: name)
        var whole: [String] = []
        for pair in pairs(query) {
            guard value(of: pair) == mark else {
                whole.append(pair)
                continue
            }
            guard let first = kept[name(of: pair)]?.first else { return nil }
            kept[name(of: pair)]?.removeFirst()
            whole.append(first)
        }
        return parts.withoutQuery + "?" + whole.joined(separator: "&")
    }

    private static func pairs(_ query: String) -> [String] {
        query.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What comes before the first `=`; `nil` for a pair that is a value alone.
    private static func name(of pair: String) -> String? {
        pair.utf8.firstIndex(of: UInt8(ascii: "=")).map { String(decoding: pair.utf8[..<$0], as: UTF8.self) }
    }

    private static func value(of pair: String) -> String {
        guard let sign = pair.utf8.firstIndex(of: UInt8(ascii: "=")) else { return pair }
        return String(decoding: pair.utf8[sign...].dropFirst(), as: UTF8.self)
    }

    private static func masked(_ pair: String) -> String {
        if value(of: pair).isEmpty { return pair }
        return name(of: pair).map { "\($0)=\(mark)" } ?? mark
    }
}

/// A URL, taken apart where its secrets begin and end. It need not be a valid one.
private struct URLParts {
    /// Everything before the query, without user info.
    let withoutQuery: String
    /// The query without its `?`; `nil` where there is none.
    let query: String?

    init(_ url: String) {
        let whole = Array(url.utf8).prefix { $0 != UInt8(ascii: "#") }
        let start = whole.prefix { $0 != UInt8(ascii: "?") }
        query = start.count == whole.count ? nil : String(decoding: whole[(start.endIndex + 1)...], as: UTF8.self)
        withoutQuery = Self.withoutUser(start)
    }

    /// User info ends at the last `@` of the authority. In what is no URL that may be anywhere.
    private static func withoutUser(_ bytes: ArraySlice<UInt8>) -> String {
        let scheme = bytes.firstRange(of: Array("://".utf8)).flatMap { bytes[..<$0.lowerBound].allSatisfy(isSchemeByte) ? $0 : nil }
        let rest = bytes[(scheme?.upperBound ?? bytes.startIndex)...]
        let isUsual = scheme != nil && rest.first != UInt8(ascii: "/")
        let authority = isUsual ? rest.prefix { $0 != UInt8(ascii: "/") } : rest
        guard let at = authority.lastIndex(of: UInt8(ascii: "@")) else { return String(decoding: bytes, as: UTF8.self) }
        return String(decoding: bytes[..<rest.startIndex] + bytes[(at + 1)...], as: UTF8.self)
    }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            return true
        default: return false
        }
    }
}
