public import PosthornModel

/// Keeps what people changed. Part of ``OutboxStore``, under the same rules.
public protocol ChangeLogStore: AnyObject {
    /// Appends a change under the next number, and forgets the oldest that are too many or too old.
    func append(_ change: ChangeRecord) throws(OutboxProblem)
}
