import CPosthornLinux
import Glibc
import PosthornBenchReports

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

    /// Here it says how many connections it has taken, but for the one of the question.
    static let countPath = "/connections"
    private static let countStart = Array("GET \(countPath) ".utf8)

    /// Listens on every address, prints the port on standard output, and serves until it is killed.
    static func serve() throws -> Never {
        let (listener, port) = try listen()
        print(port)
        fflush(nil)
        _ = posthorn_end_with_parent()
        loop(listener)
    }

    /// A socket that listens on every address, and its port.
    /// - Parameter wanted: The port, or 0 for any that is free.
    static func listen(on wanted: UInt16 = 0) throws -> (listener: Int32, port: Int) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var one: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = wanted.bigEndian
        address.sin_addr.s_addr = INADDR_ANY
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && Glibc.listen(listener, 4096) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else {
            throw BenchProblem("the receiver cannot listen on port \(wanted): \(String(cString: strerror(errno)))")
        }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// What a connection has sent of a request that is not whole yet.
    private struct Waiting {
        var bytes: [UInt8] = []
        /// How many bytes it must have before it is looked at again.
        var wanted = 0
    }

    /// Serves for ever.
    /// - Parameter heard: Is told how many whole requests came with one read, and shown their bytes, before they are answered.
    static func loop(_ listener: Int32, heard: (Int, UnsafeRawBufferPointer) -> Void = { _, _ in }) -> Never {
        let poller = epoll_create1(0)
        watch(poller, listener)
        var connections: [Int32: Waiting] = [:]
        var events = [epoll_event](repeating: epoll_event(), count: 256)
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var accepted = 0
        while true {
            let count = epoll_wait(poller, &events, 256, -1)
            for event in events.prefix(Int(max(0, count))) {
                let descriptor = event.data.fd
                if descriptor == listener {
                    accepted += acceptAll(listener, poller, &connections)
                } else if !serve(descriptor, &buffer, &connections, &accepted, heard) {
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

    private static func acceptAll(_ listener: Int32, _ poller: Int32, _ connections: inout [Int32: Waiting]) -> Int {
        var accepted = 0
        while true {
            let descriptor = accept(listener, nil, nil)
            if descriptor < 0 { return accepted }
            accepted += 1
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            var one: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
            connections[descriptor] = Waiting()
            watch(poller, descriptor)
        }
    }

    /// Reads what has come and answers every request that is whole. Returns whether the connection stays.
    private static func serve(
        _ descriptor: Int32,
        _ buffer: inout [UInt8],
        _ connections: inout [Int32: Waiting],
        _ accepted: inout Int,
        _ heard: (Int, UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count <= 0 { return count < 0 && errno == EAGAIN }
        if buffer.starts(with: silentStart) { return true }
        if buffer.starts(with: countStart) {
            accepted -= 1
            let text = "HTTP/1.0 200 OK\r\n\r\n\(accepted)\n"
            _ = text.withCString { send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
            return false
        }
        let isEmpty = connections[descriptor]?.bytes.isEmpty != false
        if !isEmpty {
            connections[descriptor]?.bytes += buffer[0..<count]
            // A large body comes in many reads: nothing is looked at before its last one.
            if let waiting = connections[descriptor], waiting.bytes.count < waiting.wanted { return true }
        }
        // Most requests come whole, in one read on an empty connection.
        let bytes = isEmpty ? buffer[0..<count] : (connections[descriptor]?.bytes ?? [])[...]
        let (answered, left, wanted) = bytes.withUnsafeBytes { consume($0) }
        if left > 0 || !isEmpty { connections[descriptor] = Waiting(bytes: Array(bytes.suffix(left)), wanted: wanted) }
        if answered > 0 { bytes.withUnsafeBytes { heard(answered, UnsafeRawBufferPointer(rebasing: $0.dropLast(left))) } }
        for _ in 0..<answered { send(descriptor, answer, answer.count, Int32(MSG_NOSIGNAL)) }
        return true
    }

    /// How many whole requests stand at the start, how many bytes are left behind them, and how many those must become before
    /// they can be one.
    private static func consume(_ bytes: UnsafeRawBufferPointer) -> (requests: Int, left: Int, wanted: Int) {
        var wanted = 0
        var start = 0
        var requests = 0
        var position = 0
        var contentLength = 0
        // Line by line: an empty one ends the head.
        while let lineEnd = lineFeed(in: bytes, from: position) {
            if lineEnd - position <= 1 {
                let whole = lineEnd + 1 + contentLength
                if whole > bytes.count {
                    wanted = whole - start
                    break
                }
                requests += 1
                start = whole
                position = whole
                contentLength = 0
                continue
            }
            contentLength = declaredLength(bytes, position..<lineEnd) ?? contentLength
            position = lineEnd + 1
        }
        return (requests, bytes.count - start, wanted)
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
