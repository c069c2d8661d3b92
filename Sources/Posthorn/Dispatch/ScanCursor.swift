import PosthornSystem

/// An order of due deliveries that is read from front to back, passing over those whose endpoint has no room.
///
/// The frontier is how far it was read. Where an endpoint's delivery was passed over, the cursor remembers the first such
/// place; once the endpoint has room again, the stretch from there to the frontier is read again for it. So a
/// million deliveries that wait for a dead endpoint cost nothing while nothing of theirs can start, and nobody behind
/// them waits. It decides alone; whoever reads the rows asks it about each.
struct ScanCursor<Position: Comparable> {
    /// Everything up to here was looked at.
    private(set) var frontier: Position
    /// For an endpoint with deliveries that were passed over: all of its deliveries up to here were taken.
    private var passedOver = IntegerTable<Position>()
    /// Endpoints with room and deliveries that were passed over.
    private var withRoom = IntegerTable<Void>()
    private let start: Position

    init(start: Position) {
        self.start = start
        frontier = start
    }

    /// What to do with a row.
    enum Decision: Equatable {
        /// Take it and go on.
        case take
        /// Go on.
        case pass
        /// It is for later; the row was not looked at.
        case stop
    }

    /// What is known about a row's endpoint.
    enum Room {
        /// The row is being worked on already, or its endpoint is not active.
        case none
        /// The endpoint has as much as it may have.
        case full
        /// It may have one more.
        case free
        /// Nobody may have more.
        case exhausted
    }

    // MARK: At the frontier

    /// A row behind the frontier. `before` is the place just in front of it.
    mutating func atFrontier(_ position: Position, before: Position, endpoint: Int, room: Room) -> Decision {
        if room == .exhausted { return .stop }
        frontier = position
        switch room {
        case .free:
            // Earlier ones of this endpoint go first.
            if passedOver[Int64(endpoint)] == nil { return .take }
            withRoom[Int64(endpoint)] = ()
            return .pass
        case .full:
            if passedOver[Int64(endpoint)] == nil { passedOver[Int64(endpoint)] = before }
            return .pass
        case .none, .exhausted: return .pass
        }
    }

    /// A delivery of an endpoint has come in just behind `position`, which may be in front of the frontier.
    mutating func inserted(after position: Position, endpoint: Int) {
        if let done = passedOver[Int64(endpoint)] {
            // The frontier leaves the endpoint's deliveries to the reading again, which must start early enough; behind the
            // frontier too, which another endpoint's delivery may have put back to before this one's.
            passedOver[Int64(endpoint)] = min(done, position)
        } else if position < frontier {
            frontier = position
        }
    }

    // MARK: Reading again

    /// Whether deliveries of an endpoint were passed over.
    func waits(_ endpoint: Int) -> Bool { passedOver[Int64(endpoint)] != nil }

    /// Whether an endpoint has room and waits to be read again.
    func hasCapacity(_ endpoint: Int) -> Bool { withRoom[Int64(endpoint)] != nil }

    /// An endpoint has room again.
    mutating func hasRoom(_ endpoint: Int) {
        if passedOver[Int64(endpoint)] != nil { withRoom[Int64(endpoint)] = () }
    }

    /// Where to read again from; `nil` when no endpoint has room.
    var rereadStart: Position? { withRoom.isEmpty ? nil : withRoom.all.lazy.compactMap { passedOver[$0.key] }.min() }

    /// A row between ``rereadStart`` and the frontier.
    mutating func rereading(_ position: Position, before: Position, endpoint: Int, room: Room) -> Decision {
        if position > frontier || room == .exhausted { return .stop }
        guard withRoom[Int64(endpoint)] != nil, let done = passedOver[Int64(endpoint)], position > done else { return .pass }
        switch room {
        case .free:
            passedOver[Int64(endpoint)] = position
            return .take
        case .full:
            passedOver[Int64(endpoint)] = before
            withRoom.removeValue(forKey: Int64(endpoint))
            return withRoom.isEmpty ? .stop : .pass
        case .none, .exhausted: return .pass
        }
    }

    /// The reading got as far as `position`, or to the frontier when that is `nil`.
    mutating func reread(upTo position: Position?) {
        for (endpoint, _) in withRoom.all {
            passedOver[endpoint] = position.map { max(passedOver[endpoint] ?? $0, $0) }
        }
        if position == nil { withRoom = IntegerTable() }
    }

    /// Lets go of what is remembered of an endpoint.
    mutating func forget(_ endpoint: Int) {
        passedOver[Int64(endpoint)] = nil
        withRoom[Int64(endpoint)] = nil
    }

    /// How many endpoints something is remembered of.
    var rememberedCount: Int { passedOver.count }

    /// Deliveries were changed by hand: everything is looked at again.
    mutating func startOver() {
        frontier = start
        passedOver = IntegerTable()
        withRoom = IntegerTable()
    }
}
