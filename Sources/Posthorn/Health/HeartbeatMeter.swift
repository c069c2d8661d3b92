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

    /// What each endpoint's newest dated answer says of the clocks.
    private var skews: [Int: Int64] = [:]
    /// Whether an endpoint has said its time for the first time since the last reading.
    private(set) var hasNews = false

    /// Endpoints whose time is remembered: more would say no more.
    private static let skewLimit = 1000
    private static let windowMilliseconds: Int64 = 10_000

    mutating func count(attempts: Int, delivered: Int) {
        self.attempts += attempts
        self.delivered += delivered
    }

    /// Takes note of a receiver's time, if the answer says it.
    mutating func saw(_ outcome: AttemptOutcome, ofEndpoint endpoint: Int) {
        guard let date = outcome.receiverDate,
            let sample = ClockSkew.sample(
                date: date,
                started: outcome.started,
                durationMilliseconds: outcome.durationMicroseconds / 1000
            )
        else { return }
        if skews[endpoint] == nil {
            if skews.count >= Self.skewLimit { return }
            hasNews = true
        }
        skews[endpoint] = sample
    }

    /// Lets go of what an endpoint has said.
    mutating func forget(_ endpoint: Int) { skews[endpoint] = nil }

    /// What to write down now; `nil` when the last one is less than a second old and none is asked for. The end of the last
    /// request is always written down: nothing else may be for a long time.
    mutating func reading(at now: Timestamp, inFlight: Int, isForced: Bool = false) -> EngineHeartbeat? {
        let hasCalmedDown = inFlight == 0 && lastInFlight > 0
        if !isForced, !hasCalmedDown, let last = marks.last, (0..<1000).contains(now.milliseconds - last.at.milliseconds) { return nil }
        hasNews = false
        lastInFlight = inFlight
        marks.append((now, attempts, delivered))
        marks.removeAll { now.milliseconds - $0.at.milliseconds > Self.windowMilliseconds || $0.at > now }
        let skew = ClockSkew(samples: skews.values)
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
