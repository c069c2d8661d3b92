import PosthornStore
import PosthornSystem

/// Deliveries of endpoints that want them in order: which lanes have one in memory, and which deliveries have come to the head of theirs.
///
/// A reading passes by whatever is not at the head of its lane, and remembers nothing of it: millions may wait in one lane. When the head
/// is over, the commit that says so names which is next, and that is looked up by its number. So nothing is read again for it.
/// Empty, and asked nothing, while no endpoint has an order.
struct LaneBook {
    /// A lane of an endpoint, which is told by its number.
    struct Lane: Hashable {
        let endpoint: Int64
        let number: Int64
    }

    /// Indices of the endpoints that have an order.
    private var ordered: Set<Int> = []
    /// The delivery of each lane that is in memory.
    private var busy: [Lane: Int64] = [:]
    private var lanes: [Int64: Lane] = [:]
    /// Deliveries that are at the head of their lanes since a commit, by the indices of their endpoints, oldest first.
    private var heads: [Int: [Int64]] = [:]
    /// Those endpoints among them that may have room.
    private var withRoom: Set<Int> = []

    /// Whether no endpoint has an order, and nothing of one is in memory.
    var isIdle: Bool { ordered.isEmpty && lanes.isEmpty && heads.isEmpty }

    // MARK: Endpoints

    /// An endpoint is as it is now.
    /// - Returns: Whether it has an order, or had one.
    mutating func follow(_ endpoint: Int, hasOrder: Bool) -> Bool {
        if hasOrder {
            ordered.insert(endpoint)
            return true
        }
        heads[endpoint] = nil
        withRoom.remove(endpoint)
        return ordered.remove(endpoint) != nil
    }

    /// An endpoint's index is vacant.
    mutating func forget(_ endpoint: Int) { _ = follow(endpoint, hasOrder: false) }

    // MARK: Lanes

    /// Whether a delivery may go out: it is at the head, and none of its lane is in memory, which may be one that somebody has put it in front of
    /// meanwhile.
    func mayGo(_ delivery: Int64, _ place: LanePlace) -> Bool {
        if let other = busy[Lane(place)], other != delivery { return false }
        return place.head.map { delivery <= $0 } ?? true
    }

    /// A delivery is in memory from now on.
    mutating func take(_ delivery: Int64, _ place: LanePlace) {
        busy[Lane(place)] = delivery
        lanes[delivery] = Lane(place)
    }

    /// A delivery is in memory no more.
    mutating func release(_ delivery: Int64) {
        if let lane = lanes.removeValue(forKey: delivery), busy[lane] == delivery { busy[lane] = nil }
    }

    // MARK: Heads

    /// A delivery has come to the head of its lane.
    mutating func add(head delivery: Int64, ofEndpoint endpoint: Int) {
        heads[endpoint, default: []].append(delivery)
        withRoom.insert(endpoint)
    }

    /// Whether an endpoint has heads that wait for room.
    func waits(_ endpoint: Int) -> Bool { heads[endpoint] != nil }

    /// An endpoint has room again.
    mutating func hasRoom(_ endpoint: Int) { if heads[endpoint] != nil { withRoom.insert(endpoint) } }

    /// Endpoints with heads to be looked at.
    var endpointsToLookAt: [Int] { withRoom.isEmpty ? [] : withRoom.sorted() }

    /// The heads of an endpoint, oldest first.
    func heads(of endpoint: Int) -> [Int64] { heads[endpoint] ?? [] }

    /// Some of an endpoint's heads were looked at.
    /// - Parameters:
    ///   - count: How many of them, from the oldest, need not be looked at again.
    ///   - isFull: Whether the endpoint has no room for the next one.
    mutating func looked(_ endpoint: Int, _ count: Int, isFull: Bool) {
        guard var left = heads[endpoint] else { return }
        left.removeFirst(min(count, left.count))
        heads[endpoint] = left.isEmpty ? nil : left
        if left.isEmpty || isFull { withRoom.remove(endpoint) }
    }

    /// Everything that is pending is looked at again, heads too.
    mutating func startOver() {
        heads.removeAll()
        withRoom.removeAll()
    }
}

extension LaneBook.Lane {
    fileprivate init(_ place: LanePlace) { self.init(endpoint: place.endpoint, number: place.lane) }
}
