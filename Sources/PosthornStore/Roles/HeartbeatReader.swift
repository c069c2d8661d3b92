/// What a running engine says of itself, read beside the writer. Part of ``OutboxReader``, under the same rules.
public protocol HeartbeatReader: AnyObject {
    /// What the engine last said of itself; `nil` when none ever has.
    func pulse() throws(OutboxProblem) -> EngineHeartbeat?
    /// What is written down of upkeep.
    func upkeep() throws(OutboxProblem) -> UpkeepFacts
}
