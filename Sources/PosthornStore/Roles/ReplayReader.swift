public import PosthornModel

/// What is read of replays beside the writer. Part of ``OutboxReader``, under the same rules.
public protocol ReplayReader: AnyObject {
    /// One replay; `nil` when there is none of that number.
    func replay(_ number: Int64) throws(OutboxProblem) -> Replay?
    /// Those that go on, oldest first.
    func runningReplays() throws(OutboxProblem) -> [Replay]
    /// Visits replays, newest first.
    /// - Parameters:
    ///   - before: Only those with a smaller number.
    ///   - after: Only those with a greater number; then the one with the smallest comes first.
    ///   - visit: Gets each; `false` to stop behind it.
    func visitReplays(before: Int64?, after: Int64?, _ visit: (Replay) -> Bool) throws(OutboxProblem)
}
