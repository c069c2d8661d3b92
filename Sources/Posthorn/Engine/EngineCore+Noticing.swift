import PosthornStore

extension EngineCore {
    /// Deliveries may have been made due by hand, and mails.
    /// - Returns: Whether it is so. Inside a transaction mails are to be woken only after its commit, since they read over
    ///   another connection.
    func noticeWorkByHand(_ store: any ManualActions) throws(OutboxProblem) -> Bool {
        let generation = try store.queueGeneration()
        if generation == queueGeneration { return false }
        startOver(generation)
        return true
    }

    func noticeSettled(_ store: any DeliveryQueue) throws(OutboxProblem) {
        // Asked first: an endpoint that is verified meanwhile has something to be written.
        if handshakes?.hasUnasked == true { return }
        guard claims.isEmpty, !wantsToWrite, try !store.hasUnsettled() else { return }
        listeners.settled()
    }
}
