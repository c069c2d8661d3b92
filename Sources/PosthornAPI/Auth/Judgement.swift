import PosthornModel

/// What the gate says of a request, and what the log and the metrics are to know of it either way.
struct Judgement: Sendable {
    /// The route that it leads to; `nil` for paths that there are not.
    var route: Route?
    /// The id of the key or session that was proved; `nil` without one.
    var keyID: String?
    /// The request, checked, or why it is refused.
    var result: Result<APIRequest, APIProblem>
}

/// What the server hands to the access log with a request.
final class RequestNote: Sendable {
    let route: Route?
    /// What the log calls the target.
    let name: String?
    let keyID: String?

    init(route: Route?, name: String?, keyID: String?) {
        self.route = route
        self.name = name
        self.keyID = keyID
    }
}
