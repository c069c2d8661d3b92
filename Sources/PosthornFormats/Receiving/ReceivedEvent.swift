import PosthornText

/// What a receiver finds in a request: the parts of the event that its envelope carries.
public struct ReceivedEvent: Equatable, Sendable {
    /// The event's id: weseedo's, or the header `webhook-id`.
    public var id: String?
    /// The event's type; `nil` in a GET and in the raw envelope.
    public var type: String?
    /// The attempt's number, which only weseedo sends.
    public var attempt: Int?
    /// When it happened, as it was written.
    public var created: String?
    /// The producer's data, byte for byte. diio and webio bodies are the data itself with the type in it.
    public var data: [UInt8] = []
}
