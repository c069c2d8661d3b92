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

    /// Looks for the part. Only elements near it are asked for, and as many others as do not match.
    /// - Parameters:
    ///   - count: How many elements there are, of which not all match.
    ///   - place: Where the part begins.
    ///   - limit: How many at most.
    ///   - name: The name of the element at a position; names rise with it.
    ///   - element: The element at a position; `nil` when it does not match.
    init(of count: Int, _ place: Place, limit: Int, name: (Int) -> String, _ element: (Int) -> Element?) {
        let start: Int
        switch place {
        case .beginning: start = 0
        case .behind(let last): start = Self.first(of: count) { name($0) > last }
        case .before(let first): start = Self.first(of: count) { name($0) >= first }
        }
        if case .before = place {
            var position = start - 1
            while position >= 0, !hasPrevious {
                if let found = element(position) {
                    if elements.count == limit { hasPrevious = true } else { elements.append(found) }
                }
                position -= 1
            }
            elements.reverse()
            hasNext = (start..<count).contains { element($0) != nil }
            return
        }
        var position = start
        while position < count, !hasNext {
            if let found = element(position) {
                if elements.count == limit { hasNext = true } else { elements.append(found) }
            }
            position += 1
        }
        hasPrevious = (0..<start).reversed().contains { element($0) != nil }
    }

    /// The first position for which something is so, and for all behind it too.
    private static func first(of count: Int, _ isSo: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = low + (high - low) / 2
            if isSo(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
