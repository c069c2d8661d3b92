public import PosthornSystem

/// Watches a store from outside of its transactions: whether what was opened is still there, and whether its owner may have gone.
public protocol StoreWatch: Sendable {
    /// The first thing that is wrong with what was opened, of code ``OutboxProblem/Code/replaced``, ``OutboxProblem/Code/lockLost``, or
    /// ``OutboxProblem/Code/schema`` of one that a newer program has changed; `nil` when all is well, or nothing can be seen for now.
    func problem() -> OutboxProblem?
    /// Waits until something may have happened, `waker` is signalled, or about a second has passed.
    func wait(_ waker: Waker)
}
