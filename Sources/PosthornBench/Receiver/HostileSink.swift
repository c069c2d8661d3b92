import CPosthornLinux
import Glibc
import PosthornSystem

/// Receivers that do harm, on one thread of this process, which it ends with: the path of a request says in what way.
final class HostileSink: Sendable {
    /// The ways, and the first part of their paths.
    enum Way: String, CaseIterable {
        /// Takes the request and never answers.
        case silent
        /// Answers a byte at a time, for ever.
        case drip
        /// Resets the connection.
        case reset
        /// Closes the connection without an answer.
        case hangup
        /// Answers what is not HTTP.
        case garbage
        /// Begins a good answer, and never ends its body.
        case endless
        /// Answers 500.
        case failing
    }

    let port: Int

    init() throws {
        let (listener, port) = try Sink.listen()
        self.port = port
        _ = try WorkerThread(name: "bench-hostile") {
            var loop = HostileLoop(listener)
            loop.run()
        }
    }
}

/// The loop of that thread.
private struct HostileLoop {
    private let listener: Int32
    private let poller = epoll_create1(0)
    /// Connections that get a byte every now and then.
    private var dripping: Set<Int32> = []
    /// Connections that get as much as they take.
    private var flooded: Set<Int32> = []
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    private static let stepMilliseconds: Int32 = 50
    private static let body = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 14)

    init(_ listener: Int32) {
        self.listener = listener
        watch(listener)
    }

    mutating func run() -> Never {
        var events = [epoll_event](repeating: epoll_event(), count: 256)
        while true {
            let count = epoll_wait(poller, &events, 256, dripping.isEmpty && flooded.isEmpty ? -1 : Self.stepMilliseconds)
            for event in events.prefix(Int(max(0, count))) {
                if event.data.fd == listener { acceptAll() } else { serve(event.data.fd) }
            }
            // In steps of time even when much comes in: whoever drips fast would not hang for long.
            if count == 0 { goOn() }
        }
    }

    private func watch(_ descriptor: Int32) {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        event.data.fd = descriptor
        epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event)
    }

    private func acceptAll() {
        while case let descriptor = accept(listener, nil, nil), descriptor >= 0 {
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            watch(descriptor)
        }
    }

    private mutating func serve(_ descriptor: Int32) {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0 && errno == EAGAIN { return }
        guard count > 0 else { return end(descriptor) }
        // Only a request's first bytes name the way; what follows of it is thrown away.
        let target = String(decoding: buffer[..<min(count, 40)], as: UTF8.self).split(separator: "/").dropFirst().first
        guard let way = target.flatMap({ HostileSink.Way(rawValue: String($0)) }) else { return }
        switch way {
        case .silent: break
        case .drip: dripping.insert(descriptor)
        case .reset:
            var lingering = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &lingering, socklen_t(MemoryLayout<linger>.size))
            end(descriptor)
        case .hangup: end(descriptor)
        case .garbage:
            answer(descriptor, "\u{1}\u{2} what is this\r\n\r\n")
            end(descriptor)
        case .endless:
            answer(descriptor, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n")
            flooded.insert(descriptor)
        case .failing: answer(descriptor, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\nfails")
        }
    }

    private mutating func goOn() {
        for descriptor in dripping where send(descriptor, "H", 1, Int32(MSG_NOSIGNAL)) < 0 && errno != EAGAIN { end(descriptor) }
        for descriptor in flooded {
            while send(descriptor, Self.body, Self.body.count, Int32(MSG_NOSIGNAL)) > 0 {}
            if errno != EAGAIN { end(descriptor) }
        }
    }

    private func answer(_ descriptor: Int32, _ text: String) {
        _ = text.withCString { send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    }

    private mutating func end(_ descriptor: Int32) {
        dripping.remove(descriptor)
        flooded.remove(descriptor)
        close(descriptor)
    }
}
