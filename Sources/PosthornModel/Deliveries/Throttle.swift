public import PosthornText

/// How an endpoint is held back as a whole after its receiver has asked for it with `Retry-After`. The receiver speaks of itself
/// and not of one delivery: what is due for it waits, without an attempt being used up.
///
/// Afterwards not everything starts in one moment: one request a second at first, twice as many in each second that goes well.
/// Another refusal halves the rate that was too much, and from there it rises slowly.
public struct Throttle: Hashable, Sendable {
    /// Nothing starts before this.
    public private(set) var until: Timestamp
    /// Requests that may start in a second from then on.
    public private(set) var ratePerSecond: Double
    /// Where doubling ends, after a rate that was too much.
    private var knownRate: Double?
    /// Requests that may start now; counted up to `counted`.
    private var allowance: Double
    private var counted: Timestamp
    /// When the rate was raised last, and what went well since.
    private var raised: Timestamp
    private var successes = 0
    private var probe = Probe.none

    /// How far the probes of one that is suspended are.
    private enum Probe: Hashable {
        /// It is not suspended.
        case none
        /// The next may start when the pause is over.
        case due
        /// This delivery's request is the probe, until it has ended or was taken back.
        case underWay(Int64)
    }

    /// Whether one request goes out at a time, until one succeeds; see ``EndpointHealth``.
    public var isProbing: Bool { probe != .none }

    /// A receiver cannot ask for more than a day.
    public static let limitMilliseconds = Transition.retryAfterLimitMilliseconds
    /// The rate to begin with, a second.
    static let firstRate = 1.0
    /// A receiver that takes so many a second is held back no more.
    static let freeRate = 1000.0
    /// What was not asked for again for ten minutes is forgotten.
    public static let memoryMilliseconds: Int64 = 600_000
    /// How much of a second's requests may start together.
    static let burstShare = 0.25

    /// An endpoint that may start again at a time.
    public init(until: Timestamp) {
        self.until = until
        ratePerSecond = Self.firstRate
        allowance = 1
        counted = until
        raised = until
    }

    /// The first time that the receiver asks, `now` being the end of its answer.
    public init(toWait milliseconds: Int64, at now: Timestamp) {
        self.init(until: now.advanced(byMilliseconds: Self.bounded(milliseconds)))
    }

    private static func bounded(_ milliseconds: Int64) -> Int64 { min(max(0, milliseconds), limitMilliseconds) }

    /// The receiver has asked again.
    ///
    /// - Parameters:
    ///   - milliseconds: How long it wants to be left alone.
    ///   - started: When the request started that it answered so.
    ///   - now: The end of its answer.
    /// - Returns: Whether that is news: it had been asked to start again.
    public mutating func asked(toWait milliseconds: Int64, started: Timestamp, at now: Timestamp) -> Bool {
        let isNews = started >= until
        // Requests of one moment are refused together; that is one refusal.
        if isNews {
            let half = max(Self.firstRate, ratePerSecond / 2)
            ratePerSecond = half
            knownRate = half
        }
        let end = now.advanced(byMilliseconds: Self.bounded(milliseconds))
        if isNews || end > until { begin(at: max(end, until)) }
        return isNews
    }

    private mutating func begin(at time: Timestamp) {
        until = time
        allowance = 1
        counted = time
        raised = time
        successes = 0
    }

    /// The receiver has taken a request.
    public mutating func succeeded() {
        successes += 1
        probe = .none
    }

    /// From now on one request goes out at a time.
    public mutating func beginProbing() { if probe == .none { probe = .due } }

    /// A delivery's request has failed, or was taken back before it left.
    /// - Returns: Whether it was the probe, so that another one may start when the pause is over.
    public mutating func ended(_ delivery: Int64) -> Bool {
        guard probe == .underWay(delivery) else { return false }
        probe = .due
        return true
    }

    /// Whether a request may start, or when one may.
    public enum Turn: Hashable, Sendable {
        case now
        case at(Timestamp)
        /// When the probe that is under way has ended.
        case afterProbe
    }

    /// Counts the time that has passed.
    /// - Returns: Whether a request may start.
    public mutating func turn(at now: Timestamp) -> Turn {
        // The clock was put back: nobody waits for more than a day.
        let latest = now.advanced(byMilliseconds: Self.limitMilliseconds)
        if until > latest { begin(at: latest) }
        if now < until { return .at(until) }
        if now < counted { counted = now }
        switch probe {
        case .none: break
        case .underWay: return .afterProbe
        case .due:
            allowance = 1
            counted = now
            return .now
        }
        raise(at: now)
        let seconds = Double(now.milliseconds - counted.milliseconds) / 1000
        allowance = min(allowance + seconds * ratePerSecond, max(1, ratePerSecond * Self.burstShare))
        counted = now
        if allowance >= 1 { return .now }
        return .at(now.advanced(byMilliseconds: Int64(((1 - allowance) * 1000 / ratePerSecond).rounded(.up))))
    }

    /// A delivery's request starts.
    public mutating func take(_ delivery: Int64) {
        allowance -= 1
        if probe == .due { probe = .underWay(delivery) }
    }

    /// Whether the endpoint is as any other again.
    public func isOver(at now: Timestamp) -> Bool {
        if isProbing { return false }
        return ratePerSecond >= Self.freeRate || now.milliseconds - until.milliseconds >= Self.memoryMilliseconds
    }

    /// Once a second, where the rate was made use of.
    private mutating func raise(at now: Timestamp) {
        if now < raised { raised = now }
        guard now.milliseconds - raised.milliseconds >= 1000, Double(successes) * 2 >= ratePerSecond else { return }
        if let knownRate, ratePerSecond >= knownRate {
            ratePerSecond += max(1, ratePerSecond / 20)
        } else {
            ratePerSecond = min(ratePerSecond * 2, knownRate ?? .infinity)
        }
        raised = now
        successes = 0
    }
}
