/// A part of a list, and where it goes on.
public struct Page<Element: Sendable>: Sendable {
    /// What is on this page, in the list's order.
    public let elements: [Element]
    /// Where the next page begins; `nil` when there is none.
    public let next: PageCursor?

    /// Creates a page.
    public init(elements: [Element], next: PageCursor?) {
        self.elements = elements
        self.next = next
    }
}

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
