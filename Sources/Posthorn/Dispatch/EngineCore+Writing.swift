import PosthornModel
import PosthornText
import PosthornStore
import PosthornSending
import PosthornSystem
import Synchronization

extension EngineCore {
    func write(to store: any OutboxStore) throws(OutboxProblem) {
        checkThread()
        let now = clock.now()
        inbox.withLock { inbox in
            if recording.isEmpty { swap(&recording, &inbox.results) } else { recording += inbox.results }
            inbox.results.removeAll(keepingCapacity: true)
            inbox.count = 0
        }
        // Under the write lock, so that what is fanned out and recorded follows the topology that is in force.
        _ = try directory.refresh(from: store, at: now)
        try noticeTopology(store)
        try followLease(store)
        if !dispatch.abandoned.isEmpty { dropAbandonedResults() }
        finishResults()
        ownEvents.begin()
        try recordAll(in: store, at: now)
        let turn = EngineTurn(now: now, inFlight: max(0, dispatch.claims.count - recorded.count), storageFailed: storageFailed)
        for duty in duties { try duty.write(turn, to: store) }
        if health.hasQueuedMail { hasMail = true }
        if held.hasReleased || redating.hasRedated, try noticeWorkByHand(store) { hasMail = true }
        if !throttles.news.isEmpty { try writeThrottles(to: store) }
        let quiet = quietShards
        if !quiet.isEmpty { try store.release(quiet) }
    }

    private func recordAll(in store: any OutboxStore, at now: Timestamp) throws(OutboxProblem) {
        // Out of the object for as long as it lasts: every access to an object's array is checked and counted.
        let batches = recording
        var records = recorded
        recording = []
        recorded = []
        defer {
            recording = batches
            recorded = records
        }
        records.removeAll(keepingCapacity: true)
        var hasExhausted = false
        var failed: [Int64] = []
        for batch in batches.indices {
            for position in batches[batch].indices {
                if !batches[batch][position].outcome.succeeded { failed.append(batches[batch][position].job.id) }
            }
        }
        // From the rows: somebody may have given one a new round while its request was on the wire.
        let rounds = failed.isEmpty ? [:] : try store.rounds(of: failed)
        for batch in batches.indices {
            for position in batches[batch].indices {
                records.append(record(of: batches[batch][position], rounds))
                if records[records.count - 1].transition.state == .exhausted { hasExhausted = true }
            }
        }
        gone.removeAll()
        let unmoved = try store.record(records)
        if !unmoved.isEmpty { note(unmoved, batches, &records) }
        if !dispatch.lanes.isIdle { try leaveLanes(store, batches, records) }
        if hasExhausted {
            for (result, record) in zip(batches.joined(), records) where record.transition.state == .exhausted {
                try notify(result, in: store, at: now)
            }
        }
    }

    /// Makes of results what is to be recorded, and notes what they say of their endpoints: once for each, however often its commit is tried.
    private func finishResults() {
        // Out of the object, as when they are recorded.
        var batches = recording
        recording = []
        for batch in batches.indices.dropFirst(finishedBatches) {
            for position in batches[batch].indices { finish(&batches[batch][position]) }
        }
        recording = batches
        finishedBatches = recording.count
    }

    private func finish(_ result: inout SendResult) {
        let claim = dispatch.claims[result.job.id]
        let entry = claim.map { directory[$0.endpoint] }
        if let outcomeOverride = configuration.outcomeOverride {
            result = SendResult(job: result.job, outcome: outcomeOverride(result.job, result.outcome))
        }
        // A receiver that echoes what it got would put secrets into the outbox and into logs.
        if let redactor = entry?.redactor, redactor.mayFindSomething(in: result.outcome) {
            result = SendResult(job: result.job, outcome: redactor.redacted(result.outcome))
        }
        if let claim { noteThrottle(result, ofEndpoint: claim.endpoint) }
        if let claim { heartbeat.saw(result.outcome, ofEndpoint: claim.endpoint) }
    }

    private func record(of result: borrowing SendResult, _ rounds: [Int64: DeliveryRound]) -> AttemptRecord {
        let round = result.outcome.succeeded ? DeliveryRound() : rounds[result.job.id] ?? DeliveryRound()
        let entry = result.outcome.succeeded ? nil : dispatch.claims[result.job.id].map { directory[$0.endpoint] }
        return AttemptRecord(
            delivery: result.job.id,
            number: result.job.attempt,
            outcome: result.outcome,
            transition: transition(after: result, round, entry)
        )
    }

    /// What was cancelled while its request was on the wire stays so, whatever was planned for it.
    private func note(_ unmoved: RecordConflicts, _ batches: [[SendResult]], _ records: inout [AttemptRecord]) {
        for (position, result) in batches.joined().enumerated() {
            let isGone = unmoved.gone.contains(result.job.id)
            if !isGone && !unmoved.cancelled.contains(result.job.id) { continue }
            let record = records[position]
            records[position] = AttemptRecord(
                delivery: record.delivery,
                number: record.number,
                outcome: record.outcome,
                transition: Transition(state: .cancelled, attempts: record.number, nextAttemptAt: nil)
            )
            if isGone {
                let endpoint = dispatch.claims[result.job.id].map { directory[$0.endpoint].stored.settings.id }
                gone.append(OrphanedResult(result, endpoint: endpoint ?? ""))
            }
        }
    }

    private func transition(
        after result: borrowing SendResult,
        _ round: DeliveryRound,
        _ entry: EndpointDirectory.Entry?
    ) -> Transition {
        Transition.after(
            attempt: result.job.attempt,
            round: round,
            started: result.outcome.started,
            ended: result.outcome.started.advanced(byMilliseconds: result.outcome.durationMicroseconds / 1000),
            succeeded: result.outcome.succeeded,
            // What an endpoint that cannot be used at present could not build, it may build when that is mended.
            isFinal: result.outcome.error?.isFinal == true && entry?.fault == nil,
            retryAfterMilliseconds: configuration.honoursRetryAfter ? result.outcome.retryAfterMilliseconds : nil,
            schedule: entry?.retry ?? .standard,
            speed: configuration.speed,
            endpointIsActive: entry?.isActive ?? true
        )
    }
}
