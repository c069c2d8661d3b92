import PosthornModel
import PosthornSystem

/// What the book keeps of limits and of the endpoints below them.
extension LimitBook {
    /// An endpoint as the book knows it.
    struct Seat {
        let index: Int
        let key: Int64
        /// The limits that bind it, its own node's first, with how many nodes they are from the top.
        let limits: [(node: String?, depth: Int, limits: DeliveryLimits)]
        /// The nodes from the top of the hierarchy down to its own.
        let owners: [String]
        let ratePerSecond: Double?
        let inFlightLimit: Int
        /// Whether this engine delivers it; another one has its share of the limits otherwise.
        let isOwn: Bool
    }

    /// A limit, and who is below it.
    struct Limit {
        /// `nil` for all endpoints, and for one endpoint's own.
        let node: String?
        let depth: Int
        let wanted: DeliveryLimits
        let isEndpoints: Bool
        var bucket: TokenBucket?
        /// What this engine may have under way.
        var inFlightLimit = Int.max
        var inFlight = 0
        /// Endpoints below it, and those of them that this engine delivers.
        var endpoints = 0
        var own = 0
        var turns = LimitTurns()
        var waiting = 0
        /// Endpoints that had their turns last.
        var given: [Int] = []
        var isListed = false
        /// When it has held a delivery back last, in milliseconds.
        var refused = Int64.min
    }

    /// An endpoint below limits.
    struct Member {
        let key: Int64
        /// The limits from the endpoint's own up.
        let path: [Int]
        /// The nodes from the top down, as numbers.
        let nodes: [Int]
        let inFlightLimit: Int
        var isOwn: Bool
        var held = 0
        var waitsAt: Int?
        /// How many deliveries may start without another wait, by the limits of its path: it has waited there and had its turn.
        var passes: [Int]
        /// Limits whose turns it is in, waiting or not.
        var turnsOf: [Int] = []

        init(key: Int64, path: [Int], nodes: [Int], inFlightLimit: Int, isOwn: Bool, held: Int) {
            self.key = key
            self.path = path
            self.nodes = nodes
            self.inFlightLimit = inFlightLimit
            self.isOwn = isOwn
            self.held = held
            passes = path.map { _ in 0 }
        }

        func passes(of limit: Int) -> Int { path.firstIndex(of: limit).map { passes[$0] } ?? 0 }
        mutating func setPasses(_ count: Int, of limit: Int) { if let i = path.firstIndex(of: limit) { passes[i] = count } }
        /// Whether it has had a turn at a limit and waits for nothing else.
        func isStillToStart(_ limit: Int) -> Bool { waitsAt == nil && passes(of: limit) > 0 }
    }
}
