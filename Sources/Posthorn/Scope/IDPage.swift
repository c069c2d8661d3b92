import PosthornModel
import PosthornStore

/// A part of a list by id, for which a bounded number of rows is looked at.
package struct IDPage<Element: Sendable>: Sendable {
    /// What was found, by id.
    package private(set) var elements: [Element] = []
    /// The id behind which the list goes on; `nil` at its end.
    package private(set) var next: String?
    /// The id before which there are others; `nil` at the beginning.
    package private(set) var previous: String?

    /// Reads a part.
    /// - Parameters:
    ///   - place: Where it begins.
    ///   - limit: How many at most.
    ///   - matches: Whether one is wanted.
    ///   - id: Its id.
    ///   - read: Reads rows, the one next to the place first.
    init(
        _ place: NamedPage<Element>.Place,
        limit: Int,
        where matches: (Element) -> Bool,
        id: (Element) -> String,
        _ read: (NamedRows) throws -> [Element]
    ) rethrows {
        // One more says whether there are more.
        var wanted = NamedRows(limit: ScopedOutbox.rowLimit + 1)
        switch place {
        case .beginning: break
        case .behind(let last): wanted.after = last
        case .before(let first): wanted.before = first
        }
        let rows = try read(wanted)
        var seen = 0
        while seen < min(rows.count, ScopedOutbox.rowLimit), elements.count < limit {
            if matches(rows[seen]) { elements.append(rows[seen]) }
            seen += 1
        }
        let rest = seen < rows.count ? rows[..<seen].last.map(id) : nil
        let first = elements.first.map(id)
        switch place {
        case .beginning: next = rest
        case .behind: (next, previous) = (rest, first)
        case .before:
            elements.reverse()
            (next, previous) = (first, rest)
        }
    }
}
