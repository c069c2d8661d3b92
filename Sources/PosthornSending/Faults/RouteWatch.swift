import CPosthornLinux
import Glibc
import PosthornSystem
import Synchronization

/// Looks at this machine's routes when connections fail, now and then. Asking for a route sends nothing.
final class RouteWatch: Sendable {
    /// What a look finds: the kinds of addresses that there is a way to, and those of them whose gateway is not found on its link.
    typealias Look = (isThere: AddressKinds, isSilent: AddressKinds)

    private struct State {
        var facts = RouteFacts()
        var lookedAt = Int64.min
    }

    private let state = Mutex(State())
    private let others = Atomic(false)
    private let look: @Sendable () -> RouteWatch.Look

    /// That of this process.
    static let shared = RouteWatch()

    /// A failure in so short a time after a look finds the same.
    static let intervalNanoseconds: Int64 = 100_000_000

    /// - Parameter look: Says what there is; the kernel's answer unless a test has its own.
    init(look: @escaping @Sendable () -> Look = { (RouteWatch.waysOut(), RouteWatch.silentGateways()) }) {
        self.look = look
        _ = facts(now: MonotonicClock.nanoseconds())
    }

    /// A connection to this address has come about.
    func reached(_ address: NetworkAddress) {
        if others.load(ordering: .relaxed) || Self.loopback.contains(where: { $0.contains(address) }) { return }
        others.store(true, ordering: .relaxed)
    }

    private static let loopback = [try! CIDR("127.0.0.0/8"), try! CIDR("::1")]

    /// What is known, looked at again unless that was a moment ago.
    /// - Parameter now: Monotonic nanoseconds.
    func facts(now: Int64) -> RouteFacts {
        state.withLock { state in
            if state.lookedAt == .min || now - state.lookedAt >= Self.intervalNanoseconds {
                state.lookedAt = now
                (state.facts.isThere, state.facts.hasSilentGateway) = look()
                state.facts.wasThere.formUnion(state.facts.isThere)
            }
            state.facts.hasReachedOthers = others.load(ordering: .relaxed)
            return state.facts
        }
    }

    /// The kinds of addresses for which this machine has a route to a public host: two of the root name servers, to which
    /// nothing is sent.
    @Sendable static func waysOut() -> AddressKinds {
        var kinds: AddressKinds = []
        for (kind, host) in publicHosts where hasRoute(to: host) { kinds.insert(kind) }
        return kinds
    }

    private static let publicHosts: [(AddressKinds, NetworkAddress)] = [
        (.four, NetworkAddress("198.41.0.4")!), (.six, NetworkAddress("2001:503:ba3e::2:30")!),
    ]

    /// The kinds of addresses for which the gateway to those hosts is not found on its link.
    @Sendable static func silentGateways() -> AddressKinds {
        var kinds: AddressKinds = []
        for (kind, host) in publicHosts where GatewayProbe.isSilent(to: host) { kinds.insert(kind) }
        return kinds
    }

    /// A name's addresses without those that no route leads to, where it has both kinds and a route leads to some. On a machine without
    /// IPv6 its addresses of IPv6 can only hide why a connection to the others did not come about.
    static func reachable(_ addresses: [NetworkAddress]) -> [NetworkAddress] {
        if addresses.allSatisfy(\.isIPv4) || !addresses.contains(where: \.isIPv4) { return addresses }
        let reachable = addresses.filter(hasRoute)
        return reachable.isEmpty ? addresses : reachable
    }

    /// The kernel chooses a route, and an address of this machine for it, when a UDP socket is connected.
    private static func hasRoute(to host: NetworkAddress) -> Bool {
        let family = host.isIPv4 ? AF_INET : AF_INET6
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        hints.ai_family = family
        hints.ai_socktype = SocketKind.datagram
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host.description, "53", &hints, &list) == 0, let list else { return true }
        defer { freeaddrinfo(list) }
        let socket = Glibc.socket(family, SocketKind.datagram, 0)
        // A kernel without IPv6 has no socket for it; one without descriptors says nothing.
        if socket < 0 { return errno != EAFNOSUPPORT }
        defer { close(socket) }
        return connect(socket, list.pointee.ai_addr, list.pointee.ai_addrlen) == 0
    }
}
