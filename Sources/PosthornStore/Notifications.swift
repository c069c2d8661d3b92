public import PosthornModel
public import PosthornText

/// A delivery that has just used up its last attempt.
public struct ExhaustedNotice: Sendable, Hashable {
    /// The delivery.
    public let delivery: Int64
    /// The number of its last attempt.
    public let attempt: Int
    /// How many attempts a round has; a notification that is younger than a round is not repeated.
    public let roundAttempts: Int
    /// The endpoint's number.
    public let endpoint: Int64
    /// Who is told; `nil` when no node has a contact.
    public let recipient: String?
    /// When.
    public let at: Timestamp

    /// Creates an exhaustion.
    public init(delivery: Int64, attempt: Int, roundAttempts: Int, endpoint: Int64, recipient: String?, at: Timestamp) {
        self.delivery = delivery
        self.attempt = attempt
        self.roundAttempts = roundAttempts
        self.endpoint = endpoint
        self.recipient = recipient
        self.at = at
    }
}

/// What became of word of an exhausted delivery.
public enum Notified: Sendable, Equatable {
    /// It stands in a mail.
    case queued
    /// There is nobody to tell, which was counted.
    case nobody
    /// This round was told before, or the delivery is not exhausted.
    case notNeeded
}

/// The states of a mail. These words stand in the outbox and in lists.
public enum MailState: String, CaseIterable, Sendable {
    /// Collects, or waits for its next attempt.
    case waiting
    /// The server has taken it.
    case sent
    /// The server refused it for good, or it was tried for too long.
    case refused
}

/// A mail in the queue.
public struct QueuedMail: Sendable, Hashable {
    /// The outbox's number for it.
    public let key: Int64
    /// What stands before the `@` of its message id.
    public let id: String
    /// The endpoint's id.
    public let endpoint: String
    /// Who gets it.
    public let recipient: String
    /// Its state.
    public let state: MailState
    /// When it was taken for sending first; `nil` while it collects.
    public let closed: Timestamp?
    /// Attempts made so far.
    public let attempts: Int
    /// When the next attempt is due; `nil` unless it waits.
    public let nextAttemptAt: Timestamp?
    /// What the server said last.
    public let answer: String?

    /// Creates a mail.
    public init(
        key: Int64,
        id: String,
        endpoint: String,
        recipient: String,
        state: MailState,
        closed: Timestamp?,
        attempts: Int,
        nextAttemptAt: Timestamp?,
        answer: String?
    ) {
        self.key = key
        self.id = id
        self.endpoint = endpoint
        self.recipient = recipient
        self.state = state
        self.closed = closed
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.answer = answer
    }
}

/// What a mail is about.
public struct MailContents: Sendable, Equatable {
    /// The endpoint's id.
    public let endpoint: String
    /// The endpoint's node.
    public let node: String
    /// How many deliveries there are in all.
    public let count: Int
    /// When the oldest of their events happened.
    public let oldestEvent: Timestamp
    /// The first ones, in the order in which they were exhausted.
    public let deliveries: [ExhaustedDelivery]

    /// Contents by their parts.
    public init(endpoint: String, node: String, count: Int, oldestEvent: Timestamp, deliveries: [ExhaustedDelivery]) {
        self.endpoint = endpoint
        self.node = node
        self.count = count
        self.oldestEvent = oldestEvent
        self.deliveries = deliveries
    }
}

/// An exhausted delivery with all that was tried.
public struct ExhaustedDelivery: Sendable, Equatable {
    /// Its number.
    public let id: Int64
    /// The event's id.
    public let event: String
    /// The event's type.
    public let type: String
    /// The event's node.
    public let node: String
    /// When the event happened.
    public let created: Timestamp
    /// When the delivery was exhausted.
    public let exhaustedAt: Timestamp
    /// Where its requests went.
    public let url: String
    /// Every attempt up to the one that exhausted it.
    public var attempts: [Attempt]

    /// Creates a delivery.
    public init(
        id: Int64,
        event: String,
        type: String,
        node: String,
        created: Timestamp,
        exhaustedAt: Timestamp,
        url: String,
        attempts: [Attempt]
    ) {
        self.id = id
        self.event = event
        self.type = type
        self.node = node
        self.created = created
        self.exhaustedAt = exhaustedAt
        self.url = url
        self.attempts = attempts
    }
}

/// The result of sending a mail.
public struct MailAttempt: Sendable, Hashable {
    /// The mail.
    public let mail: Int64
    /// Its state from now on.
    public let state: MailState
    /// When the next attempt is due; `nil` unless it waits.
    public let nextAttemptAt: Timestamp?
    /// What the server said; `nil` when it took the mail.
    public let answer: String?

    /// Creates a result.
    public init(mail: Int64, state: MailState, nextAttemptAt: Timestamp?, answer: String?) {
        self.mail = mail
        self.state = state
        self.nextAttemptAt = nextAttemptAt
        self.answer = answer
    }
}

/// Counts of mails.
public struct MailStatus: Sendable, Hashable {
    /// Mails by state.
    public var counts: [MailState: Int64] = [:]
    /// When the first waiting one is due.
    public var next: Timestamp?
    /// When the oldest one that waits and was never tried was due first.
    public var oldestUntried: Timestamp?
    /// What was last said about a mail that still waits.
    public var answer: String?
    /// The newest refused one.
    public var refused: QueuedMail?
    /// How many times a delivery was exhausted and there was no contact, since the outbox was made: one that is retried and
    /// exhausted again counts again.
    public var withoutContact: Int64 = 0
    /// Whether the engine that runs has a mail server; `nil` when none runs, or it has not said so.
    public var isServed: Bool?

    /// No mails.
    public init() {}
}
