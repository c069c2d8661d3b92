import Glibc
package import PosthornSystem

/// Which addresses of a name take a connection, found out once before a load: programs that connect fall back on a name's next address,
/// and one that gives each of them its turn would count the failures of those at which nothing listens, such as `::1` of `localhost`
/// beside a receiver on 127.0.0.1.
package struct AddressTrial: Sendable {
    /// An address that did not take a connection while another one did.
    package struct LeftOut: Sendable, Equatable {
        /// Where it is.
        package let address: NetworkAddress
        /// Why.
        package let reason: String
    }

    /// Those to use, in their order: all of them where none takes a connection.
    package let used: [NetworkAddress]
    /// The others, in their order.
    package let leftOut: [LeftOut]

    /// How long an address may take, which is one packet lost.
    private static let milliseconds: Int64 = 2000

    /// What connections have shown.
    /// - Parameter outcomes: Each address with the reason why it took none; `nil` where it did.
    init(_ outcomes: [(address: NetworkAddress, reason: String?)]) {
        if outcomes.allSatisfy({ $0.reason != nil }) {
            (used, leftOut) = (outcomes.map(\.address), [])
        } else {
            used = outcomes.filter { $0.reason == nil }.map(\.address)
            leftOut = outcomes.compactMap { outcome in outcome.reason.map { LeftOut(address: outcome.address, reason: $0) } }
        }
    }

    /// Connects to each of a name's addresses once and hangs up; nothing is sent. One address alone is not tried.
    package static func of(_ addresses: [NetworkAddress], port: UInt16) -> AddressTrial {
        if addresses.count < 2 { return AddressTrial(addresses.map { ($0, nil) }) }
        var tries = addresses.map { Try($0, port: port) }
        defer { for one in tries where one.descriptor >= 0 { close(one.descriptor) } }
        let end = MonotonicClock.nanoseconds() + milliseconds * 1_000_000
        while tries.contains(where: { $0.number == nil }) {
            let left = (end - MonotonicClock.nanoseconds()) / 1_000_000
            if left <= 0 { break }
            // A negative descriptor is passed over.
            var entries = tries.map { pollfd(fd: $0.number == nil ? $0.descriptor : -1, events: Int16(POLLOUT), revents: 0) }
            if poll(&entries, nfds_t(entries.count), Int32(left)) < 0, errno != EINTR { break }
            for (index, entry) in entries.enumerated() where entry.fd >= 0 && entry.revents != 0 { tries[index].end() }
        }
        return AddressTrial(
            tries.map { one in
                switch one.number {
                case 0: (one.address, nil)
                // What this machine lacks says nothing of the address.
                case let number? where SystemProblem.isShortage(number): (one.address, nil)
                case let number?: (one.address, SystemText.of(number))
                case nil: (one.address, "no answer in \(milliseconds / 1000) s")
                }
            }
        )
    }

    /// One connection.
    private struct Try {
        let address: NetworkAddress
        let descriptor: Int32
        /// How it has ended: 0, or the system's number for the error.
        private(set) var number: Int32?

        init(_ address: NetworkAddress, port: UInt16) {
            self.address = address
            let kind = SocketKind.stream | SocketKind.closeOnExec | Int32(SOCK_NONBLOCK.rawValue)
            let socket = Glibc.socket(address.isIPv4 ? AF_INET : AF_INET6, kind, 0)
            descriptor = socket
            if socket < 0 {
                number = errno
            } else {
                let code = address.withSocketAddress(port: port) { connect(socket, $0, $1) == 0 ? 0 : errno }
                number = code == EINPROGRESS ? nil : code
            }
        }

        /// The kernel has something to say about it.
        mutating func end() {
            var (code, length) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
            number = getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
        }
    }
}
