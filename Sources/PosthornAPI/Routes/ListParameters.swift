import Posthorn
import PosthornStore

/// Where a part of a list begins, as `next_cursor` and `previous_cursor` name it.
enum ListCursor<Place: Sendable>: Sendable {
    /// Behind this element, as the list goes.
    case next(Place)
    /// Before it.
    case previous(Place)

    /// Reads a cursor.
    /// - Parameter place: Reads what it says of the element; `nil` when that is none.
    init?(_ text: String, _ place: (String) -> Place?) {
        guard let element = place(String(text.dropFirst(2))) else { return nil }
        switch text.prefix(2) {
        case "n.": self = .next(element)
        case "p.": self = .previous(element)
        default: return nil
        }
    }
}

/// Where a list goes on, and where it came from.
struct ListLinks: Sendable {
    /// The cursor of the next part; `nil` at the end.
    var next: String?
    /// The cursor of the part before; `nil` at the beginning.
    var previous: String?

    /// A list that has one part.
    static let none = ListLinks()

    init() {}

    /// The cursors of two elements.
    init(next: (some CustomStringConvertible)?, previous: (some CustomStringConvertible)?) {
        self.next = next.map { "n.\($0)" }
        self.previous = previous.map { "p.\($0)" }
    }
}

/// Parameters that lists share.
enum ListParameters {
    static let usualLimit = 50
    static let limit = 250

    static let times: [Parameter] = [
        .query("after", .time, "Only of events that happened then or later.", example: "2026-11-01T00:00:00.000Z"),
        .query("before", .time, "Only of events that happened before then.", example: "2026-12-01T00:00:00.000Z"),
    ]

    /// How many, and where to go on, in a list of rows with numbers.
    static let numberedPage = page(.cursor(nameLimitBytes: nil), example: "n.480112")

    /// The same in a list of deliveries.
    static let deliveryPage = page(.deliveryCursor, example: "n.480112")

    /// The same in a list of names.
    static func namedPage(limitBytes: Int, example: String) -> [Parameter] {
        page(.cursor(nameLimitBytes: limitBytes), example: "n.\(example)")
    }

    private static func page(_ kind: Parameter.Kind, example: String) -> [Parameter] {
        [
            .query("limit", .integer(1...limit), "How many at most; \(usualLimit) when it is left out.", example: "50"),
            .query("cursor", kind, "The next_cursor or previous_cursor of another part.", example: example),
        ]
    }
}

extension APIRequest {
    /// How many elements a part of a list may have.
    var pageLimit: Int { integer("limit") ?? ListParameters.usualLimit }

    /// Where a list of names begins.
    func namedPlace<Element>() -> NamedPage<Element>.Place {
        switch text("cursor").flatMap({ ListCursor($0) { $0 } }) {
        case nil: .beginning
        case .next(let last)?: .behind(last)
        case .previous(let first)?: .before(first)
        }
    }

    /// Where a list of rows with numbers begins.
    var numberedCursor: ListCursor<Int64>? { text("cursor").flatMap { ListCursor($0, Parameter.place) } }
}

extension RetryPosition {
    /// Reads what a cursor says.
    init?(cursor text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Parameter.place(String($0)) }
        guard parts.count == 2, let due = parts[0], let delivery = parts[1] else { return nil }
        self.init(due: due, delivery: delivery)
    }

    /// What a cursor says.
    var cursor: String { "\(due).\(delivery)" }
}

extension RetryPage.Place {
    init(_ cursor: ListCursor<RetryPosition>?) {
        switch cursor {
        case nil: self = .beginning
        case .next(let position)?: self = .behind(position)
        case .previous(let position)?: self = .before(position)
        }
    }
}

extension ListPlace {
    init(_ cursor: ListCursor<Int64>?) {
        switch cursor {
        case nil: self = .beginning
        case .next(let number)?: self = .behind(number)
        case .previous(let number)?: self = .before(number)
        }
    }
}

extension ListLinks {
    /// Where a page of names goes on.
    init<Element>(_ page: NamedPage<Element>, name: (Element) -> String) {
        self.init(next: page.hasNext ? page.elements.last.map(name) : nil, previous: page.hasPrevious ? page.elements.first.map(name) : nil)
    }

    /// Where a part of a list by id goes on.
    init(_ page: IDPage<some Sendable>) { self.init(next: page.next, previous: page.previous) }

    /// Where a page of deliveries that are tried again goes on.
    init(_ page: RetryPage) { self.init(next: page.next?.cursor, previous: page.previous?.cursor) }

    /// Where a page of numbered rows goes on.
    init(_ page: ScopedPage<some Sendable>) { self.init(next: page.next, previous: page.previous) }
}
