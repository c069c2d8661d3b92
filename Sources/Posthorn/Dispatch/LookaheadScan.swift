import PosthornModel
import PosthornText

/// Looks ahead of the ready cursor's frontier while others fill the window, for deliveries of endpoints that hold little.
///
/// Otherwise an event of a small tenant would wait until a large one's backlog in front of it has been worked off. A pass goes
/// through the backlog once, which costs about a hundredth of delivering it, and then sees only what comes in. What an endpoint
/// has beyond ``ClaimWindow/scoutedShare`` is passed over; a later pass comes back for it, after a rest that is long beside
/// the pass.
struct LookaheadScan {
    /// Rows that one turn looks at.
    static let rowsPerTurn = 4096
    /// How long it rests after a pass at least, in milliseconds.
    static let shortestRest: Int64 = 1000
    /// And at most, however far the clock was put ahead during the pass: a pass over ten million rows takes a minute.
    static let longestRest: Int64 = 600_000
    /// How many times as long as the pass took it rests.
    static let restFactor: Int64 = 9

    /// Everything up to here was looked at in this pass.
    private(set) var position: Int64 = 0
    /// In front of the first row that was passed over though its endpoint holds no more than the scout may give.
    private var left: Int64?
    private var started: Timestamp?
    private var ended: Timestamp?

    /// Where to read on from. What the cursor has looked at is not looked at again.
    mutating func start(frontier: Int64, at now: Timestamp) -> Int64 {
        if started == nil { started = now }
        position = max(position, frontier)
        return position
    }

    /// What to do with a row.
    /// - Parameters:
    ///   - delivery: The row.
    ///   - isFree: Whether nobody works on it, and its endpoint is active.
    ///   - held: How many deliveries its endpoint has in memory.
    mutating func visits(_ delivery: Int64, isFree: Bool, held: Int) -> ScanCursor<Int64>.Decision {
        position = delivery
        guard isFree else { return .pass }
        if held < ClaimWindow.scoutedShare { return .take }
        if held == ClaimWindow.scoutedShare, left == nil { left = delivery - 1 }
        return .pass
    }

    /// There is no further row.
    mutating func reachedTheEnd(at now: Timestamp) {
        let (start, end) = (started ?? now, ended ?? now)
        ended = end
        let rest = min(max(Self.shortestRest, Self.restFactor * (end.milliseconds - start.milliseconds)), Self.longestRest)
        let rested = now.milliseconds - end.milliseconds
        // A clock that was put back does not make the rest longer.
        guard let next = left, rested >= rest || rested < 0 else { return }
        position = next
        (left, started, ended) = (nil, nil, nil)
    }

    /// Deliveries were changed by hand: everything is looked at again.
    mutating func startOver() { self = LookaheadScan() }
}
