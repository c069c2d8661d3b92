/// Which deliveries are in memory: waiting in a sender, on the wire, or done and not yet recorded.
///
/// It keeps memory flat whatever the backlog, and it sees to it that no endpoint fills it: an endpoint may hold few at
/// first, one more for each success, and half as many after a failure.
struct ClaimWindow {
    /// Deliveries in memory at once.
    static let rowLimit = 4096
    /// Bytes of event data in memory at once, counted for each delivery, though the recipients of an event share them.
    static let byteLimit = 24 << 20
    /// Bytes that one endpoint may hold; one delivery it may hold in any case.
    static let byteShare = byteLimit / 8
    /// A full window from which nothing has gone for this long is filled by endpoints that hang.
    static let stallMilliseconds: Int64 = 100
    /// What an endpoint may hold before anything is known of it.
    static let firstShare = 16
    /// What an endpoint may hold of what was found ahead of its turn, while others fill the window; see ``LookaheadScan``.
    static let scoutedShare = 8
    /// What a fast endpoint may hold.
    static let largestShare = 2048

    /// What one endpoint has in memory, and may have.
    struct Share {
        var held = 0
        var bytes = 0
        var limit = firstShare
    }

    private var shares: [Share] = []
    private(set) var rows = 0
    private(set) var bytes = 0
    /// Whether a full window is being passed by, because nothing moves in it.
    var isStalled = false

    /// Whether there is room for those who hold nothing alone.
    var isFull: Bool { rows >= Self.rowLimit || bytes >= Self.byteLimit }

    /// Whether there is no room even for those.
    var isAtItsEnd: Bool { rows >= 2 * Self.rowLimit || bytes >= 2 * Self.byteLimit }

    /// Makes places for endpoints; those that are there keep what they have.
    mutating func grow(to count: Int) {
        while shares.count < count { shares.append(Share()) }
    }

    /// Lets go of what is known of an endpoint that holds nothing.
    mutating func forget(_ endpoint: Int) { if endpoint < shares.count { shares[endpoint] = Share() } }

    /// What an endpoint may do.
    func room<Position>(_ endpoint: Int, _: ScanCursor<Position>.Type = ScanCursor<Position>.self) -> ScanCursor<Position>.Room {
        let share = shares[endpoint]
        if share.held > 0 && (share.held >= share.limit || share.bytes >= Self.byteShare) { return .full }
        if !isFull { return .free }
        // Whoever holds nothing gets one even when others have filled the window. While it moves, the reading waits for the
        // room that comes; when it does not, it goes on past those who fill it.
        if isAtItsEnd { return .exhausted }
        if share.held == 0 { return .free }
        return isStalled ? .full : .exhausted
    }

    /// How many deliveries of an endpoint are in memory.
    func held(_ endpoint: Int) -> Int { endpoint < shares.count ? shares[endpoint].held : 0 }

    /// The endpoints that have most in memory, that first.
    func largestShares(_ count: Int) -> [(endpoint: Int, share: Share)] {
        let holding = shares.indices.lazy.filter { shares[$0].held > 0 }.map { (endpoint: $0, share: shares[$0]) }
        return Array(holding.sorted { ($0.share.held, $1.endpoint) > ($1.share.held, $0.endpoint) }.prefix(count))
    }

    mutating func take(_ endpoint: Int, bytes count: Int) {
        shares[endpoint].held += 1
        shares[endpoint].bytes += count
        rows += 1
        bytes += count
    }

    /// A delivery has left memory. Returns whether its endpoint has room enough to read on for it.
    mutating func finish(_ endpoint: Int, bytes count: Int, succeeded: Bool?) -> Bool {
        rows -= 1
        bytes -= count
        shares[endpoint].held -= 1
        shares[endpoint].bytes -= count
        if let succeeded {
            let limit = shares[endpoint].limit
            shares[endpoint].limit = succeeded ? min(limit + 1, Self.largestShare) : max(limit / 2, 2)
        }
        // Half empty before it asks again, so that one reading serves many.
        return shares[endpoint].held <= shares[endpoint].limit / 2 && shares[endpoint].bytes <= Self.byteShare / 2
    }
}
