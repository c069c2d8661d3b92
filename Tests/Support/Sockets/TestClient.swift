import Glibc

/// A bare socket that says exactly what a test wants to say.
public final class TestClient: Sendable {
    private let descriptor: Int32

    /// The connection could not be made.
    public struct Problem: Error {
        /// The system's error number.
        public let code: Int32
    }

    /// Connects to a port of 127.0.0.1, or of ::1.
    /// - Parameter source: The IPv4 address to come from, such as 127.0.0.2; `nil` for the system's choice.
    public init(port: Int, ipv6: Bool = false, from source: String? = nil) throws {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(ipv6 ? "::1" : "127.0.0.1", String(port), &hints, &list) == 0, let info = list?.pointee else {
            throw Problem(code: EINVAL)
        }
        defer { freeaddrinfo(list) }
        descriptor = socket(info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
        if let source { try bind(to: source) }
        guard connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 else { throw Problem(code: errno) }
    }

    private func bind(to source: String) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        guard inet_pton(AF_INET, source, &address.sin_addr) == 1 else { throw Problem(code: EINVAL) }
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isBound else { throw Problem(code: errno) }
    }

    /// Connects to a Unix socket.
    public init(path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isConnected else { throw Problem(code: errno) }
    }

    deinit { close(descriptor) }

    /// Ends this side; the other one can still answer.
    public func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Makes the system hold little for this side: what is not read soon waits at the other one.
    public func readLittle() {
        var bytes: Int32 = 4096
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Closes so that the other side is told at once that nobody is there (a reset).
    public func reset() {
        var hard = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
        // Connecting to nowhere ends a connection and leaves the descriptor for deinit.
        var nowhere = sockaddr(sa_family: sa_family_t(AF_UNSPEC), sa_data: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }

    /// Sends text; whether the other side still takes it.
    @discardableResult
    public func send(_ text: String) -> Bool { send(bytes: Array(text.utf8)) }

    /// Sends bytes; whether the other side still takes them.
    @discardableResult
    public func send(bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if sent <= 0 { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    /// Everything until the other side closes.
    public func readToEnd() -> String {
        var out: [UInt8] = []
        while let more = readSome() { out += more }
        return String(decoding: out, as: UTF8.self)
    }

    /// Everything until `text` has come, or the other side closes.
    public func read(until text: String) -> String {
        var out: [UInt8] = []
        while !String(decoding: out, as: UTF8.self).contains(text), let more = readSome() { out += more }
        return String(decoding: out, as: UTF8.self)
    }

    /// One answer: its header and as much body as `Content-Length` says.
    public func readAnswer() -> String {
        var out: [UInt8] = []
        while let more = readSome() {
            out += more
            if let length = Self.answerLength(out), out.count >= length { break }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func answerLength(_ bytes: [UInt8]) -> Int? {
        let blank = Array("\r\n\r\n".utf8)
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: blank) }) else { return nil }
        let header = String(decoding: bytes[..<end], as: UTF8.self).lowercased()
        for line in header.split(separator: "\r\n") where line.hasPrefix("content-length: ") {
            return end + 4 + (Int(line.dropFirst(16)) ?? 0)
        }
        return end + 4
    }

    private func readSome() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }
}
