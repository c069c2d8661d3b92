/// The method of the requests to an endpoint.
public enum RequestMethod: String, CaseIterable, Sendable {
    /// The payload goes into the body.
    case post = "POST"
    /// Voiso's Call Notify only: the payload goes into the query.
    case get = "GET"
}
