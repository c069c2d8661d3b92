/// What became of an event that was handed in.
public enum InsertResult: Sendable, Equatable {
    /// It is stored, with so many deliveries.
    case stored(deliveries: Int)
    /// The same event was there already; nothing changed.
    case known
    /// The id is there with other content; nothing changed.
    case conflict
}
