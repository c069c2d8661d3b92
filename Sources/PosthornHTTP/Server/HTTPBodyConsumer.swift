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
