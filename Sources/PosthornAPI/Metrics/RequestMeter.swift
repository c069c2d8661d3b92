import PosthornText
import Synchronization

/// How many requests of each route were answered how, and how long that took. One lock a route, so that the server's threads seldom
/// meet.
final class RequestMeter: Sendable {
    /// What requests are told apart by.
    struct Key: Hashable, Sendable {
        let method: String
        /// The route's path as the document has it; `none` for paths that there are not.
        let route: String
        /// `2xx`; `none` when there was no answer.
        let statusClass: String
    }

    /// From the head's last byte to the end of the answer, in microseconds.
    private static let bounds: [Int64] = [
        500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000,
    ]

    private final class Entry: Sendable {
        /// By the first digit of the status; 0 for none.
        let byClass = Mutex<[Int: BucketCounts]>([:])
    }

    /// By the route's operation.
    private let entries: [String: Entry]
    private let others = Entry()
    private let order: [(method: String, route: String, operation: String)]

    init(_ routes: [Route]) {
        entries = Dictionary(uniqueKeysWithValues: routes.map { ($0.operation, Entry()) })
        order = routes.map { ($0.method, $0.path, $0.operation) }.sorted { ($0.method, $0.route) < ($1.method, $1.route) }
    }

    /// Counts a request.
    /// - Parameters:
    ///   - route: Its route; `nil` when there is none, or its head could not be read.
    ///   - status: That of its answer; `nil` when there was none.
    ///   - nanoseconds: From the head's last byte to the end of the answer.
    func count(_ route: Route?, status: Int?, nanoseconds: Int64) {
        let entry = route.flatMap { entries[$0.operation] } ?? others
        entry.byClass.withLock { classes in
            classes[(status ?? 0) / 100, default: BucketCounts(upTo: Self.bounds)].add(nanoseconds / 1000)
        }
    }

    /// Everything that was counted, in an order that does not change.
    var figures: [(key: Key, microseconds: BucketCounts)] {
        let named = order.compactMap { name in entries[name.operation].map { (name.method, name.route, $0) } }
        return (named + [("none", "none", others)]).flatMap { method, route, entry in
            entry.byClass.withLock { $0 }.sorted { $0.key < $1.key }.map { digit, counts in
                (Key(method: method, route: route, statusClass: digit == 0 ? "none" : "\(digit)xx"), counts)
            }
        }
    }
}
