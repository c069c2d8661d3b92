/// Why an event was not inserted into a transaction of the platform's own.
package enum TransactionalEmitFailure: Error, Equatable {
    /// The event's node is not in the hierarchy.
    case unknownNode
    /// Another event has the id.
    case idInUse
    /// The connection is not fit for it, or the store failed.
    case store(OutboxProblem)
}
