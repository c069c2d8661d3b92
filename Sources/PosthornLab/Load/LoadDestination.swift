import PosthornText
public import PosthornSending
import PosthornSystem
import Synchronization

/// One of the receivers of a load.
public struct LoadDestination: Sendable {
    /// Where it is.
    public let url: EndpointURL
    /// Which addresses may be reached.
    public let `guard`: EgressGuard
    /// Its share of the load beside those of the others; more than 0.
    public let weight: Double

    /// - Parameters:
    ///   - url: Where it is.
    ///   - guard: Which addresses may be reached.
    ///   - weight: Its share of the load beside those of the others; more than 0.
    public init(_ url: EndpointURL, guard: EgressGuard, weight: Double = 1) {
        self.url = url
        self.guard = `guard`
        self.weight = weight
    }
}
