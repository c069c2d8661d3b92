import CPosthornLinux
import Glibc
internal import PosthornSystem
import Synchronization

/// The thread that takes connections in and cuts those past their deadline.
///
/// libmicrohttpd's own time-out counts idle time, so a caller who sends a byte a second would stay for ever.
final class Acceptor: Sendable {
    private let loop: AcceptLoop
    private let thread: WorkerThread

    init(_ listener: ListeningSocket, _ core: ServerCore, _ daemon: Daemon) throws(SystemProblem) {
        let loop = AcceptLoop(listener.descriptor, core, daemon)
        self.loop = loop
        thread = try WorkerThread(name: "http-accept") { loop.run() }
    }

    /// Takes no more connections and closes the listening socket. To be called once.
    func stop() {
        loop.end()
        thread.join()
    }
}

private final class AcceptLoop: Sendable {
    private let listener: Int32
    private let core: ServerCore
    private let daemon: Daemon
    private let sweepMilliseconds: Int64
    private let ended = Atomic(false)

    init(_ listener: Int32, _ core: ServerCore, _ daemon: Daemon) {
        self.listener = listener
        self.core = core
        self.daemon = daemon
        let shortest = min(core.configuration.requestDeadlineMilliseconds, core.configuration.idleLimitMilliseconds)
        sweepMilliseconds = Int64(max(10, min(1000, shortest / 4)))
    }

    func end() {
        ended.store(true, ordering: .sequentiallyConsistent)
        core.waker.signal()
    }

    func run() {
        var nextSweep = MonotonicClock.nanoseconds()
        while !ended.load(ordering: .sequentiallyConsistent) {
            let open = core.openConnections
            let full = open >= core.configuration.connectionLimit
            core.waker.wait(milliseconds: open == 0 ? nil : sweepMilliseconds, others: full ? [] : [listener])
            if !full, !ended.load(ordering: .sequentiallyConsistent) { acceptAll(room: core.configuration.connectionLimit - open) }
            let now = MonotonicClock.nanoseconds()
            if now >= nextSweep {
                core.sweep()
                nextSweep = now + sweepMilliseconds * 1_000_000
            }
        }
        close(listener)
    }

    private func acceptAll(room: Int) {
        for _ in 0..<room {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let accepted = withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    // libmicrohttpd makes the socket non-blocking and closed on exec itself.
                    let socket = accept(listener, address, &length)
                    if socket >= 0 { daemon.add(socket, address, length) }
                    return socket
                }
            }
            guard accepted < 0 else { continue }
            // Without descriptors the listener stays readable: a short rest instead of a busy loop, and then again.
            if [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) { core.waker.wait(milliseconds: 100) }
            if errno != EINTR, errno != ECONNABORTED { return }
        }
    }
}
