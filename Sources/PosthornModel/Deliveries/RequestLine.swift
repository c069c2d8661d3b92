/// Method and target of a request that does not go where its endpoint's URL says, or not by POST or GET: one that is passed on, or sent
/// again. Told apart by identity, so that a handle that has sent it before need not be set up again.
package final class RequestLine: Sendable {
    /// Any method, in capitals as a rule.
    package let method: String
    /// Path and query as they go on the wire; `nil` for those of the URL. It begins with a slash and holds no blank or control character.
    package let target: String?
    /// Whether a body goes out, or its length of 0.
    package let carriesBody: Bool

    /// - Parameter hasBody: Whether there is a body, which a GET can have as well.
    package init(method: String, target: String?, hasBody: Bool) {
        self.method = method
        self.target = target
        carriesBody = method != "HEAD" && (method != "GET" || hasBody)
    }
}
