import CLinux
import Glibc

/// A receiver that costs next to nothing: it finds the end of each request, answers 200 and forgets it.
///
/// It runs in a process of its own, so that its time is not counted as the engine's.
enum Sink {
    /// What makes this program the receiver.
    static let subcommand = "sink"

    private static let answer = Array("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok".utf8)

    /// Requests to paths that begin so are never answered.
    static let silentPath = "/silent"
    private static let silentStart = Array("POST \(silentPath)".utf8)

    /// Listens on every address, prints the port on standard output, and serves until it is killed.
    static func serve() -> Never {
        let (listener, port) = listen()
        let line = "\(port)\n"
        _ = line.withCString { write(1, $0, strlen($0)) }
        _ = posthorn_end_with_parent()
        loop(listener)
    }

    /// A socket that listens on every address, and its port.
    static func listen() -> (listener: Int32, port: Int) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = INADDR_ANY
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                guard bind(listener, $0, length) == 0, Glibc.listen(listener, 4096) == 0, getsockname(listener, $0, &length) == 0
                else { fatalError("the benchmark's receiver cannot listen: \(String(cString: strerror(errno)))") }
            }
        }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// Serves for ever.
    /// - Parameter heard: Is told how many whole requests came with one read, and shown their bytes, before they are answered.
    static func loop(_ listener: Int32, heard: (Int, UnsafeRawBufferPointer) -> Void = { _, _ in }) -> Never {
        let poller = epoll_create1(0)
        watch(poller, listener)
        var connections: [Int32: [UInt8]] = [:]
        var events = [epoll_event](repeating: epoll_event(), count: 256)
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = epoll_wait(poller, &events, 256, -1)
            for event in events.prefix(Int(max(0, count))) {
                let descriptor = event.data.fd
                if descriptor == listener {
                    acceptAll(listener, poller, &connections)
                } else if !serve(descriptor, &buffer, &connections, heard) {
                    close(descriptor)
                    connections[descriptor] = nil
                }
            }
        }
    }

    private static func watch(_ poller: Int32, _ descriptor: Int32) {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        event.data.fd = descriptor
        epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event)
    }

    private static func acceptAll(_ listener: Int32, _ poller: Int32, _ connections: inout [Int32: [UInt8]]) {
        while true {
            let descriptor = accept(listener, nil, nil)
            if descriptor < 0 { return }
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            var one: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
            connections[descriptor] = []
            watch(poller, descriptor)
        }
    }

    /// Reads what has come and answers every request that is whole. Returns whether the connection stays.
    private static func serve(
        _ descriptor: Int32,
        _ buffer: inout [UInt8],
        _ connections: inout [Int32: [UInt8]],
        _ heard: (Int, UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count <= 0 { return count < 0 && errno == EAGAIN }
        if buffer.starts(with: silentStart) { return true }
        let rest = connections[descriptor] ?? []
        // Most requests come whole, in one read on an empty connection.
        let bytes = rest.isEmpty ? buffer[0..<count] : (rest + buffer[0..<count])[...]
        let (answered, left) = bytes.withUnsafeBytes { consume($0) }
        if left > 0 || !rest.isEmpty { connections[descriptor] = Array(bytes.suffix(left)) }
        if answered > 0 { bytes.withUnsafeBytes { heard(answered, UnsafeRawBufferPointer(rebasing: $0.dropLast(left))) } }
        for _ in 0..<answered { send(descriptor, answer, answer.count, Int32(MSG_NOSIGNAL)) }
        return true
    }

    /// How many whole requests stand at the start, and how many bytes are left behind them.
    private static func consume(_ bytes: UnsafeRawBufferPointer) -> (requests: Int, left: Int) {
        var start = 0
        var requests = 0
        var position = 0
        var contentLength = 0
        // Line by line: an empty one ends the head.
        while let lineEnd = lineFeed(in: bytes, from: position) {
            if lineEnd - position <= 1 {
                let whole = lineEnd + 1 + contentLength
                if whole > bytes.count { break }
                requests += 1
                start = whole
                position = whole
                contentLength = 0
                continue
            }
            contentLength = declaredLength(bytes, position..<lineEnd) ?? contentLength
            position = lineEnd + 1
        }
        return (requests, bytes.count - start)
    }

    private static func lineFeed(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress else { return nil }
        return memchr(base + start, 0x0A, bytes.count - start).map { base.distance(to: $0) }
    }

    /// The value of a content-length line; `nil` for every other line.
    private static func declaredLength(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) -> Int? {
        let name: StaticString = "content-length: "
        guard line.count > name.utf8CodeUnitCount, bytes[line.lowerBound] | 0x20 == UInt8(ascii: "c"),
            let base = bytes.baseAddress
        else { return nil }
        let text = (base + line.lowerBound).assumingMemoryBound(to: CChar.self)
        return name.utf8Start.withMemoryRebound(to: CChar.self, capacity: name.utf8CodeUnitCount) { wanted in
            strncasecmp(text, wanted, name.utf8CodeUnitCount) == 0 ? atol(text + name.utf8CodeUnitCount) : nil
        }
    }
}
