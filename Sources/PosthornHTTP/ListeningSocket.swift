import CPosthornLinux
import Glibc

/// The socket that connections come in by.
struct ListeningSocket {
    let descriptor: Int32
    /// The port it has, also when the system chose it.
    let port: Int

    init(host: String, port: Int) throws(HTTPServerProblem) {
        let place = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        guard (0...65535).contains(port) else {
            throw HTTPServerProblem(.invalidConfiguration, "cannot listen on \(place): a port is a number from 0 to 65535")
        }
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let first = list else {
            throw HTTPServerProblem(.unknownHost, "cannot listen on \(place): there is no such host; use an address of this machine")
        }
        defer { freeaddrinfo(list) }
        descriptor = try Self.open(first, place)
        self.port = Self.boundPort(descriptor)
    }

    private static func open(_ address: UnsafeMutablePointer<addrinfo>, _ place: String) throws(HTTPServerProblem) -> Int32 {
        let info = address.pointee
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(info.ai_family, type, 0)
        guard descriptor >= 0 else { throw HTTPServerProblem(errno: errno, at: place) }
        var on: Int32 = 1
        var off: Int32 = 0
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        if info.ai_family == AF_INET6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, 4) }
        guard bind(descriptor, info.ai_addr, info.ai_addrlen) == 0, listen(descriptor, 4096) == 0 else {
            let number = errno
            close(descriptor)
            throw HTTPServerProblem(errno: number, at: place)
        }
        return descriptor
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

    /// The address in numbers; an IPv4 address inside IPv6 as IPv4.
    static func text(of address: UnsafePointer<sockaddr>?) -> String {
        guard let address else { return "" }
        let length = Int32(address.pointee.sa_family) == AF_INET6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
        var buffer = [CChar](repeating: 0, count: 64)
        guard getnameinfo(address, socklen_t(length), &buffer, 64, nil, 0, NI_NUMERICHOST) == 0 else { return "" }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return text.hasPrefix("::ffff:") && text.contains(".") ? String(text.dropFirst(7)) : text
    }
}
