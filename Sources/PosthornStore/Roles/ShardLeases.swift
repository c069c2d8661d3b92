/// Which endpoints this store's engine may deliver to, while others use the same outbox. Part of ``OutboxStore``, under the same rules.
///
/// A store that serves one engine at a time gives it all shards. One that several engines share divides the shards among those that
/// have joined, and sees to it that what an engine of before writes of a shard that it has lost comes to nothing: it throws
/// ``OutboxProblem/Code/fenced``.
public protocol ShardLeases: AnyObject {
    /// Joins the engines that deliver from this outbox, without waiting.
    /// - Parameter alone: Whether it is to be the only one: no other may have joined, or join before ``detach()``.
    /// - Returns: `false` when there is nothing for it, or this store has joined already: two engines on one store are two.
    func join(alone: Bool) throws(OutboxProblem) -> Bool
    /// The shards that it has now; none before it has joined and after it has left. The engine asks at every turn and in every
    /// transaction. A store from which others have taken everything, since it seemed dead, joins again here.
    func lease() throws(OutboxProblem) -> ShardLease
    /// Gives recalled shards back, once nothing of theirs is under way any more; others may have them from the commit on.
    func release(_ shards: ShardSet) throws(OutboxProblem)
    /// Gives all shards back at once, outside of a transaction.
    func leave()
    /// A watch over what this store has opened, and over what makes it the owner while it is.
    func makeWatch() -> any StoreWatch
}
