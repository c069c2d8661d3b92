public import PosthornSystem

/// Says which addresses a request may reach, and how they are reached. It is asked about the address that a socket connects to, never about a
/// name, unless requests go through a proxy: then it can judge literal addresses and names alone, and what a name leads to is for the
/// proxy's own rules.
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
    /// The proxy that all requests go through; `nil` for none.
    public var proxy: OutboundProxy?
    /// Where requests leave from; `nil` for what the kernel chooses.
    public var source: SourceAddress?

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

    /// What it has against a host that is reached through a proxy, if anything. Names that by their standards are not public are
    /// refused, and so is clear text, unless everything is opened (`0.0.0.0/0` or `::/0`).
    func refusal(ofHost host: String, _ address: NetworkAddress?, isPlainHTTP: Bool) -> AbortCause? {
        if let address {
            switch verdict(address: address, isPlainHTTP: isPlainHTTP) {
            case .permitted: return nil
            case .forbiddenAddress: return .refusedAddress(address)
            case .plainHTTP: return .refusedPlainHTTP(address)
            }
        }
        if allow.contains(where: \.holdsEverything) { return nil }
        if !ReservedNames.isPublic(host) { return .refusedName(host) }
        return isPlainHTTP ? .refusedPlainName(host) : nil
    }

    /// What it has against a URL before anything is known of the addresses that its name leads to.
    package func refusal(of url: EndpointURL) -> String? {
        let cause: AbortCause?
        if proxy != nil {
            cause = refusal(ofHost: url.host, url.numericAddress, isPlainHTTP: url.isPlainHTTP)
        } else {
            cause = url.numericAddress.flatMap { refusal(ofHost: url.host, $0, isPlainHTTP: url.isPlainHTTP) }
        }
        return cause.map { TransferVerdict.text(of: $0) }
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

/// The names that are not public: special use by RFC 6761, 6762, 7686, 8375 and ICANN's reservation of `internal`, and those
/// without a dot, which a resolver completes by its own domain.
enum ReservedNames {
    private static let endings = [
        "localhost", "local", "internal", "intranet", "home.arpa", "invalid", "onion", "test", "example", "lan", "corp", "home",
    ]

    static func isPublic(_ host: String) -> Bool {
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        return name.contains(".") && !endings.contains { name == $0 || name.hasSuffix("." + $0) }
    }
}
