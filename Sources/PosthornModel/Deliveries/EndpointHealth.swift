public import PosthornText

/// How an endpoint does, by its attempts in a row. A suspended one gets one request, the probe, when the pause is over, and after a
/// success as many more each second as go well.
///
/// ```
///            failures in a row        more of them
/// healthy ─────────────────▶ failing ─────────────▶ suspended ⟲ a probe fails
///  ▲   ▲                      │   │                  │   │
///  │   └──────────────────────┴───│──────────────────┘   │ a request succeeds
///  │                              ▼ for too long, or gone ▼
///  └─────────────────────────── disabled ◀───────────────┘
///          an operator enables it
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
        /// It is switched off, and its deliveries are held, until an operator enables it.
        case disabled

        /// Where it may go from here.
        public var legalMoves: [State] {
            switch self {
            case .healthy: [.failing, .disabled]
            case .failing, .suspended: [.suspended, .healthy, .disabled]
            case .disabled: [.healthy]
            }
        }
    }

    /// Who brought it into its state. The words stand in the outbox and in the output.
    public enum Actor: String, Sendable, CaseIterable {
        /// The engine, by what its receiver answered.
        case engine
        /// A person, or a program of theirs.
        case hand
    }

    /// What it is.
    public private(set) var state: State
    /// Since when.
    public private(set) var since: Timestamp
    /// When a suspended one is probed next.
    public private(set) var until: Timestamp?
    /// What the last failed attempt came to: an ``AttemptError``'s word, with the status where there was one. Of one that was disabled by
    /// hand, what they said.
    public private(set) var reason: String
    /// Who brought it there.
    public private(set) var actor: Actor
    /// How many attempts have failed in a row.
    public private(set) var failures: Int
    /// How many of them were probes.
    public private(set) var probes: Int
    /// When the first of them failed; `nil` when none did.
    public private(set) var failingSince: Timestamp?
    /// When its receiver said first that it is gone, if that is what it said last.
    public private(set) var goneSince: Timestamp?
    /// The last notice that was given of its being disabled: 0, or one of ``HealthPolicy/noticePercents``.
    public private(set) var noticedPercent: Int
    /// When it is disabled at the earliest if nothing succeeds until then; `nil` when it is not, or is disabled already.
    public private(set) var disablesAt: Timestamp?

    /// One of which nothing is known.
    public init(at now: Timestamp) {
        self.init(state: .healthy, since: now, until: nil, reason: "", failures: 0, probes: 0)
    }

    /// One as it was written down.
    public init(
        state: State,
        since: Timestamp,
        until: Timestamp?,
        reason: String,
        actor: Actor = .engine,
        failures: Int,
        probes: Int,
        failingSince: Timestamp? = nil,
        goneSince: Timestamp? = nil,
        noticedPercent: Int = 0
    ) {
        self.state = state
        self.since = since
        self.until = until
        self.reason = reason
        self.actor = actor
        self.failures = failures
        self.probes = probes
        self.failingSince = failingSince
        self.goneSince = goneSince
        self.noticedPercent = noticedPercent
    }

    /// The same with when it is disabled, as that was written down.
    package func with(disablesAt moment: Timestamp?) -> EndpointHealth {
        var health = self
        health.disablesAt = moment
        return health
    }

    /// One that an operator has switched off.
    public static func disabledByHand(_ reason: String?, at now: Timestamp) -> EndpointHealth { changedByHand(false, reason, at: now) }

    /// One that an operator has switched on, or off.
    package static func changedByHand(_ isOn: Bool, _ reason: String? = nil, at now: Timestamp) -> EndpointHealth {
        let state: State = isOn ? .healthy : .disabled
        return EndpointHealth(state: state, since: now, until: nil, reason: reason ?? "", actor: .hand, failures: 0, probes: 0)
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
        // What was on the wire when it was disabled says nothing any more: the operator decides now.
        if state == .disabled { return nil }
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
        failingSince = failingSince ?? now
        disablesAt = disabling(policy, speed)
        reason = error.rawValue + (outcome.status.map { " \($0)" } ?? "")
        if isConfirmedGone(outcome, at: now, policy, speed) || isToBeDisabled(at: outcome.started, policy, speed) {
            (state, since, until, disablesAt) = (.disabled, now, nil, nil)
            return former
        }
        if state == .suspended || policy.suspendAfter.map({ failures >= $0 }) ?? false {
            if state != .suspended { since = now }
            state = .suspended
            until = now.advanced(byMilliseconds: Transition.scaled(HealthPolicy.pauseMilliseconds(afterProbes: probes), speed))
            return former
        }
        guard state == .healthy, failures >= policy.failingAfter || goneSince != nil else { return nil }
        state = .failing
        since = now
        return former
    }

    /// One answer of 410 may be a mistake, and those of requests of one moment are one answer.
    private mutating func isConfirmedGone(_ outcome: AttemptOutcome, at now: Timestamp, _ policy: HealthPolicy, _ speed: Double) -> Bool {
        guard policy.goneDisables, outcome.status == 410 else {
            goneSince = nil
            return false
        }
        guard let first = goneSince else {
            goneSince = now
            return false
        }
        let confirmation = Transition.scaled(HealthPolicy.goneConfirmationMilliseconds, speed)
        return outcome.started >= first.advanced(byMilliseconds: confirmation)
    }

    /// Whether its time is over, and word was given of that before.
    private func isToBeDisabled(at started: Timestamp, _ policy: HealthPolicy, _ speed: Double) -> Bool {
        guard failures >= HealthPolicy.fewFailures, noticedPercent == HealthPolicy.noticePercents.last,
            let end = disabling(policy, speed)
        else { return false }
        return started >= end
    }

    /// When it is disabled if nothing succeeds until then; `nil` when it is not.
    public func disabling(_ policy: HealthPolicy, _ speed: Double = 1) -> Timestamp? {
        guard let failingSince, let length = policy.disableAfterMilliseconds, state != .disabled else { return nil }
        return failingSince.advanced(byMilliseconds: Transition.scaled(length, speed))
    }

    /// Takes over a policy that it was not judged by before.
    /// - Returns: Whether that changes when it is disabled.
    package mutating func adopt(_ policy: HealthPolicy, speed: Double = 1) -> Bool {
        let former = disablesAt
        disablesAt = disabling(policy, speed)
        return disablesAt != former
    }

    /// The notice that is to be given now, once: how much of the time until it is disabled is over, in percent. Of several that are due the
    /// last one.
    public mutating func takeNotice(at now: Timestamp, _ policy: HealthPolicy, speed: Double = 1) -> Int? {
        guard state != .healthy, let failingSince, let end = disabling(policy, speed) else { return nil }
        let (passed, whole) = (now.milliseconds - failingSince.milliseconds, max(1, end.milliseconds - failingSince.milliseconds))
        let due = HealthPolicy.noticePercents.last { passed >= whole / 100 * Int64($0) }
        guard let due, due > noticedPercent else { return nil }
        noticedPercent = due
        return due
    }
}
