/// A part of a list in the order of its elements' names, found without going through those before it.
package struct NamedPage<Element: Sendable>: Sendable {
    /// Where a part begins.
    package enum Place: Sendable {
        /// At the first element.
        case beginning
        /// Behind the element of this name, as the list goes.
        case behind(String)
        /// Before it.
        case before(String)
    }

    /// The elements, by name.
    package private(set) var elements: [Element] = []
    /// Whether there are others before them.
    package private(set) var hasPrevious = false
    /// Whether there are others behind them.
    package private(set) var hasNext = false

    /// Looks for the part. Only elements near it are looked at, and as many others as do not match.
    /// - Parameters:
    ///   - list: All of them, of which not all match.
    ///   - place: Where the part begins.
    ///   - limit: How many at most.
    ///   - matches: Whether one matches.
    ///   - element: What is shown of one.
    init<Item>(
        of list: SortedPieces<Item>,
        _ place: Place,
        limit: Int,
        where matches: (Item) -> Bool = { _ in true },
        _ element: (Item) -> Element
    ) {
        let start =
            switch place {
            case .beginning: list.startIndex
            case .behind(let last): list.firstIndex(behind: last)
            case .before(let first): list.firstIndex(from: first)
            }
        if case .before = place {
            for item in list[..<start].reversed() where matches(item) {
                if elements.count == limit {
                    hasPrevious = true
                    break
                }
                elements.append(element(item))
            }
            elements.reverse()
            hasNext = list[start...].contains(where: matches)
            return
        }
        for item in list[start...] where matches(item) {
            if elements.count == limit {
                hasNext = true
                break
            }
            elements.append(element(item))
        }
        hasPrevious = list[..<start].reversed().contains(where: matches)
    }
}
