/// Where a list goes on. Its text may be handed to a browser and back; what is in it may change with a version.
public struct PageCursor: Sendable, Hashable, LosslessStringConvertible {
    /// The number of the last row of the page before.
    let last: Int64

    init(last: Int64) { self.last = last }

    /// Reads what ``description`` gave; `nil` for any other text.
    public init?(_ description: String) {
        guard let last = Int64(description), last > 0 else { return nil }
        self.last = last
    }

    /// As text.
    public var description: String { String(last) }
}
