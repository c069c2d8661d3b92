import PosthornModel
import PosthornStore
import PosthornText

/// Writes down how fast an engine works, for `status`.
final class HeartbeatDuty: EngineDuty {
    // `unchecked` as in ``EngineCore``: noted into for every answer, by one thread alone.
    @exclusivity(unchecked) private var meter = HeartbeatMeter()

    /// A receiver has answered, and may have said its time.
    func saw(_ outcome: AttemptOutcome, ofEndpoint endpoint: Int) {
        if outcome.receiverDate != nil { meter.saw(outcome, ofEndpoint: endpoint) }
    }

    func write(_ turn: EngineTurn, to store: any OutboxStore) throws(OutboxProblem) {
        // After a failure there is always something to write, so that a commit shows whether the disk takes it.
        let isForced = turn.storageFailed || meter.hasNews
        if let reading = meter.reading(at: turn.now, inFlight: turn.inFlight, isForced: isForced) { try store.write(pulse: reading) }
    }

    func committed(_ results: CommittedResults) { meter.count(attempts: results.count, delivered: results.delivered) }

    func forget(_ endpoint: Int) { meter.forget(endpoint) }
}
