/// Deliveries that did not move as an attempt of theirs wanted it.
public struct RecordConflicts: Sendable {
    /// They were cancelled meanwhile; the attempts were stored.
    public var cancelled: Set<Int64> = []
    /// They are not there any more; nothing was stored.
    public var gone: Set<Int64> = []

    /// None.
    public init() {}

    /// Whether all moved, which is the rule.
    public var isEmpty: Bool { cancelled.isEmpty && gone.isEmpty }
}
