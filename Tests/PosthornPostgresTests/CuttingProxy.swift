#if PostgreSQL
import Dispatch
import Glibc
import PosthornSystem
import PosthornTestSupport
import Synchronization

/// Between a store and its server, over Unix sockets: it cuts a connection once so many bytes of what the store has sent are through, passes on
/// nothing for a while, or everything late.
final class CuttingProxy: Sendable {
    private let folder: TemporaryDirectory
    private let server: String
    private let listener: Int32
    private let delayMilliseconds: Int32
    /// What passes something on has it for a moment.
    private let gate = DispatchSemaphore(value: 1)
    private let state = Mutex(State())

    private struct State {
        /// Bytes that are let through still; `nil` for all.
        var left: Int?
        var cuts = 0
        var sent = 0
    }

    /// - Parameters:
    ///   - server: The folder of the server's socket.
    ///   - delay: How late everything arrives, in each direction.
    init(server: String, delayMilliseconds delay: Int32 = 0) throws {
        delayMilliseconds = delay
        folder = try TemporaryDirectory()
        self.server = server
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.address(folder.path)
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) == 0 }
        }
        guard isBound, listen(listener, 16) == 0 else { throw SystemProblem("bind", errno) }
        _ = try WorkerThread(name: "proxy") { [self, listener] in
            while case let client = accept(listener, nil, nil), client >= 0 {
                _ = try? WorkerThread(name: "proxied") { [self] in carry(client) }
            }
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// The address of a database, by way of the proxy.
    func address(of database: String) -> String { "postgresql://postgres@/\(database)?host=\(folder.path)" }

    /// Cuts the connection over which the n-th byte from now on is sent, behind that byte.
    func cut(after bytes: Int) { state.withLock { $0.left = bytes } }

    /// From now on nothing goes through, in no direction, and no connection ends.
    func stall() { gate.wait() }
    /// All of it goes through.
    func goOn() { gate.signal() }

    /// How often it has cut.
    var cuts: Int { state.withLock { $0.cuts } }
    /// How many bytes the store has sent in all.
    var sent: Int { state.withLock { $0.sent } }

    private static func address(_ folder: String) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: "\(folder)/.s.PGSQL.5432".utf8) }
        return address
    }

    private func carry(_ client: Int32) {
        let upstream = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer {
            close(client)
            close(upstream)
        }
        var address = Self.address(server)
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(upstream, $0, size) == 0 }
        }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while isConnected {
            var ready = [pollfd(fd: client, events: Int16(POLLIN), revents: 0), pollfd(fd: upstream, events: Int16(POLLIN), revents: 0)]
            guard poll(&ready, 2, -1) > 0 else { return }
            if delayMilliseconds > 0 { poll(nil, 0, delayMilliseconds) }
            gate.wait()
            gate.signal()
            if ready[0].revents != 0 {
                let count = read(client, &buffer, buffer.count)
                guard count > 0 else { return }
                let (through, isCut) = state.withLock { state -> (Int, Bool) in
                    state.sent += count
                    guard let left = state.left else { return (count, false) }
                    let isCut = left <= count
                    state.left = isCut ? nil : left - count
                    if isCut { state.cuts += 1 }
                    return (min(left, count), isCut)
                }
                _ = write(upstream, buffer, through)
                // What the server answers to it is not passed on either.
                if isCut { return }
            }
            if ready[1].revents != 0 {
                let count = read(upstream, &buffer, buffer.count)
                guard count > 0 else { return }
                _ = write(client, buffer, count)
            }
        }
    }
}
#endif
