public import PosthornModel
public import PosthornText
public import PosthornStore
public import PosthornSending

/// What an engine reports while it runs, for logs.
public enum EngineEvent: Sendable {
    /// Another engine owns the outbox; this one waits for its end.
    case standingBy(owner: Int32?)
    /// This engine owns the outbox and delivers.
    case started
    /// The hierarchy or its endpoints have changed and were read again.
    case topologyRead(endpoints: Int)
    /// An attempt failed and another one follows, or none does.
    case attemptFailed(DeliveryUpdate)
    /// A delivery was cancelled and pruned while its request was on the wire; its result is nowhere but here.
    case deliveryGone(OrphanedResult)
    /// A mail about exhausted deliveries was handed to the mail server, or was not.
    case mail(MailUpdate)
    /// An endpoint has proved itself; its deliveries go out.
    case endpointVerified(endpoint: String)
    /// An endpoint has not proved itself; its deliveries stay held. It is asked again, unless something changed meanwhile.
    case endpointNotVerified(endpoint: String, reason: String, nextTryAt: Timestamp?)
    /// An endpoint cannot be used as it is stored; its deliveries wait until that is mended, all others go on.
    case endpointBroken(endpoint: String, reason: String)
    /// An endpoint can be used again.
    case endpointMended(endpoint: String)
    /// So many attempts of an endpoint have failed in a row that it counts as failing.
    case endpointFailing(endpoint: String, EndpointHealth)
    /// So many have failed that what is due for it waits, without using attempts, but for one probe now and then.
    case endpointSuspended(endpoint: String, EndpointHealth)
    /// A request to a failing or suspended endpoint has succeeded; what waits for it goes out at a growing rate.
    case endpointRecovered(endpoint: String)
    /// No attempt to an endpoint has succeeded for so much of the time after which it is disabled, in percent, and it is at this time.
    case endpointDisabling(endpoint: String, percent: Int, at: Timestamp)
    /// An endpoint is disabled, since no attempt has succeeded for too long, or its receiver says that it is gone; its deliveries are held
    /// until an operator enables it.
    case endpointDisabled(endpoint: String, EndpointHealth)
    /// A delivery of an endpoint with an order is exhausted, and what is behind it waits until an operator retries, skips or cancels it.
    case laneStopped(endpoint: String, delivery: Int64)
    /// The process has no descriptor for another connection: what is due waits, without an attempt being counted.
    case descriptorsUsedUp
    /// There are descriptors again.
    case descriptorsRecovered
    /// This machine or its network has a fault: deliveries that meet it wait, without an attempt being counted, and are tried again
    /// now and then until it is mended.
    case machineFault(MachineFault, detail: String)
    /// The fault is mended.
    case machineFaultOver(MachineFault)
    /// Somebody reads an old state of the outbox and has not ended yet, so the write-ahead log cannot be emptied and grows.
    case logHeldBack(bytes: Int)
    /// The write-ahead log can be emptied again.
    case logReleased
    /// The outbox cannot be written; sending stops until it can, and results are kept.
    case storageFailed(OutboxFailure)
    /// The outbox can be written again.
    case storageRecovered
    /// What is due cannot be read, because the outbox is damaged; it is tried again after ever longer pauses, a minute at most. What
    /// was read before goes out.
    case claimFailed(OutboxFailure)
    /// What is due can be read again.
    case claimRecovered
    /// This delivery waits, and its event or the endpoint's revision that it points to is not there or cannot be read. Told of
    /// the first one.
    case strayDelivery(Int64)
    /// The outbox's file, a companion of it or the lock file was removed or replaced, or a newer program has changed the schema of a
    /// database; the engine ends with that problem, one that stands by too.
    case ownershipLost(OutboxFailure)
    /// So many shards of endpoints were taken away without being asked back: other engines took this one for dead, or the server of the
    /// outbox may lack the last commits. What was under way of theirs is not recorded here, and may go out again.
    case shardsLost(count: Int)
    /// Work beside the deliveries cannot read or write the outbox; it is tried again once a second. Deliveries go on.
    case workFailed(EngineWork, OutboxFailure)
    /// It can again.
    case workRecovered(EngineWork)
    /// What need not be kept any more was deleted.
    case pruned(PruneReport)
    /// It could not be, or not all of it; it is tried again in ten minutes.
    case pruneFailed(OutboxFailure)
    /// No new requests; those on the wire end.
    case draining
    /// The drain has lasted as long as it may: so many requests were cut off. They go out again with the next engine.
    case drainCut(requests: Int)
    /// The listener is too slow: so many events, failed attempts and mails first, were left out here. The outbox has all that
    /// was recorded.
    case eventsDropped(count: Int)
    /// Everything is recorded.
    case stopped

    /// Whether it may come any number of times, so that a slow listener misses it before it misses others.
    var isFrequent: Bool {
        switch self {
        case .attemptFailed, .deliveryGone, .mail, .endpointNotVerified, .endpointVerified, .endpointBroken, .endpointMended,
            .endpointFailing, .endpointSuspended, .endpointRecovered, .endpointDisabling, .endpointDisabled, .laneStopped:
            true
        default: false
        }
    }

    /// A failure of the outbox in words.
    public struct OutboxFailure: Sendable {
        /// Fit for a label.
        public let code: String
        /// For people.
        public let message: String
        /// What to do about it, where the words depend on how Posthorn is used.
        public let remedy: Remedy?

        init(_ problem: OutboxProblem) {
            code = problem.code.rawValue
            message = problem.message
            remedy = problem.remedy
        }
    }
}
