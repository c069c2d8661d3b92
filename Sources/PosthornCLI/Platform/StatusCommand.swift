import Posthorn
import PosthornModel
import PosthornText
import PosthornStore
import PosthornSystem

/// `posthorn status`
enum StatusCommand: Command {
    static let specification = CommandSpecification(
        name: "status",
        summary: "show counts by state, the backlog's age and the rates",
        details: [
            "Rates are what the running engine last wrote down, over ten seconds; one that has been silent for 15 seconds delivers"
                + "\nnothing.",
            "With --json: one object; absent values are null. Its keys:\n" + HelpText.list(keys),
        ],
        examples: ["posthorn status", "posthorn status --json"]
    )

    private static let worst = EndpointTroubles.shownLimit

    private static let keys: [(String, String)] = [
        ("events, arrivals", "events stored; those inserted by SQL that are not routed yet"),
        ("arrivals_at_least", "whether there may be more: arrivals are counted as far as \(HumanText.grouped(OutboxStatus.arrivalLimit))"),
        ("deliveries", "counts by state"),
        ("oldest_waiting, backlog_age_ms", "when the event of the oldest delivery without an attempt happened, and how long ago"),
        ("overdue, overdue_age_ms", "deliveries whose time has come, and since when"),
        ("overdue_at_least", "whether there may be more: retries are counted as far as \(HumanText.grouped(OutboxStatus.overdueLimit))"),
        ("next_retry_at", "when the next retry is due"),
        ("nodes, endpoints", "how many; endpoints by state"),
        ("broken_endpoints", "the reason by id: why the endpoint cannot be used; this and the next two name the \(worst) worst"),
        ("throttled_endpoints", "until when by id: the receiver has asked to be left alone, by Retry-After"),
        (
            "unhealthy_endpoints",
            "by id: health (failing, suspended, disabled), health_since, next_probe_at, disables_at, health_reason, health_actor, …"
        ),
        ("failing_count, suspended_count", "how many are failing, and suspended"),
        ("broken_count, throttled_count, unhealthy_count", "how many"),
        ("broken_at_least, throttled_at_least, unhealthy_at_least", "whether there may be more than these"),
        ("engine_pid, engine_problem", "the running engine"),
        ("attempts_per_second, delivered_per_second, in_flight", "what it does"),
        (
            "binding_limits",
            "limits of nodes' trees (node null: of all endpoints) at which deliveries wait: rate_per_second, max_in_flight, in_flight, waiting_endpoints"
        ),
        ("clock_skew_ms, clock_skew_endpoints", "how far this clock is behind receivers' (below 0: ahead); how many of them say so"),
        ("mails, next_mail_at", "counts by state; when the next one is due"),
        ("mails_served", "the running engine has --smtp; null if none runs"),
        ("mail_answer", "the server's last answer about a mail that waits"),
        ("mail_refused", "the newest refused mail: recipient, endpoint, answer"),
        (
            "retention",
            "what the engine deletes, of several the one that looked last: keep ([]: nothing) and keep_payloads as its flags have them, last_look_at"
        ),
        ("last_backup", "the newest copy by posthorn backup: taken_at, bytes, events"),
        ("without_contact", "exhausted deliveries without any notification_contact, since the outbox was made; each exhaustion counts"),
    ]

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let (status, troubles) = try context.withOutboxToRead { outbox in (try outbox.status(), try outbox.troubles()) }
        let now = SystemClock().now()
        if context.json {
            context.output.write(JSONLine(status, troubles, at: now))
        } else {
            context.output.write(text(status, troubles, at: now))
        }
        return 0
    }

    static func text(_ status: OutboxStatus, _ troubles: EndpointTroubles, at now: Timestamp) -> String {
        var rows: [(String, String)] = []
        rows.append(("engine", status.engine.map { "running, process \($0)" } ?? (status.engineTrouble == nil ? "not running" : "unknown")))
        if let trouble = status.engineTrouble { rows.append(("trouble", TerminalText.text(trouble))) }
        let least = HumanText.least(status.areArrivalsAtLeast)
        rows.append(("events", least + HumanText.grouped(status.events)))
        if status.arrivals > 0 {
            rows.append(("arrivals", "\(least)\(HumanText.grouped(status.arrivals)) wait for their recipients to be found"))
        }
        for state in DeliveryState.allCases { rows.append((state.rawValue, HumanText.grouped(status.deliveries[state] ?? 0))) }
        rows.append(
            ("backlog", status.oldestReady.map { "oldest waiting event is from \($0), \(HumanText.distance(to: $0, from: now))" } ?? "none")
        )
        if status.overdue > 0 { rows.append(("overdue", overdue(status, at: now))) }
        rows.append(
            ("next retry", status.nextRetry.map { "\($0), \($0 < now ? "overdue" : HumanText.distance(to: $0, from: now))" } ?? "none")
        )
        if let pulse = status.currentPulse(at: now) {
            rows.append(
                (
                    "rate",
                    "\(HumanText.oneDecimal(pulse.deliveredPerSecond))/s delivered of \(HumanText.oneDecimal(pulse.attemptsPerSecond))/s attempts"
                )
            )
            rows.append(("in flight", HumanText.grouped(pulse.inFlight)))
            for limit in pulse.limits { rows.append(("limit", LimitText.sentence(limit))) }
            if let skew = pulse.clockSkew, abs(skew.milliseconds) >= OutboxChecks.skewWarningMilliseconds {
                let way = skew.milliseconds > 0 ? "behind" : "ahead of"
                let length = HumanText.length(milliseconds: abs(skew.milliseconds))
                rows.append(("clock", "about \(length) \(way) receivers' (\(HumanText.count(skew.endpoints, "endpoint")))"))
            }
        } else if status.engine != nil {
            rows.append(("rate", "idle"))
        }
        rows += mails(status.mails, at: now)
        rows += upkeep(status.upkeep, at: now)
        rows.append(("nodes", HumanText.grouped(status.nodes)))
        let endpoints = EndpointState.allCases.compactMap { state in
            status.endpoints[state].flatMap { $0 > 0 ? "\(HumanText.grouped($0)) \(state.rawValue)" : nil }
        }
        rows.append(("endpoints", endpoints.isEmpty ? "none" : endpoints.joined(separator: ", ")))
        for (id, health) in troubles.unhealthy.shown {
            rows.append((health.state.rawValue, "\(TerminalText.text(id)): \(HealthText.sentence(health))"))
        }
        rows += rest("unhealthy", troubles.unhealthy)
        for (id, until) in troubles.throttled.shown {
            rows.append(("throttled", "\(TerminalText.text(id)): its receiver asked to be left alone until \(until)"))
        }
        rows += rest("throttled", troubles.throttled)
        for (id, reason) in troubles.broken.shown {
            rows.append(("broken", "\(TerminalText.text(id)): \(TerminalText.text(reason))"))
        }
        rows += rest("broken", troubles.broken)
        return TextColumns.lines(rows.map { [$0.0, $0.1] }).map { $0 + "\n" }.joined()
    }

    private static func upkeep(_ facts: UpkeepFacts, at now: Timestamp) -> [(String, String)] {
        var rows: [(String, String)] = []
        if let retention = facts.retention {
            let policy = retention.policy
            let parts = policy.words + (policy.payloadsWord.map { ["data of events \($0)"] } ?? [])
            let looked = retention.lookedAt.map { "; last looked \(HumanText.distance(to: $0, from: now))" } ?? ""
            rows.append(("retention", parts.isEmpty ? "the engine deletes nothing" : parts.joined(separator: ", ") + looked))
        }
        if let backup = facts.backup {
            let age = HumanText.distance(to: backup.takenAt, from: now)
            rows.append(("last backup", "\(backup.takenAt), \(age), \(HumanText.count(Int(backup.events), "event"))"))
        }
        return rows
    }

    /// How many there are beyond those that are named.
    private static func rest<Value>(_ word: String, _ list: EndpointTroubles.List<Value>) -> [(String, String)] {
        if list.count == list.shown.count, !list.isAtLeast { return [] }
        let count = HumanText.least(list.isAtLeast) + HumanText.count(list.count, "endpoint")
        return [(word, "\(count) in all; posthorn endpoint list has every one")]
    }

    /// How many deliveries are late, and by how long.
    static func overdue(_ status: OutboxStatus, at now: Timestamp) -> String {
        let age =
            status.overdueSince.map { ", the first for \(HumanText.length(milliseconds: max(0, now.milliseconds - $0.milliseconds)))" }
            ?? ""
        let least = HumanText.least(status.isOverdueAtLeast)
        return least + HumanText.count(Int(status.overdue), "delivery is due", "deliveries are due") + age
    }
}
