import PosthornModel
import Synchronization

/// What becomes of deliveries, as it happens. Each reader of ``Engine/updates(bufferLimit:)`` has its own.
///
/// A reader that falls behind loses the oldest updates; the next one it gets says how many
/// (``DeliveryUpdate/droppedBefore``). The sequence ends with the engine, or once a reader whose task is cancelled has got what was there
/// when it was.
public struct DeliveryUpdates: AsyncSequence, Sendable {
    /// An update.
    public typealias Element = DeliveryUpdate
    /// Nothing is thrown.
    public typealias Failure = Never

    let buffer: UpdateBuffer

    /// Reads the updates. Several readers of one sequence share them.
    public func makeAsyncIterator() -> Iterator { Iterator(buffer: buffer) }

    /// Reads the updates one after the other.
    public struct Iterator: AsyncIteratorProtocol {
        let buffer: UpdateBuffer

        /// The next update; `nil` after the last.
        public mutating func next() async -> DeliveryUpdate? { await buffer.next() }

        /// The next update; `nil` after the last.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> DeliveryUpdate? { await buffer.next() }
    }
}

/// Updates that wait for a reader: bounded, the oldest go first, and what went is counted.
final class UpdateBuffer: Sendable {
    private let state: Mutex<State>
    private let onEnd: @Sendable () -> Void

    private struct State {
        let limit: Int
        /// A ring once it is full: the oldest is at `start`.
        var waiting: [DeliveryUpdate] = []
        var start = 0
        var dropped = 0
        var isOver = false
        var readers: [CheckedContinuation<DeliveryUpdate?, Never>] = []

        mutating func add(_ update: DeliveryUpdate) {
            if waiting.count - start < limit { return waiting.append(update) }
            dropped += 1
            waiting.append(update)
            advance()
        }

        mutating func take() -> DeliveryUpdate? {
            guard start < waiting.count else { return nil }
            var update = waiting[start]
            update.droppedBefore = dropped
            dropped = 0
            advance()
            return update
        }

        /// Leaves the oldest out. What lies before `start` is given back when it is as much as what waits, which costs each update a
        /// constant.
        private mutating func advance() {
            start += 1
            if start * 2 > waiting.count {
                waiting.removeFirst(start)
                start = 0
            }
        }
    }

    /// - Parameters:
    ///   - limit: How many wait at most.
    ///   - onEnd: Is called once no reader is left.
    init(limit: Int, onEnd: @escaping @Sendable () -> Void) {
        state = Mutex(State(limit: max(1, limit)))
        self.onEnd = onEnd
    }

    deinit { onEnd() }

    /// Hands an update to a reader that waits, or keeps it for the next.
    func add(_ update: DeliveryUpdate) {
        let reader: CheckedContinuation<DeliveryUpdate?, Never>? = state.withLock { state in
            if state.isOver { return nil }
            if state.readers.isEmpty {
                state.add(update)
                return nil
            }
            return state.readers.removeFirst()
        }
        reader?.resume(returning: update)
    }

    /// Nothing comes any more; what waits can still be read.
    func finish() {
        let readers = state.withLock { state in
            state.isOver = true
            defer { state.readers = [] }
            return state.readers
        }
        for reader in readers { reader.resume(returning: nil) }
    }

    /// The oldest update, as soon as there is one.
    func next() async -> DeliveryUpdate? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { reader in
                let (update, isOver) = state.withLock { state in
                    let update = state.take()
                    if update == nil, !state.isOver { state.readers.append(reader) }
                    return (update, state.isOver)
                }
                if update != nil || isOver { reader.resume(returning: update) }
            }
        } onCancel: {
            finish()
            onEnd()
        }
    }
}
