import Synchronization

/// The promise of an answer: a handler may return at once and answer later, from any thread, while the server's threads
/// serve other connections.
///
/// The first answer counts. One that is dropped without an answer sends 500, so that no client waits for ever.
public final class HTTPResponder: Sendable {
    private let id: ExchangeID
    private let link: LoopLink
    private let streamBufferLimitBytes: Int
    private let answered = Atomic(false)

    init(_ id: ExchangeID, _ link: LoopLink, streamBufferLimitBytes: Int) {
        self.id = id
        self.link = link
        self.streamBufferLimitBytes = streamBufferLimitBytes
    }

    deinit {
        var response = HTTPResponse.text("the request was not answered\n", status: 500)
        response.closesConnection = true
        respond(response)
    }

    /// Sends the answer. A second one is ignored.
    public func respond(_ response: HTTPResponse) {
        if answered.exchange(true, ordering: .relaxed) { return }
        link.post(.respond(id, response))
    }

    /// Begins an answer whose body is written bit by bit.
    /// - Parameters:
    ///   - response: Status and fields, and the beginning of the body.
    ///   - isEndless: Whether it has no end of its own, as streams of events have none: it ends when the server stops, or when the
    ///     client ends its side.
    /// - Returns: Where to write, or `nil` when an answer was given already.
    public func stream(_ response: HTTPResponse, isEndless: Bool = false) -> HTTPResponseStream? {
        if answered.exchange(true, ordering: .relaxed) { return nil }
        let state = StreamState(limit: streamBufferLimitBytes, isEndless: isEndless)
        link.post(.begin(id, response, state))
        return HTTPResponseStream(id, link, state)
    }

    /// Lets more of a streamed body come, after ``HTTPBodyConsumer/received(_:)`` has said that it wants no more.
    public func resumeBody() { link.post(.resumeBody(id)) }

    /// Calls `action` once the client has ended the connection or its side of it, on one of the server's threads: at once when
    /// the request is over. A client that has only ended its side still gets an answer that comes soon.
    public func whenClientIsGone(_ action: @escaping @Sendable () -> Void) { link.post(.watch(id, action)) }
}
