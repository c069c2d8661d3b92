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
        let results = inbox.withLock { inbox in
            let taken = inbox.results
            inbox.results = []
            return taken
        }
        if recording.isEmpty { recording = results } else { recording += results }
        // Under the write lock, so that what is fanned out and recorded follows the topology that is in force.
        _ = try directory.refresh(from: store, at: now)
        noticeTopology()
        recorded.removeAll(keepingCapacity: true)
        for i in recording.indices {
            redact(&recording[i])
            let transition = transition(after: recording[i])
            try store.record(
                AttemptRecord(
                    delivery: recording[i].job.id,
                    number: recording[i].job.attempt,
                    outcome: recording[i].outcome,
                    transition: transition
                )
            )
            if transition.state == .exhausted { try notify(recording[i], in: store, at: now) }
            recorded.append(transition)
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

    /// A receiver that echoes what it got would put secrets into the outbox and into logs.
    private func redact(_ result: inout SendResult) {
        if result.outcome.response.isEmpty && result.outcome.errorText.isEmpty { return }
        guard let claim = claims[result.job.id], let redactor = directory.entries[claim.endpoint].redactor else { return }
        result = SendResult(job: result.job, outcome: redactor.redacted(result.outcome))
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
            schedule: entry?.retry ?? .standard,
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
