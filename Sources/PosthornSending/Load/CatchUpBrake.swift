/// Keeps a sender that has fallen behind its schedule from making it worse.
///
/// More requests on the wire make each of them dearer: where 64 at once gave 90,000 a second, thousands gave 52,000. So a
/// sender that lacks the time for its schedule, and starts all that is overdue at once, may never catch up again. It holds
/// the number on the wire instead until it has caught up, not below twice of what its schedule needed before.
///
/// A sender that is behind because the receiver has become slow is something else: it has time, which it spends waiting for
/// events. The more time it has, the faster it holds back less, so that an open load stays open: a receiver that stops is
/// noticed within tenths of a second. Where the receiver shares the machine's cores, some waiting is for those.
///
/// A value without a clock. Times are monotonic nanoseconds.
struct CatchUpBrake {
    /// A start that is later than this is behind the schedule.
    static let tolerance: Int64 = 1_000_000
    /// A start that is no later than this keeps it.
    static let punctual: Int64 = 500_000
    /// So many may be on the wire in any case.
    static let floor = 32
    /// More than any load has on the wire.
    static let ceiling = 1_000_000
    /// How often it is looked at whether the sender has time.
    static let window: Int64 = 20_000_000

    /// How many requests were on the wire while the schedule was kept, the lesser ones forgotten slowly.
    private var usual = 0.0
    private var bound = Self.floor
    private var isBehind = false
    private var windowStart: Int64 = 0
    private var waited: Int64 = 0

    /// Whether the next start has to wait for an end.
    func holds(inFlight: Int) -> Bool { isBehind && inFlight >= bound }

    /// A request has started.
    /// - Parameters:
    ///   - lateness: How long after the moment it was meant to leave.
    ///   - inFlight: How many are on the wire with it.
    mutating func started(lateness: Int64, inFlight: Int, now: Int64) {
        if lateness > Self.tolerance {
            if !isBehind { (isBehind, windowStart, waited) = (true, now, 0) }
            return
        }
        isBehind = false
        if lateness > Self.punctual { return }
        usual = max(Double(inFlight), usual + (Double(inFlight) - usual) / 256)
        bound = max(Self.floor, 2 * Int(usual))
    }

    /// The sender has waited for events, or asked for them in vain.
    mutating func waited(_ duration: Int64, now: Int64) {
        guard isBehind else { return }
        waited += duration
        let length = now - windowStart
        if length < Self.window { return }
        bound = min(bound + Self.growth(of: bound, percentWaited: Int(100 * waited / length)), Self.ceiling)
        (windowStart, waited) = (now, 0)
    }

    private static func growth(of bound: Int, percentWaited: Int) -> Int {
        switch percentWaited {
        case ..<20: return 0
        case ..<50: return 1
        case ..<80: return bound / 8
        default: return bound / 2
        }
    }
}
