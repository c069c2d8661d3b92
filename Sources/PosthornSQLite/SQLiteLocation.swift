package import PosthornStore
package import PosthornText

/// An outbox in a file.
package struct SQLiteLocation: StoreLocation {
    /// The file's path.
    package let name: String
    private let creating: Bool
    private let readOnly: Bool
    private let busyTimeoutMilliseconds: Int32

    /// - Parameters:
    ///   - path: The database file. Its folder must exist.
    ///   - creating: Whether a missing file is made.
    ///   - readOnly: Whether it is opened for reading alone.
    ///   - busyTimeoutMilliseconds: How long the writer waits for another process's lock.
    package init(path: String, creating: Bool = true, readOnly: Bool = false, busyTimeoutMilliseconds: Int32 = 10_000) {
        name = path
        self.creating = creating
        self.readOnly = readOnly
        self.busyTimeoutMilliseconds = busyTimeoutMilliseconds
    }

    /// Opens the file and brings its schema up to date, unless it is only read.
    package func open(
        sealing: (any CredentialSealing)?,
        at now: Timestamp
    ) throws(OutboxProblem) -> sending any OutboxStore {
        if readOnly { return try SQLiteStore(reading: name, sealing: sealing) }
        return try SQLiteStore(
            path: name,
            creating: creating,
            busyTimeoutMilliseconds: busyTimeoutMilliseconds,
            sealing: sealing,
            now: now
        )
    }

    /// Connections of their own to the same file.
    package func makeReaders(
        sealing: (any CredentialSealing)?,
        now: @escaping @Sendable () -> Timestamp
    ) -> any OutboxReaders {
        SQLiteReaders { [name, readOnly] () throws(OutboxProblem) in
            readOnly
                ? try SQLiteStore(reading: name, sealing: sealing)
                : try SQLiteStore(path: name, creating: false, sealing: sealing, now: now())
        }
    }
}
