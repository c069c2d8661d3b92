import Posthorn
import Synchronization

/// How much is on its way into the outbox, in all and of each share: that of a tenant, whatever keys it has. Beyond a bound more is refused, before it takes memory.
final class EmitGate: Sendable {
    private struct Use {
        var bytes = 0
        var streams = 0

        var isNone: Bool { bytes == 0 && streams == 0 }
    }

    private struct State {
        var all = Use()
        /// By shares.
        var byShare: [String: Use] = [:]

        mutating func change(_ share: String, _ body: (inout Use) -> Void) {
            body(&all)
            var use = byShare[share] ?? Use()
            body(&use)
            byShare[share] = use.isNone ? nil : use
        }
    }

    private let state = Mutex(State())
    private let limitBytes: Int

    /// Bytes of bodies that may wait for their commit.
    static let usualLimitBytes = 64 << 20
    /// A tenant may have this part of them, so that one does not use up all.
    static let partEach = 4
    /// What is left for the others when the platform itself hands in all that it may.
    static let partOfOthers = 4
    /// Streams of lines at one time: each may hold a few of the longest lines.
    static let streamLimit = 16
    /// The same of one share.
    static let streamLimitEach = 4

    init(limitBytes: Int = EmitGate.usualLimitBytes) { self.limitBytes = limitBytes }

    /// Bytes that wait.
    var waitingBytes: Int { state.withLock { $0.all.bytes } }

    /// Bytes that may wait of a share. The platform's own events, which a whole outbox's keys hand in, are most of all there are.
    private func limit(of share: String) -> Int {
        AccessBook.isTenant(share) ? limitBytes / Self.partEach : limitBytes - limitBytes / Self.partOfOthers
    }

    /// Whether nothing more of a share may be handed in now.
    func isFull(_ share: String) -> Bool {
        state.withLock { $0.all.bytes >= limitBytes || $0.byShare[share]?.bytes ?? 0 >= limit(of: share) }
    }

    /// Lets bytes of a share wait. Where nothing of it waits, any body may, however long: or it never could.
    /// - Returns: Whether they may.
    func enter(_ bytes: Int, of share: String) -> Bool {
        state.withLock { state in
            let own = state.byShare[share]?.bytes ?? 0
            if state.all.bytes >= limitBytes || (own > 0 && own + bytes > limit(of: share)) { return false }
            state.change(share) { $0.bytes += bytes }
            return true
        }
    }

    /// Lets bytes wait that have been taken already, such as a batch of a stream.
    func enterAnyway(_ bytes: Int, of share: String) { state.withLock { $0.change(share) { $0.bytes += bytes } } }

    /// Bytes of a share no longer wait.
    func leave(_ bytes: Int, of share: String) { state.withLock { $0.change(share) { $0.bytes -= bytes } } }

    /// Opens a stream of lines.
    /// - Returns: Whether it may be open.
    func openStream(_ share: String) -> Bool {
        state.withLock { state in
            guard state.all.streams < Self.streamLimit, state.byShare[share]?.streams ?? 0 < Self.streamLimitEach else { return false }
            state.change(share) { $0.streams += 1 }
            return true
        }
    }

    /// A stream of lines is over.
    func closeStream(_ share: String) { state.withLock { $0.change(share) { $0.streams -= 1 } } }

    static let refusal = APIProblem(.tooManyRequests, "too many events wait for the disk", headers: [("Retry-After", "1")])
}
