/// Answers requests that have arrived whole, on one of the server's threads: one that blocks holds up the connections of its
/// thread.
public enum HTTPHandler: Sendable {
    /// Answers before it returns.
    case immediate(@Sendable (HTTPRequest) -> HTTPResponse)
    /// Answers when it likes, from any thread.
    case later(@Sendable (HTTPRequest, HTTPResponder) -> Void)
}
