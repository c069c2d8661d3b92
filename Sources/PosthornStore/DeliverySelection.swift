public import PosthornModel

/// Which deliveries something is done to by hand.
public enum DeliverySelection: Sendable {
    /// Those with these numbers. What is not known, or in a state that does not allow it, is named in the report.
    case deliveries([Int64])
    /// Those that a filter asks for and whose state allows it; its `limit`, `before` and `newestFirst` do not count.
    case matching(DeliveryFilter)

    /// Those in a state, of one endpoint or of all.
    public static func all(in state: DeliveryState, endpoint: String? = nil) -> DeliverySelection {
        var filter = DeliveryFilter()
        (filter.state, filter.endpoint) = (state, endpoint)
        return .matching(filter)
    }
}
