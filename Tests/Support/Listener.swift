import CPosthornLinux
import Glibc
import PosthornSystem

/// A listening TCP socket.
struct Listener {
    let descriptor: Int32
    let port: UInt16

    init(host: String, port: UInt16) throws(SystemProblem) {
        let isIPv6 = host.contains(":")
        descriptor = posthorn_socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if descriptor < 0 { throw SystemProblem("socket", errno) }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        let (status, code) = isIPv6 ? Self.bind6(descriptor, host, port) : Self.bind4(descriptor, host, port)
        if status != 0 || listen(descriptor, 4096) != 0 {
            let problem = SystemProblem("bind \(host)", status != 0 ? code : errno)
            close(descriptor)
            throw problem
        }
        self.port = Self.boundPort(descriptor)
    }

    private static func bind4(_ descriptor: Int32, _ host: String, _ port: UInt16) -> (Int32, Int32) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return bind(descriptor, &address)
    }

    private static func bind6(_ descriptor: Int32, _ host: String, _ port: UInt16) -> (Int32, Int32) {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        inet_pton(AF_INET6, host, &address.sin6_addr)
        return bind(descriptor, &address)
    }

    private static func bind<Address>(_ descriptor: Int32, _ address: inout Address) -> (Int32, Int32) {
        let status = withUnsafeBytes(of: &address) { bytes in
            Glibc.bind(descriptor, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        return (status, errno)
    }

    private static func boundPort(_ descriptor: Int32) -> UInt16 {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return UInt16(bigEndian: address.sin6_port)
    }
}
