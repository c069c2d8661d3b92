import PosthornHTTP
import PosthornModel

/// What a relay passes on of a request and of its answer. Pure.
enum RelayedMessage {
    /// Headers that are about one connection alone (RFC 9110, 7.6.1, and 11.7 for those of a proxy), beside those that `Connection`
    /// names. The trailer that `Trailer` announces is read away with the body.
    private static let ofConnection: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade",
    ]
    /// Headers that each sender of a message writes itself. `Expect` was answered when the body came.
    private static let ofSender: Set<String> = ["content-length", "expect", "host"]
    /// How this program names itself in `Via`, with the version of HTTP that came (RFC 9110, 7.6.3).
    static let via = "1.1 posthorn"

    /// The headers that are passed on, in their order.
    static func requestHeaders(_ headers: some Sequence<(name: String, value: String)>) -> [(name: String, value: String)] {
        kept(headers) + [("via", via)]
    }

    /// The headers of an answer that are given back, in their order.
    static func answerHeaders(_ headers: some Sequence<(name: String, value: String)>) -> HTTPHeaders {
        var kept = HTTPHeaders()
        for (name, value) in Self.kept(headers) where name.lowercased() != "date" { kept.append(name, value) }
        return kept
    }

    static func kept(_ headers: some Sequence<(name: String, value: String)>) -> [(name: String, value: String)] {
        let all = Array(headers)
        var left = ofConnection.union(ofSender)
        for (name, value) in all where name.lowercased() == "connection" {
            for option in value.split(separator: ",") { left.insert(option.filter { $0 != " " && $0 != "\t" }.lowercased()) }
        }
        return all.filter { !left.contains($0.name.lowercased()) }
    }

    /// Where a request goes on: to the target's own path where it has one, with the request's query added; else to the request's path.
    /// - Parameters:
    ///   - base: The target.
    ///   - target: Path and query of the request as they came.
    static func url(_ base: String, _ target: String) -> String {
        guard let scheme = base.firstRange(of: "://") else { return base }
        let rest = base[scheme.upperBound...]
        let slash = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let own = rest[slash...]
        if own.isEmpty || own == "/" { return base[..<slash] + (target.hasPrefix("/") ? target : "/") }
        guard let mark = target.firstIndex(of: "?") else { return base }
        let query = target[target.index(after: mark)...]
        return query.isEmpty ? base : base + (own.contains("?") ? "&" : "?") + query
    }
}
