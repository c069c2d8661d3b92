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
    /// Says which addresses its name has.
    let lookup: NameLookup

    /// - Parameters:
    ///   - url: Where it is.
    ///   - guard: Which addresses may be reached.
    ///   - weight: Its share of the load beside those of the others; more than 0.
    public init(_ url: EndpointURL, guard: EgressGuard, weight: Double = 1) {
        self.init(url, guard: `guard`, weight: weight, lookup: SystemLookup.ask)
    }

    /// The same with another way to ask for its name.
    package init(_ url: EndpointURL, guard: EgressGuard, weight: Double = 1, lookup: @escaping NameLookup) {
        self.url = url
        self.guard = `guard`
        self.weight = weight
        self.lookup = lookup
    }
}
