import PosthornModel
import PosthornText
import PosthornStore
import PosthornSending
import PosthornSystem

extension EngineCore {
    /// Queues word of an exhausted delivery, as a mail and as an event, in the transaction that records its last attempt.
    func notify(_ result: SendResult, in store: any OutboxStore, at now: Timestamp) throws(OutboxProblem) {
        guard let claim = dispatch.claims[result.job.id] else { return }
        let stored = directory[claim.endpoint].stored
        let exhaustion = ExhaustedNotice(
            delivery: result.job.id,
            attempt: result.job.attempt,
            roundAttempts: stored.settings.retry.attempts,
            endpoint: stored.key,
            recipient: directory.notificationEmail(for: stored.settings.node),
            at: now
        )
        let spacing = Transition.scaled(MailSchedule.spacingMilliseconds, configuration.speed)
        if try store.notify(exhaustion, spacingMilliseconds: spacing) == .queued { hasMail = true }
        let (job, outcome) = (result.job, result.outcome)
        try ownEvents.add(exhausted: job.id, attempt: job.attempt, outcome, of: job.event.event, at: stored, store, at: now)
    }
}
