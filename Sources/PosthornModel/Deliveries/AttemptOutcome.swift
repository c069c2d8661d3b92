public import PosthornText

/// The result of one attempt, as the sender saw it.
public struct AttemptOutcome: Hashable, Sendable {
    /// When the request was started.
    public var started: Timestamp
    /// From the start to the end of the answer, or to the failure.
    public var durationMicroseconds: Int64
    /// The status of the answer, when its header was whole.
    public var status: Int?
    /// Why it failed; `nil` for a success.
    public var error: AttemptError?
    /// The detail for an operator; never a secret. Empty for a success.
    public var errorText: String
    /// The start of the answer's body, at most ``excerptLimitBytes``.
    public var response: [UInt8]
    /// The address that was reached, as `192.0.2.1:443` or `[2001:db8::1]:443`; empty when none was.
    public var address: String
    /// How long the receiver asked us to wait (Retry-After), when it did.
    public var retryAfterMilliseconds: Int64?
    /// The `Date` of the answer, when it was the first on its connection; the others would say the same.
    public var receiverDate: Timestamp?

    /// How much of an answer is kept: the first KiB.
    public static let excerptLimitBytes = 1024

    /// Whether the receiver took the event: an answer of exactly 200, or of another status that the endpoint's vendor file takes for a
    /// success. Any other answer is an error.
    public var succeeded: Bool { error == nil && status != nil }

    /// Creates an outcome.
    public init(
        started: Timestamp,
        durationMicroseconds: Int64,
        status: Int? = nil,
        error: AttemptError? = nil,
        errorText: String = "",
        response: [UInt8] = [],
        address: String = "",
        retryAfterMilliseconds: Int64? = nil,
        receiverDate: Timestamp? = nil
    ) {
        self.started = started
        self.durationMicroseconds = durationMicroseconds
        self.status = status
        self.error = error
        self.errorText = errorText
        self.response = response
        self.address = address
        self.retryAfterMilliseconds = retryAfterMilliseconds
        self.receiverDate = receiverDate
    }
}
