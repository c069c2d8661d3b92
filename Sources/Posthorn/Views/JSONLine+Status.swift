import PosthornModel
package import PosthornStore
package import PosthornText

extension OutboxStatus {
    /// The pulse, unless it is too old to say anything about now.
    package func currentPulse(at now: Timestamp) -> EngineHeartbeat? {
        guard engine != nil, let pulse, pulse.at <= now, now.milliseconds - pulse.at.milliseconds <= Outbox.pulseLifeMilliseconds else {
            return nil
        }
        return pulse
    }
}

/// The JSON object in which the command line and the HTTP API show the figures of an outbox.
extension JSONLine {
    /// Everything that `posthorn status` shows.
    package init(_ status: OutboxStatus, _ troubles: EndpointTroubles, at now: Timestamp) {
        let pulse = status.currentPulse(at: now)
        self.init()
        add("events", status.events)
        add("arrivals", status.arrivals)
        add("arrivals_at_least", status.areArrivalsAtLeast)
        add("deliveries", JSONLine(deliveriesOf: status))
        add("oldest_waiting", status.oldestReady)
        add("backlog_age_ms", status.oldestReady.map { max(0, now.milliseconds - $0.milliseconds) })
        add("overdue", status.overdue)
        add("overdue_at_least", status.isOverdueAtLeast)
        add("overdue_age_ms", status.overdueSince.map { max(0, now.milliseconds - $0.milliseconds) })
        add("next_retry_at", status.nextRetry)
        add("nodes", status.nodes)
        addEndpoints(status.endpoints, troubles)
        add("engine_pid", status.engine)
        add("engine_problem", status.engineTrouble)
        add("attempts_per_second", fraction: pulse?.attemptsPerSecond)
        add("delivered_per_second", fraction: pulse?.deliveredPerSecond)
        add("in_flight", pulse?.inFlight)
        add(bindingLimits: pulse?.limits ?? [])
        add("clock_skew_ms", pulse?.clockSkew?.milliseconds)
        add("clock_skew_endpoints", pulse?.clockSkew?.endpoints)
        addMails(status.mails)
        addUpkeep(status.upkeep)
    }

    private mutating func addUpkeep(_ facts: UpkeepFacts) {
        add("retention", facts.retention) { line, retention in
            line.add("keep", retention.policy.words)
            line.add("keep_payloads", retention.policy.payloadsWord)
            line.add("last_look_at", retention.lookedAt)
        }
        add("last_backup", facts.backup) { line, backup in
            line.add("taken_at", backup.takenAt)
            line.add("bytes", backup.bytes)
            line.add("events", backup.events)
        }
    }

    /// An object of what a value has, or null where there is none.
    private mutating func add<Value>(_ name: String, _ value: Value?, _ fill: (inout JSONLine, Value) -> Void) {
        guard let value else { return add(name, nil as String?) }
        var line = JSONLine()
        fill(&line, value)
        add(name, line)
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
        add("mail_refused", status.refused) { line, mail in
            line.add("recipient", mail.recipient)
            line.add("endpoint", mail.endpoint)
            line.add("answer", mail.answer)
        }
        add("without_contact", status.withoutContact)
    }
}

extension JSONLine {
    /// What can be said of a part of the hierarchy.
    package init(nodes: Int, endpoints: [EndpointState: Int], _ troubles: EndpointTroubles, bindingLimits: [BindingLimit]) {
        self.init()
        add("nodes", nodes)
        addEndpoints(endpoints, troubles)
        add(bindingLimits: bindingLimits)
    }

    private mutating func add(bindingLimits: [BindingLimit]) { add("binding_limits", .array(bindingLimits.map(\.json))) }

    private mutating func addEndpoints(_ counts: [EndpointState: some BinaryInteger], _ troubles: EndpointTroubles) {
        var endpoints = JSONLine()
        for state in EndpointState.allCases { endpoints.add(state.rawValue, counts[state] ?? 0) }
        add("endpoints", endpoints)
        var broken = JSONLine()
        for (id, reason) in troubles.broken.shown { broken.add(id, reason) }
        add("broken_endpoints", broken)
        add("broken_count", troubles.broken.count)
        add("broken_at_least", troubles.broken.isAtLeast)
        var waiting = JSONLine()
        for (id, until) in troubles.throttled.shown { waiting.add(id, until) }
        add("throttled_endpoints", waiting)
        add("throttled_count", troubles.throttled.count)
        add("throttled_at_least", troubles.throttled.isAtLeast)
        var unhealthy = JSONLine()
        for (id, health) in troubles.unhealthy.shown { unhealthy.add(id, JSONLine(health)) }
        add("unhealthy_endpoints", unhealthy)
        add("unhealthy_count", troubles.unhealthy.count)
        add("unhealthy_at_least", troubles.unhealthy.isAtLeast)
        for state in [EndpointHealth.State.failing, .suspended] { add("\(state.rawValue)_count", troubles.health[state] ?? 0) }
    }
}
