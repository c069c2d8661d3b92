package import PosthornFormats
import PosthornModel
public import PosthornText

/// How a receiver behaves.
public struct ReceiverConfiguration: Sendable {
    /// Where it looks for an event's id and type.
    public var identity = IdentityRule.any
    /// What it does wrong.
    public var misbehaviour = Misbehaviour()
    /// What a bad signature is answered; `nil` to let it pass as if it were good.
    public var badSignatureStatus: Int? = 401
    /// The values that Webio may ask for, by field name.
    public var values: [String: JSONValue] = [:]
    /// The vendor's questions to a new URL that it answers, where a file describes them.
    package var handshakes: [VendorHandshake] = []
    /// What it is at each of several paths; empty for one that is the same at each. Other paths are answered 404 then.
    package var hooks: [String: ReceiverHook] = [:]
    /// Rules by path, type, attempt, time and chance, which go before ``misbehaviour``.
    package var rules: BehaviourRules?
    /// A recording whose answers are given again.
    package var recording: RecordedAnswers?
    /// What passes on to another receiver what this one takes.
    package var relay: Relay?
    /// When it started, from which rules count.
    package var began = Timestamp(milliseconds: 0)
    /// How many events are remembered to recognise duplicates.
    public var memoryLimit = 100_000

    /// A receiver that behaves and knows no values.
    public init() {}
}
