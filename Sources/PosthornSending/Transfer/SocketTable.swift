import CPosthornLinux
import Glibc
import PosthornSystem

/// What one sender thread knows of its sockets: what epoll watches, and which descriptor stands behind a local port.
///
/// Descriptors stay with epoll from one request to the next, which saves two system calls a request. One that becomes
/// ready while libcurl has no interest in it is taken out then, so that an idle connection which the receiver closed does
/// not wake the thread again and again.
///
/// libcurl's PREREQFUNCTION names a connection by its addresses only, and CURLINFO_ACTIVESOCKET still shows the connection
/// of the transfer before (lib/connect.c, `lastconnect_id`). So the descriptor is found by its local port.
struct SocketTable {
    private struct Entry {
        var watched: UInt32 = 0
        var isWanted = false
        var localPort: UInt16 = 0
        var address = ""
        /// Whose connection it is; see ``ConnectionTable``.
        var host = -1
        var shard = 0
        var peer = NetworkAddress(bits: 0)
        /// The next socket with the same local port; each leads to another receiver.
        var nextOfPort = SocketTable.none
        /// The transfer that a kept connection carries; -1 when none, or when it was opened for it.
        var user = -1
    }

    private let epoll: Int32
    private var entries: [Entry] = []
    private var socketOfPort = [Int32](repeating: Self.none, count: 65_536)
    /// Connections that were opened, all told.
    private(set) var openedCount: Int64 = 0
    /// Those of them that are closed again.
    private var closedCount: Int64 = 0
    /// Connections that are open, or about to be.
    var openCount: Int { Int(openedCount - closedCount) }
    /// How connections were when they were closed under the transfers that used them again.
    private var endings: [Int: ConnectionEnding] = [:]

    private static let none: Int32 = -1

    init(epoll: Int32) { self.epoll = epoll }

    /// The multi handle of that number wants to hear of these events (0 for none); see ``place(of:)``.
    mutating func watch(_ socket: Int32, shard: Int, events: UInt32) {
        reserve(socket)
        let index = Int(socket)
        entries[index].isWanted = events != 0
        if events == 0 || entries[index].watched == events { return }
        var event = epoll_event(events: events, data: epoll_data_t(u64: UInt64(shard) << 32 | UInt64(socket)))
        let operation = entries[index].watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD
        if epoll_ctl(epoll, operation, socket, &event) == 0 { entries[index].watched = events }
    }

    /// The socket and the multi handle that an event is about.
    static func place(of event: epoll_event) -> (socket: Int32, shard: Int) {
        (Int32(truncatingIfNeeded: event.data.u64 & 0xFFFF_FFFF), Int(event.data.u64 >> 32))
    }

    /// Whether libcurl wants to hear of `socket`; if not, epoll forgets it.
    mutating func isWanted(_ socket: Int32) -> Bool {
        if entries[Int(socket)].isWanted { return true }
        var event = epoll_event()
        epoll_ctl(epoll, EPOLL_CTL_DEL, socket, &event)
        entries[Int(socket)].watched = 0
        return false
    }

    /// A socket has been made.
    mutating func opened(_ socket: Int32) {
        reserve(socket)
        entries[Int(socket)] = Entry()
        openedCount += 1
    }

    /// A socket has been connected.
    /// - Parameters:
    ///   - address: Where it leads, with the port.
    ///   - peer: The same without.
    ///   - host: The place of its host; -1 where nobody keeps count.
    ///   - shard: The multi handle that owns it.
    mutating func connected(
        _ socket: Int32,
        localPort: UInt16,
        address: String,
        peer: NetworkAddress,
        host: Int = -1,
        shard: Int = 0
    ) {
        entries[Int(socket)].host = host
        entries[Int(socket)].shard = shard
        entries[Int(socket)].peer = peer
        entries[Int(socket)].localPort = localPort
        entries[Int(socket)].address = address
        entries[Int(socket)].nextOfPort = socketOfPort[Int(localPort)]
        socketOfPort[Int(localPort)] = socket
    }

    /// A socket is about to be closed. Returns whose connection it was, if it has carried a request.
    @discardableResult
    mutating func closed(_ socket: Int32) -> (host: Int, shard: Int)? {
        guard Int(socket) < entries.count else { return nil }
        closedCount += 1
        let entry = entries[Int(socket)]
        if entry.localPort != 0 { unlink(socket, entry) }
        if entry.user >= 0 { endings[entry.user] = ConnectionEnding(of: socket) }
        entries[Int(socket)] = Entry()
        return entry.host < 0 ? nil : (entry.host, entry.shard)
    }

    /// A kept connection is used again by the transfer in this place, or by none any more.
    mutating func use(_ socket: Int32, by slot: Int?) {
        if let slot {
            if !endings.isEmpty { endings[slot] = nil }
            entries[Int(socket)].user = slot
        } else if Int(socket) < entries.count {
            entries[Int(socket)].user = -1
        }
    }

    /// How the connection was when it was closed under the transfer in this place; `nil` when it was not.
    func ending(of slot: Int) -> ConnectionEnding? { endings[slot] }

    /// The connected socket with this local port, and where it leads to. `address` is asked for when several have that port.
    func find(localPort: UInt16, address: @autoclosure () -> String) -> (socket: Int32, address: String, peer: NetworkAddress)? {
        var socket = socketOfPort[Int(localPort)]
        guard socket != Self.none else { return nil }
        if entries[Int(socket)].nextOfPort == Self.none { return (socket, entries[Int(socket)].address, entries[Int(socket)].peer) }
        let wanted = address()
        while socket != Self.none {
            if entries[Int(socket)].address == wanted { return (socket, wanted, entries[Int(socket)].peer) }
            socket = entries[Int(socket)].nextOfPort
        }
        return nil
    }

    private mutating func unlink(_ socket: Int32, _ entry: Entry) {
        let port = Int(entry.localPort)
        if socketOfPort[port] == socket {
            socketOfPort[port] = entry.nextOfPort
            return
        }
        var previous = socketOfPort[port]
        while previous != Self.none {
            if entries[Int(previous)].nextOfPort == socket {
                entries[Int(previous)].nextOfPort = entry.nextOfPort
                return
            }
            previous = entries[Int(previous)].nextOfPort
        }
    }

    private mutating func reserve(_ socket: Int32) {
        while entries.count <= Int(socket) { entries.append(Entry()) }
    }
}

/// What the system says of a socket.
enum SocketFacts {
    /// The port on our side.
    static func localPort(_ socket: Int32) -> UInt16? {
        withAddress { getsockname(socket, $0, $1) }?.port
    }

    /// The address and port on the other side.
    static func peer(_ socket: Int32) -> (address: NetworkAddress, port: UInt16)? {
        guard let peer = withAddress({ getpeername(socket, $0, $1) }), let address = peer.address else { return nil }
        return (address, peer.port)
    }

    /// Whether a read would return at once: bytes nobody asked for, or the end.
    static func isReadable(_ socket: Int32) -> Bool {
        var byte: UInt8 = 0
        let count = recv(socket, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)
    }

    private static func withAddress(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> (address: NetworkAddress?, port: UInt16)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard call(address, &length) == 0 else { return nil }
                // The port stands at the same place in sockaddr_in and sockaddr_in6.
                let port = UnsafeRawPointer(address).loadUnaligned(fromByteOffset: 2, as: UInt16.self)
                return (NetworkAddress(address), UInt16(bigEndian: port))
            }
        }
    }
}
