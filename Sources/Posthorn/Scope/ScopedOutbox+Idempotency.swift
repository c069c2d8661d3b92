import PosthornFormats
import PosthornModel
package import PosthornStore
import PosthornText

/// Requests that are done once, however often they are sent.
extension ScopedOutbox {
    /// Begins a request.
    /// - Parameters:
    ///   - owner: Whose it is.
    ///   - name: What its sender calls it.
    ///   - content: All that it asks for.
    /// - Returns: The request, and whether it was begun before and with what.
    package func begin(
        owner: String,
        name: String,
        content: [UInt8]
    ) throws(OutboxProblem) -> (request: RepeatableRequest, earlier: RepeatableRequest?) {
        let request = RepeatableRequest(owner: owner, name: name, digest: MessageDigest.sha256(content), created: now)
        let earlier = try outbox.writer.perform { (store) throws(OutboxProblem) in try store.begin(request) }
        return (request, earlier)
    }

    /// Writes down what a request was answered with; with `nil` it can be sent again.
    package func end(_ request: RepeatableRequest, _ answer: RepeatableRequest.Answer?) throws(OutboxProblem) {
        try outbox.writer.perform { (store) throws(OutboxProblem) in try store.end(request, answer) }
    }
}
