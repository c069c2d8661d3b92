public import PosthornModel
public import PosthornStore
public import PosthornText

// Trying again, taking back, deleting: the calls that block no thread of the caller's.
extension Outbox {
    /// Tries deliveries again now.
    /// - Parameters:
    ///   - selection: Which ones; only pending and exhausted ones can be retried.
    ///   - wholeRound: Whether a failure is followed by the whole schedule again; if not, a pending delivery goes on with its schedule, and
    ///     an exhausted one gets one attempt, whose failure leaves it exhausted.
    ///   - atCurrentURL: Whether they go to the URL that the endpoint has now, and not where they were to go when their events were
    ///     accepted. Held ones are moved, too, and stay held.
    /// - Throws: What earlier batches of a large selection did stays done.
    public func retry(_ selection: DeliverySelection, wholeRound: Bool = false, atCurrentURL: Bool = false) async throws(OutboxError)
        -> RetryReport
    {
        try await calls.run { [self] in try retry(selection, wholeRound: wholeRound, atCurrentURL: atCurrentURL) }
    }

    /// Sends deliveries that were delivered again, with a whole round of the schedule.
    public func resend(_ selection: DeliverySelection) async throws(OutboxError) -> RetryReport {
        try await calls.run { [self] in try resend(selection) }
    }

    /// Takes deliveries back: pending, held and exhausted ones are cancelled, for good. A request that is on the wire arrives all the same.
    public func cancel(_ selection: DeliverySelection) async throws(OutboxError) -> CancelReport {
        try await calls.run { [self] in try cancel(selection) }
    }

    /// Lets refused mails about exhausted deliveries be sent again.
    /// - Parameter endpoint: Only mails about this endpoint; all when `nil`.
    /// - Returns: The mails, with the recipients that they have now.
    public func retryMails(endpoint: String? = nil) async throws(OutboxError) -> [QueuedMail] {
        try await calls.run { [self] in try retryMails(endpoint: endpoint) }
    }

    /// Deletes events whose deliveries all ended before a time, with their deliveries and attempts, and then endpoints that were removed
    /// before that time and have no delivery left. An id that was pruned is no longer known: the same id emitted again is a new event.
    public func prune(settledBefore cutoff: Timestamp) async throws(OutboxError) -> PruneReport {
        try await calls.run { [self] in try prune(settledBefore: cutoff) }
    }

    /// The same of what a policy does not keep any more, as an engine with ``EngineConfiguration/retention`` does now and then.
    public func prune(_ policy: RetentionPolicy) async throws(OutboxError) -> PruneReport {
        try await calls.run { [self] in try prune(Retention(policy, at: clock.now())) }
    }

    /// Seals the credentials and fixed headers of all endpoints again with this outbox's key: all of them in one transaction, or none.
    /// So a key is changed: open the outbox with the new one, `replacing` the old, and call this while no engine runs.
    /// - Returns: How many endpoints there were.
    public func reseal() async throws(OutboxError) -> Int {
        try await calls.run { [self] in try sealAnew() }
    }

    /// What SQLite's check of the whole file says; empty when all is well.
    public func integrityProblems() async throws(OutboxError) -> [String] {
        try await calls.run { [self] in try integrityProblems() }
    }
}
