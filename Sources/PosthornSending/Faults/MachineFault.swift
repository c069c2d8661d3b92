import Glibc

/// What is wrong with this machine or its network, so that requests cannot leave it. Deliveries that meet it wait, use up no
/// attempts, and go on by themselves when it is mended.
public enum MachineFault: String, CaseIterable, Sendable {
    /// No local port is free for another connection to that address.
    case ports = "no_local_port"
    /// The network is gone: no route leads out of this machine, or that for one kind of address has been lost, or its gateway is silent.
    case route = "no_route"
    /// None of the configured name servers answers.
    case nameServers = "no_name_server"
    /// There is nobody to trust: the file of certificate authorities cannot be used.
    case authorities = "no_certificate_authorities"
    /// The proxy that all requests go through is not there, or refuses.
    case proxy = "proxy"
    /// The source address that requests are to leave from is not on this machine.
    case source = "no_source_address"

    /// What it means and what to look at, for people.
    public var sentence: String {
        switch self {
        case .ports: "no local port is free; raise net.ipv4.ip_local_port_range, or find what holds so many connections (ss -tan)"
        case .route:
            "no way leads out of this machine; look at its network interfaces, routes (ip route, ip -6 route) and gateway (ip neigh)"
        case .nameServers: "no name server answers; look at /etc/resolv.conf and the way to the servers in it"
        case .proxy: "the proxy does not let requests through; look at it, at its rules, and at --proxy and its password"
        case .source: "the source address is not on this machine; look at --source-address and ip address"
        case .authorities: "no certificate authorities can be read, so no https receiver can be trusted; mend the file"
        }
    }

    /// Which fault of this machine a connection that did not come about shows, if it shows one: a receiver that cannot be
    /// reached is that receiver's matter.
    ///
    /// - Parameters:
    ///   - number: The last try's `errno` (CURLINFO_OS_ERRNO), ETIMEDOUT when there was no end within the request's time.
    ///   - tried: The kinds of addresses that were tried.
    ///   - routes: What is known of this machine's ways out.
    static func of(connectError number: Int32, tried: AddressKinds, routes: RouteFacts) -> MachineFault? {
        if tried.isEmpty { return nil }
        // A gateway that is not found on its link gives EHOSTUNREACH after a few seconds; a shorter time is over before that.
        if [EHOSTUNREACH, ETIMEDOUT].contains(number), tried.isSubset(of: routes.hasSilentGateway) { return .route }
        switch number {
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN: return routes.isLost(tried) ? .route : nil
        // An address of IPv6 on a machine that has none of its own gives this at once, also when an IPv4 address of the same
        // receiver has refused; a lost route has other words.
        case EADDRNOTAVAIL:
            if !tried.contains(.six) || routes.isThere.contains(.six) { return .ports }
            return routes.isLost(tried) ? .route : nil
        case EADDRINUSE: return .ports
        default: return nil
        }
    }
}

/// IPv4, IPv6 or both.
struct AddressKinds: OptionSet, Sendable, Hashable {
    let rawValue: Int
    static let four = AddressKinds(rawValue: 1)
    static let six = AddressKinds(rawValue: 2)
    static let both: AddressKinds = [.four, .six]
}

/// What is known of this machine's ways out.
struct RouteFacts: Equatable, Sendable {
    /// The kinds of addresses that public hosts could be reached by now.
    var isThere: AddressKinds = []
    /// Those of them whose gateway is not found on its link by now.
    var hasSilentGateway: AddressKinds = []
    /// Those for which that was so at any time since the start.
    var wasThere: AddressKinds = []
    /// Whether a connection to another machine has come about since the start.
    var hasReachedOthers = false

    /// Whether all of these kinds have lost their way out. One that was there before is lost. One that never was may be no fault
    /// at all, as IPv6 on most machines and any public address in a closed network; only where nothing leads out and nobody
    /// was ever reached, as after a start without a network, is that the machine's own fault.
    func isLost(_ kinds: AddressKinds) -> Bool {
        if !kinds.isDisjoint(with: isThere) { return false }
        return kinds.isSubset(of: wasThere) || (isThere.isEmpty && !hasReachedOthers)
    }
}
