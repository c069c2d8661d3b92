import PosthornModel
import PosthornOutbox
import PosthornSending
import PosthornSystem
import Synchronization

extension EngineCore {
    /// Events that one transaction fans out.
    private static let arrivalsPerTransaction = 1000
    /// Deliveries that one transaction moves between held and pending.
    private static let movesPerTransaction = 5000

    func write(to store: any OutboxStore) throws(OutboxProblem) {
        let now = clock.now()
        recording += inbox.withLock { inbox in
            defer { inbox.results = [] }
            return inbox.results
        }
        // Under the write lock, so that what is fanned out and recorded follows the topology that is in force.
        _ = try directory.refresh(from: store, at: now)
        noticeTopology()
        recorded.removeAll(keepingCapacity: true)
        for result in recording {
            let transition = transition(after: result)
            try store.record(
                AttemptRecord(
                    delivery: result.job.id,
                    number: result.job.attempt,
                    outcome: result.outcome,
                    transition: transition
                )
            )
            if transition.state == .exhausted { try notify(result, in: store, at: now) }
            recorded.append((result, transition))
        }
        if mayHaveArrivals { try fanOut(store, now) }
        if !toHold.isEmpty { try store.hold(toHold) }
        if mayHaveHeld {
            mayHaveHeld = try store.releaseActive(limit: Self.movesPerTransaction, at: now) == Self.movesPerTransaction
            let generation = try store.queueGeneration()
            if generation != queueGeneration { startOver(generation) }
        }
        if let reading = pulse.reading(at: now, inFlight: claims.count) { try store.write(reading) }
    }

    private func transition(after result: SendResult) -> Transition {
        let job = result.job
        let claim = claims[job.id]
        let entry = claim.map { directory.entries[$0.endpoint] }
        let outcome = result.outcome
        return Transition.after(
            attempt: job.attempt,
            roundBase: claim?.roundBase ?? 0,
            started: outcome.started,
            ended: outcome.started.advanced(byMilliseconds: outcome.durationMicroseconds / 1000),
            succeeded: outcome.succeeded,
            retryAfterMilliseconds: outcome.retryAfterMilliseconds,
            schedule: entry?.stored.settings.retry ?? .standard,
            speed: configuration.speed,
            endpointIsActive: entry?.isActive ?? true
        )
    }

    private func fanOut(_ store: any OutboxStore, _ now: Timestamp) throws(OutboxProblem) {
        let arrivals = try store.arrivals(limit: Self.arrivalsPerTransaction)
        try ArrivalFanOut.fanOut(arrivals, using: directory, in: store, at: now)
        mayHaveArrivals = !arrivals.isEmpty
    }
}

/// Gives events that were inserted by SQL their deliveries. `apply` does it too, so that what was accepted before a change
/// of the hierarchy goes where it was to go then.
enum ArrivalFanOut {
    static func fanOut(
        _ arrivals: [Arrival],
        using directory: EndpointDirectory,
        in store: any OutboxStore,
        at now: Timestamp
    ) throws(OutboxProblem) {
        for arrival in arrivals {
            // The event is accepted already, so a format that cannot carry it shows as a failed attempt, not here. A node
            // that has been removed since has no endpoints left.
            let recipients = (try? directory.recipients(of: arrival.event, checking: false)) ?? []
            try store.fanOut(arrival.seq, to: recipients, at: now)
        }
    }
}
