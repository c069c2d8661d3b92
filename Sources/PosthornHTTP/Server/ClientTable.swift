internal import PosthornSystem
import Synchronization

/// What one client has of the server: an IPv4 address, or a /64 of IPv6, since that is what one customer is given.
final class ClientShare: Sendable {
    /// `nil` for a Unix socket's.
    let key: UInt128?
    /// Whether it is a proxy, which many clients share.
    let isProxy: Bool
    let connections = Atomic(0)
    let bodyBytes = Atomic(0)

    init(key: UInt128?, isProxy: Bool) {
        self.key = key
        self.isProxy = isProxy
    }
}

/// Who has how many connections. Only opening and closing take the lock.
final class ClientTable: Sendable {
    private let shares = Mutex<[UInt128?: ClientShare]>([:])
    private let limit: Int?
    private let proxies: ProxyTrust?

    init(limit: Int?, proxies: ProxyTrust?) {
        self.limit = limit
        self.proxies = proxies
    }

    /// Counts a new connection; `nil` when its client has as many as it may.
    func admit(_ peer: NetworkAddress?) -> ClientShare? {
        let key = peer.map(Self.key)
        return shares.withLock { shares in
            let share = shares[key] ?? ClientShare(key: key, isProxy: proxies?.trusts(peer) ?? false)
            if let limit, key != nil, !share.isProxy, share.connections.load(ordering: .relaxed) >= limit { return nil }
            share.connections.add(1, ordering: .relaxed)
            shares[key] = share
            return share
        }
    }

    /// Counts a closed one.
    func release(_ share: ClientShare) {
        shares.withLock { shares in
            if share.connections.subtract(1, ordering: .relaxed).newValue == 0 { shares[share.key] = nil }
        }
    }

    /// The first 64 bits of an IPv6 address; all of an IPv4 address.
    static func key(_ address: NetworkAddress) -> UInt128 {
        address.isIPv4 ? address.bits : (address.bits >> 64) << 64
    }
}

/// The memory that bodies may take, in all and for each client.
final class BodyMemory: Sendable {
    private let used = Atomic(0)
    private let limit: Int
    private let limitPerClient: Int

    init(limit: Int, limitPerClient: Int) {
        self.limit = limit
        self.limitPerClient = limitPerClient
    }

    /// Reserves bytes for a client's body. Returns `false`, and reserves nothing, when a limit would be exceeded.
    func take(_ count: Int, _ share: ClientShare) -> Bool {
        if used.add(count, ordering: .relaxed).newValue > limit {
            used.subtract(count, ordering: .relaxed)
            return false
        }
        if share.bodyBytes.add(count, ordering: .relaxed).newValue > limitPerClient, !share.isProxy {
            give(back: count, share)
            return false
        }
        return true
    }

    /// Gives bytes back.
    func give(back count: Int, _ share: ClientShare) {
        used.subtract(count, ordering: .relaxed)
        share.bodyBytes.subtract(count, ordering: .relaxed)
    }
}
