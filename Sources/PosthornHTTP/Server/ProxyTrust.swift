public import PosthornSystem

/// Whose word about a client's address is believed, and where it is said.
///
/// Only the field that the proxies write themselves may be named: most pass the other one on as the client sent it.
public struct ProxyTrust: Sendable {
    /// Where proxies write the address that they were called from.
    public enum Field: Sendable {
        /// `X-Forwarded-For: client, proxy`.
        case xForwardedFor
        /// `Forwarded: for=client, for=proxy` (RFC 7239).
        case forwarded
    }

    /// The proxies' own addresses.
    public var ranges: [CIDR]
    /// Where they write.
    public var field: Field
    /// Whether connections of a Unix socket are proxies'.
    public var trustsUnixSocket: Bool

    /// Proxies at these addresses.
    public init(ranges: [CIDR], field: Field = .xForwardedFor, trustsUnixSocket: Bool = false) {
        self.ranges = ranges
        self.field = field
        self.trustsUnixSocket = trustsUnixSocket
    }

    /// Whether a peer is one of the proxies.
    /// - Parameter peer: `nil` for a Unix socket's.
    func trusts(_ peer: NetworkAddress?) -> Bool {
        guard let peer else { return trustsUnixSocket }
        return ranges.contains { $0.contains(peer) }
    }

    /// The client's address by what a proxy has written: the last one that is no proxy's own. `nil` when there is none to
    /// believe in, and the peer's address is what is known.
    func client(_ headers: HTTPHeaders) -> NetworkAddress? {
        var known: NetworkAddress?
        for text in hops(headers).reversed() {
            guard let address = Self.address(text) else { return known }
            known = address
            if !ranges.contains(where: { $0.contains(address) }) { return known }
        }
        return known
    }

    /// Whether the client talks TLS with the proxy, by what that has written last.
    func isSecure(_ headers: HTTPHeaders) -> Bool {
        switch field {
        case .xForwardedFor:
            let last = headers.all("X-Forwarded-Proto").last?.split(separator: ",", omittingEmptySubsequences: false).last
            return last.map { Self.trimmed($0).lowercased() } == "https"
        case .forwarded:
            let last = headers.all("Forwarded").last?.split(separator: ",", omittingEmptySubsequences: false).last
            return last?.split(separator: ";").contains { ["proto=https", "proto=\"https\""].contains(Self.trimmed($0).lowercased()) }
                ?? false
        }
    }

    /// The addresses as they were written, the nearest last.
    private func hops(_ headers: HTTPHeaders) -> [Substring] {
        switch field {
        case .xForwardedFor:
            return headers.all("X-Forwarded-For").flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        case .forwarded:
            return headers.all("Forwarded").flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }.map { hop in
                let pairs = hop.split(separator: ";").map { Self.trimmed($0) }
                return pairs.first { $0.lowercased().hasPrefix("for=") }?.dropFirst(4) ?? ""
            }
        }
    }

    /// An address as proxies write it: plain, with a port, in brackets, in quotes.
    private static func address(_ text: Substring) -> NetworkAddress? {
        var text = trimmed(text)
        if text.hasPrefix("\""), text.hasSuffix("\""), text.utf8.count >= 2 { text = text.dropFirst().dropLast() }
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            return NetworkAddress(String(text[text.index(after: text.startIndex)..<close]))
        }
        if let address = NetworkAddress(String(text)) { return address }
        guard let colon = text.lastIndex(of: ":"), text.firstIndex(of: ":") == colon else { return nil }
        return NetworkAddress(String(text[..<colon]))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var bytes = text.utf8
        while let first = bytes.first, first.isBlank { bytes.removeFirst() }
        while let last = bytes.last, last.isBlank { bytes.removeLast() }
        return Substring(bytes)
    }
}
