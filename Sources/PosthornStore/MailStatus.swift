public import PosthornText

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
