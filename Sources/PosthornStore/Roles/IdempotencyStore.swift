/// Requests of the HTTP API that are done once. Part of ``OutboxStore``, under the same rules.
public protocol IdempotencyStore: AnyObject {
    /// Begins a request, and forgets some that are older than a day.
    /// - Returns: The one of that owner and name that was begun before; `nil` when this one is the first.
    /// - Throws: ``OutboxProblem`` of code `refused` when the owner has too many.
    func begin(_ request: RepeatableRequest) throws(OutboxProblem) -> RepeatableRequest?
    /// Writes down what a request was answered with; with `nil` it is forgotten, so that it can be sent again.
    func end(_ request: RepeatableRequest, _ answer: RepeatableRequest.Answer?) throws(OutboxProblem)
}
