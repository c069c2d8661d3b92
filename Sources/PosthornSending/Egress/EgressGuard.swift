public import PosthornSystem

/// Says which addresses a request may reach. It is asked about the address that a socket connects to, never about a name.
public struct EgressGuard: Sendable {
    /// What it says.
    package enum Verdict: Sendable, Hashable {
        /// The request may go out.
        case permitted
        /// The address lies in a range that must not be reached.
        case forbiddenAddress
        /// The address is public, but the request would travel in clear text.
        case plainHTTP
    }

    private let allow: [CIDR]
    private let close: [CIDR]

    /// - Parameters:
    ///   - allow: Ranges to open in spite of the table. Plain http goes to these ranges and to no other.
    ///   - close: Ranges to close beside the table. Where ranges of both lists hold an address, the narrower range counts,
    ///     and `close` where they are equally wide.
    public init(allow: [CIDR] = [], close: [CIDR] = []) {
        self.allow = allow
        self.close = close
    }

    /// Judges one address.
    ///
    /// - Parameters:
    ///   - address: Where the socket is to connect to. NAT64 addresses (64:ff9b::/96, RFC 6052) are judged by the IPv4 inside.
    ///   - isPlainHTTP: Whether the request would be sent without TLS.
    package func verdict(address: NetworkAddress, isPlainHTTP: Bool) -> Verdict {
        let inner = ReservedRanges.isNAT64(address) ? NetworkAddress(ipv4: UInt32(truncatingIfNeeded: address.bits)) : address
        let opened = max(Self.narrowest(allow, address), Self.narrowest(allow, inner))
        let closed = max(Self.narrowest(close, address), Self.narrowest(close, inner))
        if closed >= 0 && closed >= opened { return .forbiddenAddress }
        if opened >= 0 { return .permitted }
        if !ReservedRanges.isPublic(inner) { return .forbiddenAddress }
        return isPlainHTTP ? .plainHTTP : .permitted
    }

    /// What remains of a name's addresses.
    enum Selection {
        case permitted([NetworkAddress])
        /// Nothing, and why.
        case refused(AbortCause)
    }

    /// The addresses that may be reached, in their order.
    func selection(from addresses: [NetworkAddress], isPlainHTTP: Bool) -> Selection {
        let permitted = addresses.filter { verdict(address: $0, isPlainHTTP: isPlainHTTP) == .permitted }
        guard permitted.isEmpty, let first = addresses.first else { return .permitted(permitted) }
        let plain = addresses.first { verdict(address: $0, isPlainHTTP: isPlainHTTP) == .plainHTTP }
        return .refused(plain.map { .refusedPlainHTTP($0) } ?? .refusedAddress(first))
    }

    private static func narrowest(_ ranges: [CIDR], _ address: NetworkAddress) -> Int {
        var best = -1
        for range in ranges where range.prefixLength > best && range.contains(address) { best = range.prefixLength }
        return best
    }
}

/// The addresses that are nobody's public server.
///
/// From the IANA IPv4 and IPv6 special-purpose address registries (RFC 6890 and its updates), multicast and reserved
/// space, and 168.63.129.16, which a large cloud answers inside every tenant's network.
enum ReservedRanges {
    static func isPublic(_ address: NetworkAddress) -> Bool {
        if address.isIPv4 { return !ipv4.contains { $0.contains(address) } }
        return globalUnicast.contains(address) && !ipv6.contains { $0.contains(address) }
    }

    static func isNAT64(_ address: NetworkAddress) -> Bool { nat64.contains(address) }

    static let ipv4 = ranges(
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
            + "192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 "
            + "203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32"
    )
    static let ipv6 = ranges("2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20")
    private static let globalUnicast = ranges("2000::/3")[0]
    private static let nat64 = ranges("64:ff9b::/96")[0]

    private static func ranges(_ text: String) -> [CIDR] {
        text.split(separator: " ").map { try! CIDR(String($0)) }
    }
}
