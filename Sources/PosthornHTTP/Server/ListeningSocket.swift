import CPosthornLinux
import Glibc
internal import PosthornSystem

/// The socket that connections come in by.
struct ListeningSocket {
    let descriptor: Int32
    /// The port it has, also when the system chose it; 0 for a Unix socket.
    let port: Int
    /// The file to delete in the end.
    private let path: String?

    init(_ address: HTTPServerConfiguration.Address) throws(HTTPServerProblem) {
        switch address {
        case .tcp(let host, let port):
            descriptor = try Self.tcp(host, port)
            self.port = Self.boundPort(descriptor)
            path = nil
        case .unix(let path, let mode):
            descriptor = try Self.unix(path, mode)
            port = 0
            self.path = path
        }
    }

    /// Stops listening.
    func close() {
        // First the file, so that nobody finds one behind which nobody listens.
        if let path { unlink(path) }
        Glibc.close(descriptor)
    }

    /// Makes closing a connection throw away what is not sent, with a reset.
    static func dropUnsent(_ descriptor: Int32) {
        var hard = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
    }

    // MARK: TCP

    private static func tcp(_ host: String, _ port: Int) throws(HTTPServerProblem) -> Int32 {
        let place = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        guard (0...65535).contains(port) else {
            throw HTTPServerProblem(.invalidConfiguration, "cannot listen on \(place): a port is a number from 0 to 65535")
        }
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let info = list?.pointee else {
            throw HTTPServerProblem(.unknownHost, "cannot listen on \(place): there is no such host; use an address of this machine")
        }
        defer { freeaddrinfo(list) }
        let descriptor = posthorn_stream_socket(info.ai_family)
        guard descriptor >= 0 else { throw HTTPServerProblem(errno: errno, at: place) }
        set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        if info.ai_family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        // Accepted sockets inherit these. An answer goes out in one piece; a client whose machine is gone is found out.
        set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
        set(descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE, 60)
        set(descriptor, Int32(IPPROTO_TCP), TCP_KEEPINTVL, 20)
        set(descriptor, Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
        guard Glibc.bind(descriptor, info.ai_addr, info.ai_addrlen) == 0, listen(descriptor, backlog) == 0 else {
            let number = errno
            Glibc.close(descriptor)
            throw HTTPServerProblem(errno: number, at: place)
        }
        return descriptor
    }

    private static let backlog: Int32 = 4096

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func boundPort(_ descriptor: Int32) -> Int {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
            // Both families keep the port in the two bytes behind the family.
            return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Int(UInt16(bigEndian: $0.pointee.sin_port)) }
        }
    }

    // MARK: Unix

    private static func unix(_ path: String, _ mode: UInt32) throws(HTTPServerProblem) -> Int32 {
        let place = "unix:\(path)"
        guard mode <= 0o777 else {
            throw HTTPServerProblem(.invalidConfiguration, "cannot listen on \(place): a mode is an octal number from 0 to 777")
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard !path.isEmpty, path.utf8.count <= room, !path.utf8.contains(0) else {
            throw HTTPServerProblem(
                .invalidConfiguration,
                "cannot listen on \(place): the path of a socket has 1 to \(room) bytes; choose a shorter one"
            )
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = posthorn_stream_socket(AF_UNIX)
        guard descriptor >= 0 else { throw HTTPServerProblem(errno: errno, at: place) }
        // Before there is a file: bind gives it the socket's mode, cut by the process's mask, so that it is never wider.
        fchmod(descriptor, mode)
        var number = Self.bind(descriptor, &address)
        if number == EADDRINUSE, isSocket(path), isAbandoned(&address) {
            unlink(path)
            number = Self.bind(descriptor, &address)
        }
        if number == 0, chmod(path, mode) != 0 || listen(descriptor, backlog) != 0 { number = errno }
        guard number == 0 else {
            Glibc.close(descriptor)
            throw HTTPServerProblem(errno: number, at: place, isUnix: true)
        }
        return descriptor
    }

    private static func bind(_ descriptor: Int32, _ address: inout sockaddr_un) -> Int32 {
        withAddress(&address) { Glibc.bind(descriptor, $0, $1) == 0 ? 0 : errno }
    }

    private static func isSocket(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFSOCK
    }

    /// Whether nobody listens on a socket: what a killed server leaves behind.
    private static func isAbandoned(_ address: inout sockaddr_un) -> Bool {
        let probe = posthorn_stream_socket(AF_UNIX)
        guard probe >= 0 else { return false }
        defer { Glibc.close(probe) }
        return withAddress(&address) { connect(probe, $0, $1) != 0 && errno == ECONNREFUSED }
    }

    private static func withAddress<Result>(
        _ address: inout sockaddr_un,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}

/// A connection that has come in.
struct AcceptedSocket: Sendable {
    let descriptor: Int32
    /// `nil` on a Unix socket.
    let peer: NetworkAddress?
    let share: ClientShare

    /// Takes one in, not blocking and closed on exec. `nil`, with `errno`, when there is none.
    static func accept(_ listener: Int32) -> (descriptor: Int32, peer: NetworkAddress?)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let descriptor = posthorn_accept(listener, address, &length)
                return descriptor < 0 ? nil : (descriptor, NetworkAddress(address))
            }
        }
    }
}
