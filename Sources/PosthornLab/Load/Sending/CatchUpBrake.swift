/// Keeps a sender that has fallen behind its schedule from making it worse.
///
/// More requests on the wire make each of them dearer: where 64 at once gave 90,000 a second, thousands gave 52,000. So a
/// sender that lacks the time for its schedule, and starts all that is overdue at once, may never catch up again. It holds
/// the number on the wire instead until it has caught up, at first at twice of what its schedule needed before.
///
/// A sender that is behind because the receiver has become slow is something else: it has time, which it spends waiting for
/// events. The more time it has, the faster it holds back less, so that an open load stays open: a receiver that stops is
/// noticed within a tenth of a second. Where the receiver shares the machine's cores, some waiting is for those. One that
/// waits for nothing has more on the wire than it can serve, and holds back more.
///
/// A value without a clock. Times are in nanoseconds.
struct CatchUpBrake {
    /// A start that is later than this is behind the schedule.
    static let tolerance: Int64 = 1_000_000
    /// A start that is no later than this keeps it.
    static let punctual: Int64 = 500_000
    /// So many may be on the wire in any case.
    static let floor = 32
    /// More than any load has on the wire.
    static let ceiling = 1_000_000
    /// The mean of what was needed goes back over so many punctual starts: a moment in which the receiver was not given a core
    /// puts hundreds on the wire, which says nothing of what the schedule needs.
    static let memory = 4096.0

    /// How many requests were on the wire while the schedule was kept, on average.
    private var usual = 0.0
    private var starts = 0.0
    private var bound = Self.floor
    private var isBehind = false

    /// Whether the next start has to wait for an end.
    func holds(inFlight: Int) -> Bool { isBehind && inFlight >= bound }

    /// A request has started.
    /// - Parameters:
    ///   - lateness: How long after the moment it was meant to leave.
    ///   - inFlight: How many are on the wire with it.
    mutating func started(lateness: Int64, inFlight: Int) {
        if lateness > Self.tolerance {
            isBehind = true
            return
        }
        isBehind = false
        if lateness > Self.punctual { return }
        starts = min(starts + 1, Self.memory)
        usual += (Double(inFlight) - usual) / starts
        // What a receiver's pause wanted is forgotten start by start: whoever has caught up during the pause needs it again.
        bound = max(Self.floor, 2 * Int(usual), bound - max(1, bound / 1024))
    }

    /// The sender has waited for events that percentage of its time lately.
    mutating func idle(percent: Int) {
        guard isBehind else { return }
        bound = min(max(bound + Self.change(of: bound, idlePercent: percent), Self.floor), Self.ceiling)
    }

    private static func change(of bound: Int, idlePercent: Int) -> Int {
        switch idlePercent {
        case ..<15: return -bound / 8
        case ..<20: return 0
        case ..<50: return 1
        case ..<80: return bound / 8
        default: return 3 * bound
        }
    }
}
