public import PosthornStore

// Copies of an outbox: the calls that block no thread of the caller's.
extension Outbox {
    /// Copies the outbox into a new file while it is used, and checks the copy: the whole file, and that it holds as many events and
    /// deliveries as the outbox did. What is sealed is sealed in the copy as well, with the same key.
    ///
    /// No writer waits for it. The write-ahead log cannot be emptied for as long, and grows by what is written meanwhile. The file has
    /// its name once it is whole and on disk.
    /// - Parameter target: The file to be made, readable by its owner alone.
    /// - Returns: What is in it.
    /// - Throws: A problem of code `access` when the file exists or cannot be made, `damaged` or `not_a_database` when the copy is no
    ///   good.
    public func backUp(to target: String) async throws(OutboxError) -> BackupReport {
        try await calls.run { [self] in try Self.backUpNow(path, to: target, clock: clock) }
    }

    /// Makes a backup the outbox. Deliveries that are delivered in it stay so; those that are pending are sent by the next engine, again
    /// where that has happened since the backup was taken, with the same event ids.
    /// - Parameters:
    ///   - backup: The file of a backup, which stays as it is.
    ///   - path: The outbox that is to be.
    ///   - replacing: Whether one that is there is moved aside. Programs that have it open are to be ended before; one that an engine
    ///     delivers from is left alone.
    /// - Returns: What is in it, and where the former outbox is.
    /// - Throws: A problem of code `access` when the outbox exists and is not to be replaced, `busy` when an engine delivers from it,
    ///   `not_a_database` when the backup is damaged.
    public static func restore(_ backup: String, to path: String, replacing: Bool = false) async throws(OutboxError) -> BackupReport {
        try await CallThreads().run { try restoreNow(backup, to: path, replacing: replacing) }
    }
}
