public import PosthornText

/// How an endpoint does, by its attempts in a row. A suspended one gets one request, the probe, when the pause is over, and after a
/// success as many more each second as go well.
///
/// ```
///            failures in a row        more of them
/// healthy ─────────────────▶ failing ─────────────▶ suspended ⟲ a probe fails
///    ▲                          │                       │
///    └──────────────────────────┴───────────────────────┘ a request succeeds
/// ```
public struct EndpointHealth: Sendable, Hashable {
    /// What it is. The words stand in the outbox and in the output.
    public enum State: String, Sendable, CaseIterable {
        /// Nothing is known against it.
        case healthy
        /// Several attempts have failed in a row; all goes on as it is.
        case failing
        /// So many have failed that what is due for it waits, without using attempts, but for one probe now and then.
        case suspended

        /// Where it may go from here.
        public var legalMoves: [State] {
            switch self {
            case .healthy: [.failing]
            case .failing: [.suspended, .healthy]
            case .suspended: [.suspended, .healthy]
            }
        }
    }

    /// What it is.
    public private(set) var state: State
    /// Since when.
    public private(set) var since: Timestamp
    /// When a suspended one is probed next.
    public private(set) var until: Timestamp?
    /// What the last failed attempt came to: an ``AttemptError``'s word, with the status where there was one.
    public private(set) var reason: String
    /// How many attempts have failed in a row.
    public private(set) var failures: Int
    /// How many of them were probes.
    public private(set) var probes: Int

    /// One of which nothing is known.
    public init(at now: Timestamp) {
        self.init(state: .healthy, since: now, until: nil, reason: "", failures: 0, probes: 0)
    }

    /// One as it was written down.
    public init(state: State, since: Timestamp, until: Timestamp?, reason: String, failures: Int, probes: Int) {
        self.state = state
        self.since = since
        self.until = until
        self.reason = reason
        self.failures = failures
        self.probes = probes
    }

    /// Whether an attempt that failed so says something of the receiver. What this machine lacks does not, nor an event that the format
    /// cannot carry.
    static func counts(_ error: AttemptError) -> Bool {
        switch error {
        case .unbuildable, .resources, .other: false
        case .status, .timeout, .dns, .connect, .tls, .closed, .badResponse, .headersTooLarge, .refusedAddress: true
        }
    }

    /// Learns from an attempt.
    /// - Parameters:
    ///   - outcome: Its result.
    ///   - speed: How many times faster than written the pauses are.
    /// - Returns: The state before, when something has changed that others are to know: the state, or that a probe has failed.
    public mutating func note(_ outcome: AttemptOutcome, _ policy: HealthPolicy, speed: Double = 1) -> State? {
        let former = state
        let now = outcome.started.advanced(byMilliseconds: outcome.durationMicroseconds / 1000)
        guard let error = outcome.error else {
            self = EndpointHealth(at: now)
            return former == .healthy ? nil : former
        }
        guard Self.counts(error) else { return nil }
        if state == .suspended {
            // What was on the wire when it was suspended is no probe.
            guard let until, outcome.started >= until else { return nil }
            probes += 1
        }
        failures += 1
        reason = error.rawValue + (outcome.status.map { " \($0)" } ?? "")
        if state == .suspended || failures >= policy.suspendAfter {
            if state != .suspended { since = now }
            state = .suspended
            until = now.advanced(byMilliseconds: Transition.scaled(HealthPolicy.pauseMilliseconds(afterProbes: probes), speed))
            return former
        }
        guard state == .healthy, failures >= policy.failingAfter else { return nil }
        state = .failing
        since = now
        return former
    }
}
