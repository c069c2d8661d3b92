public import PosthornText

/// Why a bounded reading ended.
public enum VisitEnd: Sendable, Equatable {
    /// There is nothing more.
    case atEnd
    /// The visitor wanted no more.
    case stopped
    /// As many rows were looked at as may be; the last one had this number, of an event that happened then.
    case atLimit(last: Int64, created: Timestamp)
}
