public import PosthornModel
public import PosthornText

/// An event that a platform hands in.
public struct NewEvent: Sendable {
    /// The idempotency key; `nil` to have one made. The same id again is accepted and changes nothing.
    public var id: String?
    /// What happened, such as `MEETING_CREATED`.
    public var type: String
    /// The id of the hierarchy's node where it happened.
    public var node: String
    /// When it happened; `nil` for now.
    public var created: Timestamp?
    /// One JSON object as UTF-8. Receivers get these very bytes.
    public var data: [UInt8]
    /// The trace that it belongs to, as the header `traceparent` of W3C Trace Context has it
    /// (`00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`); that header goes out with every request of the event, unless the
    /// endpoint has one of its own. The same event again may have another.
    public var traceparent: String?
    /// What goes out with every request of the event as further headers, in this order, such as
    /// `EventHeader(name: "x-tenant", value: "acme")`: at most 16, with 4096 bytes of names and values together.
    ///
    /// A header that the endpoint has one of that name for already, fixed or of its signature, is left out for that endpoint. What HTTP,
    /// proxies, vendors' signatures or Posthorn write is refused (``InputProblem/Code/notAllowed``), and so is `authorization`, which is the
    /// endpoint's. They are a part of the event: the same id with other headers is another event.
    public var headers: [EventHeader]

    /// An event from JSON text.
    public init(
        id: String? = nil,
        type: String,
        node: String,
        created: Timestamp? = nil,
        data: String,
        traceparent: String? = nil,
        headers: [EventHeader] = []
    ) {
        self.init(
            id: id,
            type: type,
            node: node,
            created: created,
            data: Array(data.utf8),
            traceparent: traceparent,
            headers: headers
        )
    }

    /// An event from JSON as UTF-8.
    public init(
        id: String? = nil,
        type: String,
        node: String,
        created: Timestamp? = nil,
        data: [UInt8],
        traceparent: String? = nil,
        headers: [EventHeader] = []
    ) {
        self.id = id
        self.type = type
        self.node = node
        self.created = created
        self.data = data
        self.traceparent = traceparent
        self.headers = headers
    }

    /// An event from a line of `posthorn emit`.
    public init(_ line: EventLine) {
        self.init(
            id: line.id,
            type: line.type,
            node: line.node,
            created: line.created,
            data: line.data,
            traceparent: line.traceparent,
            headers: line.headers
        )
    }
}
