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
