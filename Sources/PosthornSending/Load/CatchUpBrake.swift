/// Keeps a sender that has fallen behind its schedule from making it worse.
///
/// More requests on the wire make each of them dearer: where 64 at once gave 90,000 a second, thousands gave 52,000. So a
/// sender that lacks the time for its schedule, and starts all that is overdue at once, may never catch up again. It holds
/// the number on the wire instead until it has caught up, not below twice of what its schedule needed before.
///
/// A sender that is behind because the receiver does not answer is something else: it has time, which it spends waiting for
/// events. Then it holds back less and less, within tenths of a second, so that an open load stays open.
///
/// A value without a clock. Times are monotonic nanoseconds.
struct CatchUpBrake {
    /// A start that is later than this is behind the schedule.
    static let tolerance: Int64 = 1_000_000
    /// A start that is no later than this keeps it.
    static let punctual: Int64 = 200_000
    /// So many may be on the wire in any case.
    static let floor = 32
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
        if 5 * waited > 4 * length { bound += bound / 2 }
        (windowStart, waited) = (now, 0)
    }
}
