import CPosthornLinux
import Glibc

/// Wakes one thread from any other: an eventfd, so that it can stand in the same `poll` or `epoll_wait` as sockets.
public final class Waker: Sendable {
    /// Readable once somebody has signalled; for the waiting thread's own poll or epoll set.
    public let descriptor: Int32

    /// - Throws: ``SystemProblem`` when the process has no descriptor left.
    public init() throws(SystemProblem) {
        descriptor = posthorn_eventfd()
        if descriptor < 0 { throw SystemProblem("eventfd", errno) }
    }

    deinit { close(descriptor) }

    /// Makes the descriptor readable. Many signals before the thread wakes count as one.
    public func signal() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    /// Makes the descriptor unreadable again.
    public func reset() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }

    /// Waits for a signal, or for one of `others` to become readable, or for the time to pass.
    /// - Parameters:
    ///   - milliseconds: How long, not at all when it is negative; `nil` for ever.
    ///   - others: More descriptors to wait for.
    public func wait(milliseconds: Int64?, others: [Int32] = []) {
        var set = ([descriptor] + others).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let timeout = milliseconds.map { Int32(clamping: max(0, $0)) } ?? -1
        _ = poll(&set, nfds_t(set.count), timeout)
        if set[0].revents != 0 { reset() }
    }
}
