#if PostgreSQL
import Dispatch
import PosthornStore
import Synchronization

/// Sessions for reading, opened as they are needed and kept for the next reader.
final class PostgresReaders: OutboxReaders {
    /// How many may read at the same time. Each is a process of the server's.
    static let limit = 4

    private let free = DispatchSemaphore(value: limit)
    private let idle = Mutex<[Session]>([])
    private let open: @Sendable () throws(OutboxProblem) -> PostgresStore

    /// A store between two readers, when it is not in use.
    private struct Session: @unchecked Sendable {
        let store: PostgresStore
    }

    init(open: @escaping @Sendable () throws(OutboxProblem) -> PostgresStore) { self.open = open }

    func read<Result: Sendable>(_ body: (any OutboxReader) throws -> Result) throws -> Result {
        free.wait()
        defer { free.signal() }
        let session = try idle.withLock { $0.popLast() } ?? Session(store: open())
        defer { idle.withLock { $0.append(session) } }
        return try session.store.reading { try body(session.store) }
    }

    func close() { idle.withLock { $0.removeAll() } }
}
#endif
