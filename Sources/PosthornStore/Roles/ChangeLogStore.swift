public import PosthornModel

/// Keeps what people changed. Part of ``OutboxStore``, under the same rules.
public protocol ChangeLogStore: AnyObject {
    /// Appends a change under the next number, and forgets those that are too old. Every ``ChangeRecord/forgottenEach`` numbers those are
    /// forgotten, too, that are too many: the oldest of the share that has most.
    /// - Parameters:
    ///   - share: Whose share of the list it uses; empty for the command line.
    ///   - limit: How many there may be.
    func append(_ change: ChangeRecord, share: String, keeping limit: Int64) throws(OutboxProblem)
}
