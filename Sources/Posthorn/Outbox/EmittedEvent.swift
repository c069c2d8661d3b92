/// What became of an event that was handed in.
public struct EmittedEvent: Sendable, Hashable {
    /// Its id, given or made.
    public let id: String
    /// Whether it is new; `false` when the same event was there already.
    public let isNew: Bool
    /// How many endpoints get it; 0 when it was there already.
    public let deliveries: Int
    /// Those of the deliveries that fail at once, because the endpoint's format cannot carry the event.
    public let uncarried: [UncarriedDelivery]
}
