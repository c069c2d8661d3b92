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
