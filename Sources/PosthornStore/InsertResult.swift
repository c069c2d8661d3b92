/// What became of an event that was handed in.
public enum InsertResult: Sendable, Equatable {
    /// It is stored, with so many deliveries.
    case stored(deliveries: Int)
    /// The same event was there already; nothing changed.
    case known
    /// An event of that id was there whose data was dropped, and agrees with it in all else: it is the same if SHA-256 of its data is this
    /// one. Nothing changed.
    case knownWithoutData(digest: String)
    /// The id is there with other content; nothing changed.
    case conflict
}
