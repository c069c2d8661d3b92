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

    /// What the answer to a HEAD says of the length of its body.
    static func absentBody(_ headers: some Sequence<(name: String, value: String)>) -> HTTPResponse.AbsentBody {
        let length = headers.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) }
        return length.map { .length(max(0, $0)) } ?? .unknown
    }

    static func kept(_ headers: some Sequence<(name: String, value: String)>) -> [(name: String, value: String)] {
        let all = Array(headers)
        var left = ofConnection.union(ofSender)
        for (name, value) in all where name.lowercased() == "connection" {
            for option in value.split(separator: ",") { left.insert(option.filter { $0 != " " && $0 != "\t" }.lowercased()) }
        }
        return all.filter { !left.contains($0.name.lowercased()) }
    }

    /// Whether requests go to a target's own path, and not each to that which it came at.
    static func hasOwnPath(_ base: String) -> Bool {
        let (_, own) = parts(base)
        return !own.isEmpty && own != "/"
    }

    /// Scheme, host and port of a URL, and what is behind them.
    private static func parts(_ base: String) -> (origin: Substring, own: Substring) {
        guard let scheme = base.firstRange(of: "://") else { return (base[...], "") }
        let slash = base[scheme.upperBound...].firstIndex { $0 == "/" || $0 == "?" } ?? base.endIndex
        return (base[..<slash], base[slash...])
    }

    /// Where a request goes on: to the target's own path where it has one, with the request's query added; else to the request's path.
    /// - Parameters:
    ///   - base: The target.
    ///   - target: Path and query of the request as they came.
    static func url(_ base: String, _ target: String) -> String {
        let (origin, own) = parts(base)
        if !hasOwnPath(base) { return origin + (target.hasPrefix("/") ? target : "/") }
        guard let mark = target.firstIndex(of: "?") else { return base }
        let query = target[target.index(after: mark)...]
        return query.isEmpty ? base : base + (own.contains("?") ? "&" : "?") + query
    }

    /// What a request line says of a URL: path and query.
    static func target(of url: String) -> String {
        let (_, own) = parts(url)
        return own.hasPrefix("/") ? String(own) : "/" + own
    }
}
