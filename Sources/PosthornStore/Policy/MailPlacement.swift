public import PosthornModel
public import PosthornText

/// Which mail reports an exhausted delivery.
public enum MailPlacement: Sendable, Hashable {
    /// One that still collects.
    case existing(Int64)
    /// A new one, due at a time.
    case new(due: Timestamp)
}

extension ExhaustedNotice {
    /// Whether it is to be reported: not when the delivery is not exhausted any more (it was cancelled meanwhile), and not when the
    /// same round of attempts was reported before, so that a failed retry by hand makes no second mail.
    /// - Parameter last: The newest attempt of the delivery that a mail reports as its last; `nil` when none does.
    public func isNews(in state: DeliveryState, lastReported last: Int?) -> Bool {
        state == .exhausted && last.map { $0 <= attempt - roundAttempts } ?? true
    }

    /// Decides which mail reports it: those of one endpoint for one recipient share a mail until that is taken for sending, and the
    /// next one is due a while after that.
    /// - Parameter spacingMilliseconds: How long after a mail was closed the next one is due.
    public func placement(after last: LatestMail?, spacingMilliseconds: Int64) -> MailPlacement {
        guard let last else { return .new(due: at) }
        guard let closed = last.closed else { return .existing(last.key) }
        // A clock that was put back must not put the mail off for longer than the spacing.
        return .new(due: max(at, min(closed, at).advanced(byMilliseconds: spacingMilliseconds)))
    }
}

extension NotificationRows {
    /// Queues word of an exhausted delivery, inside the transaction that recorded its last attempt.
    ///
    /// - Parameters:
    ///   - exhaustion: What happened.
    ///   - spacingMilliseconds: How long after a mail was closed the next one for the same endpoint and recipient is due.
    public func notify(_ exhaustion: ExhaustedNotice, spacingMilliseconds: Int64) throws(OutboxProblem) -> Notified {
        guard let (state, last) = try lastReport(ofDelivery: exhaustion.delivery), exhaustion.isNews(in: state, lastReported: last) else {
            return .notNeeded
        }
        guard let recipient = exhaustion.recipient else {
            try countWithoutContact()
            return .nobody
        }
        let latest = try latestMail(aboutEndpoint: exhaustion.endpoint, to: recipient)
        let mail: Int64
        switch exhaustion.placement(after: latest, spacingMilliseconds: spacingMilliseconds) {
        case .existing(let key): mail = key
        case .new(let due): mail = try addMail(aboutEndpoint: exhaustion.endpoint, to: recipient, at: exhaustion.at, due: due)
        }
        try addNotification(ofDelivery: exhaustion.delivery, attempt: exhaustion.attempt, to: mail, at: exhaustion.at)
        return .queued
    }
}
