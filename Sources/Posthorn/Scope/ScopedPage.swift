import PosthornModel
import PosthornStore
package import PosthornText

/// A part of a list.
package struct ScopedPage<Element: Sendable>: Sendable {
    /// What was found, newest first.
    package var elements: [Element] = []
    /// The number behind which the list goes on; `nil` at its end.
    package var next: Int64?
    /// The number before which there may be newer ones; `nil` at the beginning.
    package var previous: Int64?
    /// Up to where in time the rows were searched, where that ended before the page was full.
    package var searchedUntil: Timestamp?
}

extension ScopedPage {
    /// Notes where the list goes on and where it came from, and puts the newest first.
    /// - Parameters:
    ///   - place: Where the page began.
    ///   - numbers: Those of the elements, in the order in which they were visited.
    mutating func go(on end: VisitEnd, from place: ListPlace, _ numbers: [Int64]) {
        let rest: Int64?
        switch end {
        case .atEnd: rest = nil
        case .stopped: rest = numbers.last
        case .atLimit(let number, let created): (rest, searchedUntil) = (number, created)
        }
        switch place {
        case .beginning: next = rest
        // A row of its own number may have been the last one of the part before.
        case .behind(let number): (next, previous) = (rest, numbers.first ?? number - 1)
        case .before(let number):
            elements.reverse()
            (next, previous) = (numbers.first ?? (number == .max ? number : number + 1), rest)
        }
    }
}
