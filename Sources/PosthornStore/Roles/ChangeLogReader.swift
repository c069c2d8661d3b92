public import PosthornModel

/// What is read of the list of changes. Part of ``OutboxReader``, under the same rules.
public protocol ChangeLogReader: AnyObject {
    /// Changes with a number below one and above another, newest first; where only `after` is given, the oldest of them are returned,
    /// newest first too.
    func changes(before: Int64?, after: Int64?, limit: Int) throws(OutboxProblem) -> [ChangeRecord]
}
