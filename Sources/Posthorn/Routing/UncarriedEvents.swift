import PosthornFormats
import PosthornModel
import PosthornStore
import PosthornSystem

/// Events that an endpoint would get and its format cannot carry, among the newest of an outbox.
public struct UncarriedEvents: Sendable, Hashable {
    /// The endpoint's id.
    public let endpoint: String
    /// How many there are.
    public let count: Int
    /// How many of the newest events the endpoint would get, these included.
    public let examined: Int
    /// The id of the newest of them.
    public let event: String
    /// What that one lacks or has in the way, for people.
    public let reason: String
}
