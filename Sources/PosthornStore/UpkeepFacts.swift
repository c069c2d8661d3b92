/// What is done so that an outbox stays small and can be had again, as it was last written down.
public struct UpkeepFacts: Sendable, Hashable {
    /// What the engine deletes, of several the one that looked last; `nil` when none has said, as one of an earlier version does not.
    public var retention: RetentionFacts?
    /// The newest copy that was made by `posthorn backup` or ``Outbox/backUp(to:)``; `nil` when none was.
    public var backup: BackupFacts?

    /// Nothing is known.
    public init() {}
}
