public import PosthornModel
public import PosthornText

/// What an engine writes down about its work, for people and for the engine after it. Part of ``OutboxStore``, under the same rules.
public protocol EngineJournal: AnyObject {
    /// Writes down what the engine says of itself.
    func write(pulse: EngineHeartbeat) throws(OutboxProblem)
    /// Writes down which endpoints the engine cannot use, with the reason, by their ids. Whatever writes an endpoint again
    /// afterwards strikes it from there: the engine that runs looks at it again, and what the last one found is out of date.
    func write(faults: [String: String], at now: Timestamp) throws(OutboxProblem)
    /// Writes down whether the engine that starts has a mail server.
    func write(servesMails: Bool) throws(OutboxProblem)
    /// Writes down what the engine deletes, and when it last looked.
    func write(retention: RetentionFacts) throws(OutboxProblem)
    /// Writes down until when an endpoint is left alone, because its receiver asked for it; `nil` when it is not any more.
    func write(throttledUntil until: Timestamp?, ofEndpoint key: Int64) throws(OutboxProblem)
    /// The endpoints that are left alone beyond `now`, by their numbers, and until when.
    func throttles(after now: Timestamp) throws(OutboxProblem) -> [Int64: Timestamp]
    /// Writes down how an endpoint does; a healthy one, and `nil`, leave nothing written.
    func write(health: EndpointHealth?, ofEndpoint key: Int64) throws(OutboxProblem)
    /// The endpoints that are not healthy, by their numbers.
    func health() throws(OutboxProblem) -> [Int64: EndpointHealth]
}
