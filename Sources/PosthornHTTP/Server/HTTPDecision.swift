/// What is to become of a request, decided when its head is there and before a byte of its body.
public enum HTTPDecision: Sendable {
    /// It is answered at once, and its body is not wanted. The place for a wrong key, an unknown path, a length too great.
    case answer(HTTPResponse)
    /// The body is gathered up to this many bytes, and the request handed over whole.
    case collect(limitBytes: Int, HTTPHandler)
    /// The body is taken as it comes, up to this many bytes or without an end. The closure is called at once, and gives who
    /// takes it.
    case stream(limitBytes: Int?, @Sendable (HTTPRequestHead, HTTPResponder) -> any HTTPBodyConsumer)
    /// One of these, and something that the access log gets with the request, such as the route that was found.
    indirect case noted(any Sendable, HTTPDecision)
}

/// Answers requests that have arrived whole, on one of the server's threads: one that blocks holds up the connections of its
/// thread.
public enum HTTPHandler: Sendable {
    /// Answers before it returns.
    case immediate(@Sendable (HTTPRequest) -> HTTPResponse)
    /// Answers when it likes, from any thread.
    case later(@Sendable (HTTPRequest, HTTPResponder) -> Void)
}

/// Takes a request's body as it comes, on one of the server's threads.
public protocol HTTPBodyConsumer: AnyObject, Sendable {
    /// More of the body. The bytes are there for the length of the call.
    /// - Returns: Whether more is wanted. After `false` no more is read from the client until ``HTTPResponder/resumeBody()``;
    ///   what has been read already, 64 KiB at most, still comes.
    func received(_ bytes: Span<UInt8>) -> Bool

    /// The body is whole.
    func ended()

    /// The body will not become whole. Nothing else is called afterwards.
    func failed(_ failure: HTTPBodyFailure)
}

/// Why a body did not become whole.
public enum HTTPBodyFailure: Error, Equatable, Sendable {
    /// The client has gone, or was cut because it was too slow.
    case gone
    /// The server has refused it, and answers that: too long, or not what HTTP says a body is.
    case refused(HTTPRefusal)
    /// The request was answered before it was whole.
    case answered
}
