public import PosthornModel
public import PosthornText

/// Replays, which are rows like what they move. Part of ``OutboxStore``, under the same rules.
public protocol ReplayStore: AnyObject {
    /// Stores a new replay, which goes up to the newest delivery or event that there is now.
    /// - Returns: The replay with its number and its end.
    func insert(_ replay: Replay) throws(OutboxProblem) -> Replay
    /// Writes down how far a replay is.
    func update(_ replay: Replay) throws(OutboxProblem)
    /// One replay; `nil` when there is none of that number.
    func replay(_ number: Int64) throws(OutboxProblem) -> Replay?
    /// Those that go on, oldest first.
    func runningReplays() throws(OutboxProblem) -> [Replay]
    /// Gives an event deliveries to endpoints that have none of it; not one that still waits for its first.
    /// - Returns: The numbers of those that are new; none when the event, or its data, is gone by now.
    func addDeliveries(ofEvent seq: Int64, to recipients: [Recipient], at now: Timestamp) throws(OutboxProblem) -> [Int64]
}
