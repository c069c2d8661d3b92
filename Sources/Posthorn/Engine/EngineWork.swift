/// What an engine does on threads of its own, beside delivering.
public enum EngineWork: String, Sendable, CaseIterable {
    /// Replays, and what else is done to many deliveries at once.
    case jobs
    /// Mails about exhausted deliveries and endpoints in trouble.
    case mails
}
