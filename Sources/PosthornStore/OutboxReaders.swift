/// Lends readers out: a bounded number, so that a long list or check keeps neither mails nor other lists waiting.
public protocol OutboxReaders: Sendable {
    /// Reads with a reader of its own; waits where all are in use.
    func read<Result: Sendable>(_ body: (any OutboxReader) throws -> Result) throws -> Result
    /// Closes those that are not in use.
    func close()
}
