/// Where an engine's counts and times go: a few lines hand them to a metrics library. What a program does not need it leaves out; the
/// defaults do nothing.
///
/// Both are called one after the other, on a thread of its own, so that a slow one holds nothing back. While it does not return, up to
/// 10,000 attempts wait for it; the next one it gets then has ``DeliveryUpdate/droppedBefore``.
public protocol EngineMetrics: Sendable {
    /// An attempt was recorded, successful or not; its duration is that of the ``DeliveryUpdate/outcome``.
    func attempted(_ update: DeliveryUpdate)

    /// What the engine has counted so far and has in hand now: after attempts, at most once for each commit, and at its end. Between
    /// attempts ask for ``Engine/statistics``.
    func counted(_ statistics: EngineStatistics)
}

extension EngineMetrics {
    /// Nothing.
    public func attempted(_ update: DeliveryUpdate) {}

    /// Nothing.
    public func counted(_ statistics: EngineStatistics) {}
}
