import Dispatch
package import PosthornStore
import PosthornSystem
import Synchronization

/// Connections for reading, opened as they are needed and kept for the next reader.
package final class SQLiteReaders: OutboxReaders {
    /// How many may read at the same time. Each takes three descriptors, and up to 16 MiB of SQLite's cache.
    package static let limit = 4

    private let free = DispatchSemaphore(value: limit)
    private let idle = Mutex<[Connection]>([])
    private let open: @Sendable () throws(OutboxProblem) -> SQLiteStore

    /// A store between two readers, when nobody uses it.
    private struct Connection: @unchecked Sendable {
        let store: SQLiteStore
    }

    /// - Parameter open: Opens a store for reading.
    package init(open: @escaping @Sendable () throws(OutboxProblem) -> SQLiteStore) { self.open = open }

    /// Reads with a connection of its own.
    package func read<Result: Sendable>(_ body: (any OutboxReader) throws -> Result) throws -> Result {
        free.wait()
        defer { free.signal() }
        let connection = try idle.withLock { $0.popLast() } ?? Connection(store: open())
        // Also after a body that has thrown: what a reading leaves open is reset by the statement's end. A connection to files
        // without a log is bound to what they were when it was opened; the next reader opens its own.
        defer { if connection.store.snapshot == nil { idle.withLock { $0.append(connection) } } }
        let result = try connection.store.reading { try body(connection.store) }
        try connection.store.confirmUnchanged()
        return result
    }

    /// Closes the connections that nobody uses.
    package func close() {
        idle.withLock { $0.removeAll() }
    }
}
