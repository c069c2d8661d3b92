import CPosthornLinux
import Glibc
import PosthornBenchReports

/// A question to a receiver of this machine, which answers over HTTP/1.0.
enum LocalRequest {
    /// The whole answer of a Unix socket, its head included.
    static func get(_ path: String, fromUnixSocket socketPath: String) throws -> String {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard socketPath.utf8.count < capacity else { throw BenchProblem("\(socketPath) is too long a path for a socket; set TMPDIR") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socketPath.utf8) }
        return try get(path, from: address, AF_UNIX)
    }

    /// The whole answer of a port of 127.0.0.1, its head included.
    static func get(_ path: String, fromPort port: Int) throws -> String {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(clamping: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return try get(path, from: address, AF_INET)
    }

    private static func get<Address>(_ path: String, from address: Address, _ family: Int32) throws -> String {
        let socket = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        let length = socklen_t(MemoryLayout<Address>.size)
        let isConnected = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, length) == 0 }
        }
        let request = "GET \(path) HTTP/1.0\r\n\r\n"
        guard socket >= 0, isConnected, request.withCString({ send(socket, $0, strlen($0), Int32(MSG_NOSIGNAL)) }) > 0 else {
            throw BenchProblem("the receiver cannot be asked: \(String(cString: strerror(errno)))")
        }
        var answer: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1024)
        while case let count = recv(socket, &part, part.count, 0), count > 0 { answer += part.prefix(count) }
        return String(decoding: answer, as: UTF8.self)
    }
}
