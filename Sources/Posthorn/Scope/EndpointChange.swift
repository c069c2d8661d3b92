import PosthornFormats
import PosthornSystem
package import PosthornSending

/// What a caller may do with an endpoint beyond changing it.
package struct EndpointChange: Sendable {
    /// Whether the endpoint must not be there yet.
    package var isNew: Bool
    /// Tags of which the endpoint must have one; `nil` when any will do.
    package var tags: [String]?
    /// Whether stored secrets may go along to another host.
    package var movesSecrets: Bool
    /// Which addresses a URL may name. Names are judged when a request connects, as every address is.
    package var `guard`: EgressGuard

    /// A change by its conditions.
    package init(isNew: Bool, tags: [String]?, movesSecrets: Bool, guard: EgressGuard) {
        self.isNew = isNew
        self.tags = tags
        self.movesSecrets = movesSecrets
        self.guard = `guard`
    }
}
