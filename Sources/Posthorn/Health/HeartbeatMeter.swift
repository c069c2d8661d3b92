import PosthornModel
import PosthornText
import PosthornStore

/// Rates of the last ten seconds, written down at most once a second, and only when something is being written anyway.
struct HeartbeatMeter {
    private var attempts = 0
    private var delivered = 0
    /// Cumulative counts at whole seconds, oldest first.
    private var marks: [(at: Timestamp, attempts: Int, delivered: Int)] = []

    /// Requests under way at the last reading.
    private var lastInFlight = 0

    private static let windowMilliseconds: Int64 = 10_000

    mutating func count(attempts: Int, delivered: Int) {
        self.attempts += attempts
        self.delivered += delivered
    }

    /// What to write down now; `nil` when the last one is less than a second old and none is asked for. The end of the last
    /// request is always written down: nothing else may be for a long time.
    mutating func reading(at now: Timestamp, inFlight: Int, isForced: Bool = false, skew: ClockSkew? = nil) -> EngineHeartbeat? {
        let hasCalmedDown = inFlight == 0 && lastInFlight > 0
        if !isForced, !hasCalmedDown, let last = marks.last, (0..<1000).contains(now.milliseconds - last.at.milliseconds) { return nil }
        lastInFlight = inFlight
        marks.append((now, attempts, delivered))
        marks.removeAll { now.milliseconds - $0.at.milliseconds > Self.windowMilliseconds || $0.at > now }
        guard let first = marks.first, first.at < now else {
            return EngineHeartbeat(at: now, attemptsPerSecond: 0, deliveredPerSecond: 0, inFlight: inFlight, clockSkew: skew)
        }
        let seconds = Double(now.milliseconds - first.at.milliseconds) / 1000
        return EngineHeartbeat(
            at: now,
            attemptsPerSecond: Double(attempts - first.attempts) / seconds,
            deliveredPerSecond: Double(delivered - first.delivered) / seconds,
            inFlight: inFlight,
            clockSkew: skew
        )
    }
}
