import Glibc
import PosthornSystem

extension Transfer {
    /// Whether this try opened a connection of its own.
    var hasConnected: Bool { !state.openedSockets.isEmpty }

    /// Takes down whether there is a connection: it is closed with the try.
    func noteConnection() { state.isConnected = state.openedSockets.contains { SocketFacts.peer($0) != nil } }

    /// Whether the host that is connected to is a number, so that libcurl needs no resolver for it.
    var needsNoName: Bool {
        if let proxy = context.guard.proxy { return proxy.numericAddress != nil }
        return state.isAimed || state.currentTarget?.url.numericAddress != nil
    }

    /// Has a socket leave from the source address.
    /// - Returns: Why it cannot; it is closed then.
    func bind(_ socket: Int32, to source: SourceAddress, for target: NetworkAddress) -> AbortCause? {
        guard let address = source.address(for: target) else {
            close(socket)
            return .noSource(target)
        }
        // The port is chosen with the other end known, so that there are as many as without a source address (ip(7)).
        var isOn: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_IP), Self.bindWithoutPort, &isOn, socklen_t(MemoryLayout<Int32>.size))
        let number = address.withSocketAddress(port: 0) { Glibc.bind(socket, $0, $1) == 0 ? 0 : errno }
        if number == 0 { return nil }
        close(socket)
        return .sourceProblem(address, number)
    }

    /// `IP_BIND_ADDRESS_NO_PORT` of linux/in.h.
    private static let bindWithoutPort: Int32 = 24
}
