/// A request's target as it was sent, and its parts.
///
/// The path is taken apart before it is decoded: an encoded slash is part of a segment and parts none.
public struct HTTPTarget: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// Path and query, still encoded; in the absolute form (`http://host/path`) the whole URL.
    public let text: String

    /// A target as it is sent.
    public init(_ text: String) { self.text = text }

    /// A target as it is sent.
    public init(stringLiteral text: String) { self.text = text }

    /// As it was sent.
    public var description: String { text }

    /// The path as it was sent, without the query; `/` where a URL has none, and `*` for that target.
    public var rawPath: Substring {
        let whole = text.utf8.prefix { $0 != UInt8(ascii: "?") }
        guard whole.first != UInt8(ascii: "/"), let colon = whole.firstIndex(of: UInt8.colon),
            whole[colon...].starts(with: "://".utf8)
        else { return Substring(whole) }
        let path = whole[whole.index(colon, offsetBy: 3)...].drop { $0 != UInt8(ascii: "/") }
        return path.isEmpty ? "/" : Substring(path)
    }

    /// The path, decoded, but for slashes: an encoded one stays `%2F`, so that it is not taken for one that separates segments.
    public var path: String {
        let raw = rawPath.utf8
        guard raw.contains(UInt8(ascii: "%")) else { return String(decoding: raw, as: UTF8.self) }
        return PercentDecoding.decode(raw, plusIsBlank: false, keepsSlashes: true)
    }

    /// The decoded segments between the slashes: `/a%2Fb/` has `a/b` and an empty one.
    public var segments: [String] {
        rawPath.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
            .map { PercentDecoding.decode($0, plusIsBlank: false) }
    }

    /// The query as it was sent, without `?`; `nil` when the target has none.
    public var rawQuery: String? {
        guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        return String(text[text.utf8.index(after: mark)...])
    }

    /// The query's pairs, decoded, in their order; as many as fit into the limit of a head.
    public var query: [HTTPRequest.QueryItem] { rawQuery.map(PercentDecoding.pairs) ?? [] }
}
