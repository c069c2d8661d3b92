import Synchronization

/// How much is on its way into the outbox, in all and of each key. Beyond a bound more is refused, before it takes memory.
final class EmitGate: Sendable {
    private struct Use {
        var bytes = 0
        var streams = 0

        var isNone: Bool { bytes == 0 && streams == 0 }
    }

    private struct State {
        var all = Use()
        /// By the ids of keys.
        var byKey: [String: Use] = [:]

        mutating func change(_ key: String, _ body: (inout Use) -> Void) {
            body(&all)
            var use = byKey[key] ?? Use()
            body(&use)
            byKey[key] = use.isNone ? nil : use
        }
    }

    private let state = Mutex(State())
    private let limitBytes: Int

    /// Bytes of bodies that may wait for their commit.
    static let usualLimitBytes = 64 << 20
    /// A key may have this part of them, so that one client does not use up all.
    static let keyShare = 4
    /// Streams of lines at one time: each may hold a few of the longest lines.
    static let streamLimit = 16
    /// The same for one key.
    static let streamLimitPerKey = 4

    init(limitBytes: Int = EmitGate.usualLimitBytes) { self.limitBytes = limitBytes }

    /// Bytes that wait.
    var waitingBytes: Int { state.withLock { $0.all.bytes } }

    /// Whether a key may hand in nothing more now.
    func isFull(_ key: String) -> Bool {
        state.withLock { $0.all.bytes >= limitBytes || $0.byKey[key]?.bytes ?? 0 >= limitBytes / Self.keyShare }
    }

    /// Lets bytes of a key wait. A key of which nothing waits may hand in any body, however long: or it never could.
    /// - Returns: Whether they may.
    func enter(_ bytes: Int, of key: String) -> Bool {
        state.withLock { state in
            let own = state.byKey[key]?.bytes ?? 0
            if state.all.bytes >= limitBytes || (own > 0 && own + bytes > limitBytes / Self.keyShare) { return false }
            state.change(key) { $0.bytes += bytes }
            return true
        }
    }

    /// Lets bytes wait that have been taken already, such as a batch of a stream.
    func enterAnyway(_ bytes: Int, of key: String) { state.withLock { $0.change(key) { $0.bytes += bytes } } }

    /// Bytes of a key no longer wait.
    func leave(_ bytes: Int, of key: String) { state.withLock { $0.change(key) { $0.bytes -= bytes } } }

    /// Opens a stream of lines.
    /// - Returns: Whether it may be open.
    func openStream(_ key: String) -> Bool {
        state.withLock { state in
            guard state.all.streams < Self.streamLimit, state.byKey[key]?.streams ?? 0 < Self.streamLimitPerKey else { return false }
            state.change(key) { $0.streams += 1 }
            return true
        }
    }

    /// A stream of lines is over.
    func closeStream(_ key: String) { state.withLock { $0.change(key) { $0.streams -= 1 } } }

    static let refusal = APIProblem(.tooManyRequests, "too many events wait for the disk", headers: [("Retry-After", "1")])
}
