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
    ///   - range: Where those are that are looked at; `nil` for all.
    ///   - place: Where the part begins.
    ///   - limit: How many at most.
    ///   - matches: Whether one matches.
    ///   - element: What is shown of one.
    init<Item>(
        of list: SortedPieces<Item>,
        in range: Range<SortedPieces<Item>.Index>? = nil,
        _ place: Place,
        limit: Int,
        where matches: (Item) -> Bool = { _ in true },
        _ element: (Item) -> Element
    ) {
        let range = range ?? list.startIndex..<list.endIndex
        let wanted =
            switch place {
            case .beginning: range.lowerBound
            case .behind(let last): list.firstIndex(behind: last)
            case .before(let first): list.firstIndex(from: first)
            }
        let start = min(max(wanted, range.lowerBound), range.upperBound)
        let (before, behind) = (list[range.lowerBound..<start], list[start..<range.upperBound])
        if case .before = place {
            for item in before.reversed() where matches(item) {
                if elements.count == limit {
                    hasPrevious = true
                    break
                }
                elements.append(element(item))
            }
            elements.reverse()
            hasNext = behind.contains(where: matches)
            return
        }
        for item in behind where matches(item) {
            if elements.count == limit {
                hasNext = true
                break
            }
            elements.append(element(item))
        }
        hasPrevious = before.reversed().contains(where: matches)
    }

    /// Looks for the part in several lists, as if they were one.
    /// - Parameter prefix: What the names begin with; those that do not are not looked at.
    init<Item>(
        of lists: [SortedPieces<Item>],
        beginningWith prefix: String = "",
        _ place: Place,
        limit: Int,
        where matches: (Item) -> Bool = { _ in true },
        _ element: (Item) -> Element
    ) {
        let pages = lists.map { list in
            let range = prefix.isEmpty ? nil : list.range(ofNamesBeginningWith: prefix)
            return NamedPage<Item>(
                of: list,
                in: range,
                Self.place(place),
                limit: limit,
                where: { matches($0) && (prefix.isEmpty || $0.name.hasPrefix(prefix)) },
                { $0 }
            )
        }
        let found = pages.flatMap(\.elements).sorted { $0.name < $1.name }
        let isBackwards = if case .before = place { true } else { false }
        elements = (isBackwards ? found.suffix(limit) : found.prefix(limit)).map(element)
        let isCut = found.count > limit
        hasPrevious = pages.contains(where: \.hasPrevious) || (isBackwards && isCut)
        hasNext = pages.contains(where: \.hasNext) || (!isBackwards && isCut)
    }

    private static func place<Item>(_ place: Place) -> NamedPage<Item>.Place {
        switch place {
        case .beginning: .beginning
        case .behind(let last): .behind(last)
        case .before(let first): .before(first)
        }
    }
}
