import PosthornModel
import PosthornStore
import PosthornSending
import PosthornText

extension EngineCore {
    /// Looks after throttled endpoints, so that the reading comes back for what waits for them.
    func lookAtThrottles(_ now: Timestamp) {
        if throttles.isEmpty && !throttles.hasNext { return }
        guard throttles.hasTurn(isReadingAgain: dispatch.isReadingAgain, hasCapacity: { dispatch.hasCapacity($0) }) else { return }
        guard let endpoint = throttles.next(at: now, waits: { dispatch.waits($0) }) else { return }
        dispatch.hasRoom(endpoint)
    }

    /// Whether a throttled endpoint waits for the next turn alone.
    var hasNextThrottled: Bool { throttles.hasNext && !dispatch.isReadingAgain }

    /// Notes what a receiver's answer says of the receiver itself. One at an address that the endpoint has left says nothing of the one that it has.
    func noteThrottle(_ result: SendResult, ofEndpoint endpoint: Int) {
        let saysSomething =
            result.outcome.succeeded
            ? throttles.until(endpoint) != nil : configuration.honoursRetryAfter && result.outcome.retryAfterMilliseconds != nil
        guard saysSomething, directory[endpoint].stored.isCalled(at: result.job.target.url) else { return }
        if result.outcome.succeeded { return throttles.succeeded(endpoint, result.outcome) }
        if throttles.refused(endpoint, result.outcome) { pool.recall(keys: [directory[endpoint].stored.key]) }
    }

    /// How long a probe that failed is followed by none at least.
    var probePause: Int64 { Transition.scaled(HealthPolicy.firstPauseMilliseconds, configuration.speed) }

    /// Leaves endpoints alone for whom too many attempts have failed.
    func suspend(_ suspensions: [HealthDuty.Suspension]) {
        for suspension in suspensions {
            guard let endpoint = directory.index(ofEndpoint: suspension.endpoint) else { continue }
            let isNews = throttles.suspend(
                endpoint,
                milliseconds: suspension.milliseconds,
                started: suspension.started,
                ended: suspension.ended
            )
            if isNews { pool.recall(keys: [suspension.endpoint]) }
        }
    }

    /// Writes down until when endpoints are left alone, for lists and for an engine after this one.
    func writeThrottles(to store: any EngineJournal) throws(OutboxProblem) {
        for endpoint in throttles.news {
            try store.write(throttledUntil: throttles.until(endpoint), ofEndpoint: directory[endpoint].stored.key)
        }
    }

    /// Lets those go out again whose throttle a change of the hierarchy has lifted: the outbox has it no more.
    func dropLiftedThrottles(_ store: any EngineJournal) throws(OutboxProblem) {
        if throttles.isEmpty { return }
        let written = try store.throttles(after: Timestamp(milliseconds: .min))
        // One that was removed may have lost its index already.
        let lifted = throttles.forgetLifted { index in
            directory.entry(at: index).map { written[$0.stored.key] != nil } ?? false
        }
        for endpoint in lifted { dispatch.hasRoom(endpoint) }
    }

    /// Takes over what an engine before this one was asked for, of the shards that this one delivers now.
    func restoreThrottles(from store: any EngineJournal, at now: Timestamp) throws(OutboxProblem) {
        if throttles.unread.isEmpty { return }
        let written = configuration.honoursRetryAfter ? try store.throttles(after: now) : [:]
        defer { throttles.hasRead() }
        for (key, until) in written where throttles.unread.containsEndpoint(key) {
            if let endpoint = directory.index(ofEndpoint: key) { throttles.restore(endpoint, until: until) }
        }
    }
}
