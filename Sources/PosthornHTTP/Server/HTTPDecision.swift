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
