import PosthornModel
package import PosthornStore
package import PosthornText

extension OutboxStatus {
    /// What the engine said of itself counts for so long.
    private static let pulseLifeMilliseconds: Int64 = 15_000

    /// The pulse, unless it is too old to say anything about now.
    package func currentPulse(at now: Timestamp) -> EngineHeartbeat? {
        guard engine != nil, let pulse, pulse.at <= now, now.milliseconds - pulse.at.milliseconds <= Self.pulseLifeMilliseconds else {
            return nil
        }
        return pulse
    }
}

/// The JSON object in which the command line and the HTTP API show the figures of an outbox.
extension JSONLine {
    /// Everything that `posthorn status` shows.
    /// - Parameters:
    ///   - faults: Why endpoints cannot be used, by their ids.
    ///   - throttled: Until when receivers asked to be left alone, by their endpoints' ids.
    package init(_ status: OutboxStatus, faults: [String: String], throttled: [String: Timestamp], at now: Timestamp) {
        let pulse = status.currentPulse(at: now)
        self.init()
        add("events", status.events)
        add("arrivals", status.arrivals)
        add("deliveries", JSONLine(deliveriesOf: status))
        add("oldest_waiting", status.oldestReady)
        add("backlog_age_ms", status.oldestReady.map { max(0, now.milliseconds - $0.milliseconds) })
        add("overdue", status.overdue)
        add("overdue_age_ms", status.overdueSince.map { max(0, now.milliseconds - $0.milliseconds) })
        add("next_retry_at", status.nextRetry)
        add("nodes", status.nodes)
        addEndpoints(status.endpoints, faults, throttled)
        add("engine_pid", status.engine)
        add("engine_problem", status.engineTrouble)
        add("attempts_per_second", fraction: pulse?.attemptsPerSecond)
        add("delivered_per_second", fraction: pulse?.deliveredPerSecond)
        add("in_flight", pulse?.inFlight)
        add("clock_skew_ms", pulse?.clockSkew?.milliseconds)
        add("clock_skew_endpoints", pulse?.clockSkew?.endpoints)
        addMails(status.mails)
    }

    /// Deliveries by state.
    package init(deliveriesOf status: OutboxStatus) {
        self.init()
        for state in DeliveryState.allCases { add(state.rawValue, status.deliveries[state] ?? 0) }
    }

    private mutating func addMails(_ status: MailStatus) {
        var counts = JSONLine()
        for state in MailState.allCases { counts.add(state.rawValue, status.counts[state] ?? 0) }
        add("mails", counts)
        add("next_mail_at", status.next)
        add("mails_served", status.isServed)
        add("mail_answer", status.answer)
        if let mail = status.refused {
            var refused = JSONLine()
            refused.add("recipient", mail.recipient)
            refused.add("endpoint", mail.endpoint)
            refused.add("answer", mail.answer)
            add("mail_refused", refused)
        } else {
            add("mail_refused", nil as String?)
        }
        add("without_contact", status.withoutContact)
    }
}

extension JSONLine {
    /// What can be said of a part of the hierarchy.
    package init(nodes: Int, endpoints: [EndpointState: Int], faults: [String: String], throttled: [String: Timestamp]) {
        self.init()
        add("nodes", nodes)
        addEndpoints(endpoints, faults, throttled)
    }

    private mutating func addEndpoints(
        _ counts: [EndpointState: some BinaryInteger],
        _ faults: [String: String],
        _ throttled: [String: Timestamp]
    ) {
        var endpoints = JSONLine()
        for state in EndpointState.allCases { endpoints.add(state.rawValue, counts[state] ?? 0) }
        add("endpoints", endpoints)
        var broken = JSONLine()
        for (id, reason) in faults.sorted(by: { $0.key < $1.key }) { broken.add(id, reason) }
        add("broken_endpoints", broken)
        var waiting = JSONLine()
        for (id, until) in throttled.sorted(by: { $0.key < $1.key }) { waiting.add(id, until) }
        add("throttled_endpoints", waiting)
    }
}
