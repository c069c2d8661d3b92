import Synchronization

/// Where the body of an answer is written bit by bit, from any thread.
///
/// Dropped without ``end()``, it cuts the connection, so that a client does not take half an answer for a whole one.
public final class HTTPResponseStream: Sendable {
    /// What became of a write.
    public enum Written: Sendable {
        /// It goes out.
        case taken
        /// Nothing of it was taken: more waits for the client than may. Write again when ``whenThereIsRoom(_:)`` says so.
        case full
        /// The client is gone, or the server has stopped.
        case gone
    }

    private let id: ExchangeID
    private let link: LoopLink
    private let state: StreamState

    init(_ id: ExchangeID, _ link: LoopLink, _ state: StreamState) {
        self.id = id
        self.link = link
        self.state = state
    }

    deinit { close(.cut) }

    /// Writes more of the body.
    public func write(_ bytes: [UInt8]) -> Written {
        let (written, isFirst) = state.write(bytes)
        if isFirst { link.post(.flush(id)) }
        return written
    }

    /// The body is whole.
    public func end() { close(.whole) }

    /// Calls `action` once, on one of the server's threads, when half of what may wait for the client has been sent, or the
    /// client is gone. At once when that is so already.
    public func whenThereIsRoom(_ action: @escaping @Sendable () -> Void) { state.whenThereIsRoom(action) }

    private func close(_ end: StreamState.End) {
        if state.close(end) { link.post(.flush(id)) }
    }
}

/// What a writer and the loop that sends share.
final class StreamState: Sendable {
    enum End {
        case whole, cut
    }

    private struct State {
        /// Written and not yet taken up by the loop.
        var waiting: [UInt8] = []
        /// Written and not yet handed to the system.
        var unsent = 0
        var end: End?
        var isGone = false
        var room: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let limit: Int
    let isEndless: Bool

    init(limit: Int, isEndless: Bool) {
        self.limit = limit
        self.isEndless = isEndless
    }

    /// Takes bytes. `isFirst` when the loop must be notified.
    func write(_ bytes: [UInt8]) -> (HTTPResponseStream.Written, isFirst: Bool) {
        state.withLock { state in
            if state.isGone || state.end != nil { return (.gone, false) }
            // A first piece is taken however long it is: the writer has it in memory anyway.
            if state.unsent > 0, state.unsent + bytes.count > limit { return (.full, false) }
            let isFirst = state.waiting.isEmpty && !bytes.isEmpty
            state.waiting += bytes
            state.unsent += bytes.count
            return (.taken, isFirst)
        }
    }

    /// Nothing follows. Returns whether the loop must be notified.
    func close(_ end: End) -> Bool {
        state.withLock { state in
            if state.isGone || state.end != nil { return false }
            state.end = end
            return true
        }
    }

    func whenThereIsRoom(_ action: @escaping @Sendable () -> Void) {
        let isNow = state.withLock { state in
            if state.isGone || state.unsent <= limit / 2 { return true }
            state.room = action
            return false
        }
        if isNow { action() }
    }

    /// What the loop is to send, and whether that is the end.
    func take() -> (bytes: [UInt8], end: End?) {
        state.withLock { state in
            let bytes = state.waiting
            state.waiting = []
            return (bytes, state.end)
        }
    }

    /// Bytes have been handed to the system.
    func sent(_ count: Int) {
        let action = state.withLock { state -> (@Sendable () -> Void)? in
            state.unsent -= min(count, state.unsent)
            return state.unsent <= limit / 2 ? state.room.take() : nil
        }
        action?()
    }

    /// The client no longer reads.
    func markGone() {
        let action = state.withLock { state -> (@Sendable () -> Void)? in
            state.isGone = true
            state.waiting = []
            return state.room.take()
        }
        action?()
    }
}
