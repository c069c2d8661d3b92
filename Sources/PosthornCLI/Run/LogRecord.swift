import Posthorn
import PosthornModel
import PosthornText

/// One line of the engine's log, for people or for machines.
struct LogRecord: Sendable, Equatable {
    /// How much it matters, least first.
    enum Level: String, CaseIterable, Comparable, Sendable {
        /// Only asked for: then every attempt has a line, delivered ones too.
        case trace
        /// Only asked for: then every failed attempt has a line of its own.
        case debug
        case info, warn, error

        static func < (a: Level, b: Level) -> Bool { a.rank < b.rank }

        /// Its place among all, from 0.
        var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// A value of a field.
    enum Value: Sendable, Equatable {
        case text(String)
        case number(Int64)
    }

    /// A named value that belongs to what happened.
    struct Field: Sendable, Equatable {
        let name: String
        let value: Value

        init(_ name: String, _ text: String) {
            self.name = name
            value = .text(text)
        }

        init(_ name: String, _ number: some BinaryInteger) {
            self.name = name
            value = .number(Int64(number))
        }
    }

    let level: Level
    /// Fit for a filter: `attempt_failed`.
    let event: String
    /// For people.
    let sentence: String
    let fields: [Field]
    /// The failed attempt that it is about, if it is.
    let failure: FailureDigest.Failure?

    init(_ level: Level, _ event: String, _ sentence: String, _ fields: [Field] = [], failure: FailureDigest.Failure? = nil) {
        self.failure = failure
        self.level = level
        self.event = event
        self.sentence = sentence
        self.fields = fields
    }

    /// Whether it is about the end of a run, so that what failed before is to be said before it.
    var isOfEnd: Bool { ["draining", "stopped", "not_all_delivered"].contains(event) }

    /// What the engine told.
    init(_ event: EngineEvent) {
        switch event {
        case .standingBy(let owner):
            let who = owner.map { "process \($0)" } ?? "another process"
            self.init(.info, "standing_by", "standing by: \(who) delivers from this outbox", owner.map { [Field("owner", $0)] } ?? [])
        case .started: self.init(.info, "started", "started")
        case .topologyRead(let count):
            self.init(.info, "topology_read", "hierarchy read", [Field("endpoints", count)])
        case .attemptFailed(let update): self.init(failed: update)
        case .deliveryGone(let gone): self.init(gone: gone)
        case .mail(let update): self.init(mail: update)
        case .endpointVerified(let endpoint):
            self.init(.info, "endpoint_verified", "endpoint verified", [Field("endpoint", endpoint)])
        case .endpointNotVerified(let endpoint, let reason, let next):
            let fields = [Field("endpoint", endpoint), Field("reason", reason)]
            let time = next.map { [Field("next_try_at", $0.description)] } ?? []
            self.init(.warn, "endpoint_not_verified", "endpoint not verified, its deliveries are held", fields + time)
        case .endpointBroken(let endpoint, let reason):
            let fields = [Field("endpoint", endpoint), Field("reason", reason)]
            self.init(.error, "endpoint_broken", "endpoint cannot be used, its deliveries wait until it is mended", fields)
        case .endpointMended(let endpoint):
            self.init(.info, "endpoint_mended", "endpoint can be used again", [Field("endpoint", endpoint)])
        case .endpointFailing(let endpoint, let health):
            let fields = [Field("endpoint", endpoint), Field("failures", health.failures), Field("reason", health.reason)]
            self.init(.warn, "endpoint_failing", "attempts to this endpoint fail, one after the other", fields)
        case .endpointSuspended(let endpoint, let health):
            let fields = [Field("endpoint", endpoint), Field("failures", health.failures), Field("reason", health.reason)]
            let next = health.until.map { [Field("next_probe_at", $0.description)] } ?? []
            let sentence = "endpoint suspended: what is due for it waits without using attempts, but for one probe now and then"
            self.init(.error, "endpoint_suspended", sentence, fields + next)
        case .endpointRecovered(let endpoint):
            let sentence = "endpoint answers again; what waits for it goes out at a growing rate"
            self.init(.info, "endpoint_recovered", sentence, [Field("endpoint", endpoint)])
        case .endpointDisabling(let endpoint, let percent, let time):
            let fields = [Field("endpoint", endpoint), Field("percent", percent), Field("disabled_at", time.description)]
            self.init(.warn, "endpoint_disabling", "no attempt to this endpoint succeeds, and it will be disabled", fields)
        case .endpointDisabled(let endpoint, let health):
            let fields = [Field("endpoint", endpoint), Field("failures", health.failures), Field("reason", health.reason)]
            let sentence = "endpoint disabled: its deliveries are held until posthorn endpoint enable"
            self.init(.error, "endpoint_disabled", sentence, fields)
        case .laneStopped(let endpoint, let delivery):
            let sentence = "what waits in order behind an exhausted delivery stands still; posthorn retry, skip or cancel it"
            self.init(.error, "lane_stopped", sentence, [Field("endpoint", endpoint), Field("delivery", delivery)])
        case .storageFailed(let failure):
            self.init(
                .error,
                "storage_failed",
                "the outbox cannot be written, so nothing is sent until it can: \(Self.text(failure))",
                [Field("code", failure.code)]
            )
        case .descriptorsUsedUp:
            self.init(
                .error,
                "descriptors_used_up",
                "no descriptors, or no memory, are left, so requests beyond those on the wire wait and use up no attempts; raise the limit "
                    + "(ulimit -n, or LimitNOFILE= of the service; of memory ulimit -v, LimitAS=)"
            )
        case .descriptorsRecovered: self.init(.info, "descriptors_recovered", "there are descriptors and memory again")
        case .machineFault(let fault, let detail):
            let sentence = "this machine cannot send what is due, which waits and uses up no attempts: \(fault.sentence)"
            self.init(.error, "machine_fault", sentence, [Field("fault", fault.rawValue), Field("detail", detail)])
        case .machineFaultOver(let fault):
            self.init(.info, "machine_fault_over", "what kept this machine from sending is mended", [Field("fault", fault.rawValue)])
        case .logHeldBack(let bytes):
            self.init(
                .warn,
                "log_held_back",
                "a long-running read transaction keeps the write-ahead log from being truncated, so it grows until the disk is full; find the "
                    + "process with fuser on the outbox's file and end it",
                [Field("bytes", bytes)]
            )
        case .logReleased: self.init(.info, "log_released", "the write-ahead log can be emptied again")
        case .storageRecovered: self.init(.info, "storage_recovered", "the outbox can be written again")
        case .claimFailed(let failure):
            self.init(
                .error,
                "claim_failed",
                "what is due cannot be read, so nothing more is sent until it can: \(Self.text(failure)); posthorn doctor says what is damaged",
                [Field("code", failure.code)]
            )
        case .claimRecovered: self.init(.info, "claim_recovered", "what is due can be read again")
        case .shardsLost(let count):
            let sentence =
                "others took this engine for dead, or its database server may lack the last commits (failover, restored backup): what "
                + "was under way is not recorded here and may go out again"
            self.init(.warn, "shards_lost", sentence, [Field("shards", count)])
        case .strayDelivery(let delivery):
            self.init(
                .error,
                "stray_delivery",
                "a delivery cannot go out, because its event or its endpoint's settings are missing or cannot be read; posthorn doctor says more",
                [Field("delivery", delivery)]
            )
        case .ownershipLost(let failure):
            self.init(.error, "ownership_lost", Self.text(failure), [Field("code", failure.code)])
        case .drainCut(let requests):
            self.init(
                .warn,
                "drain_cut",
                "requests were cut off, because the drain has lasted as long as it may; they go out again with the next run",
                [Field("requests", requests)]
            )
        case .eventsDropped(let count):
            self.init(.warn, "events_dropped", "events came faster than they were logged and were left out", [Field("count", count)])
        case .workFailed(let work, let failure):
            self.init(
                .error,
                "work_failed",
                "\(work == .jobs ? "replays and bulk jobs" : "mails") stand still and are tried again, since the outbox cannot be used for them: "
                    + Self.text(failure),
                [Field("work", work.rawValue), Field("code", failure.code)]
            )
        case .workRecovered(let work):
            self.init(.info, "work_recovered", "the outbox can be used for that again", [Field("work", work.rawValue)])
        case .pruned(let report):
            let fields = [Field("events", report.events), Field("deliveries", report.deliveries), Field("attempts", report.attempts)]
            let payloads = [Field("payloads", report.payloads)]
            self.init(.info, "pruned", "what --keep and --keep-payloads do not keep any more was deleted", fields + payloads)
        case .pruneFailed(let failure):
            self.init(.warn, "prune_failed", "old deliveries could not be deleted: \(Self.text(failure))", [Field("code", failure.code)])
        case .draining: self.init(.info, "draining", "draining: no new requests, those on the wire end")
        case .stopped: self.init(.info, "stopped", "stopped")
        }
    }

    /// A failure of the outbox, and what to do.
    private static func text(_ failure: EngineEvent.OutboxFailure) -> String {
        failure.message + (failure.remedy.map { "; \(RemedyText.sentence($0))" } ?? "")
    }

    /// An attempt that delivered, for those who follow each.
    init(delivered update: DeliveryUpdate) {
        let fields = [
            Field("delivery", update.delivery), Field("endpoint", update.endpoint), Field("event_id", update.event),
            Field("type", update.type), Field("attempt", update.attempt), Field("duration_us", update.outcome.durationMicroseconds),
        ]
        self.init(.trace, "delivered", "delivered", fields)
    }

    private init(failed update: DeliveryUpdate) {
        let outcome = update.outcome
        var fields = [
            Field("delivery", update.delivery), Field("endpoint", update.endpoint), Field("event_id", update.event),
            Field("type", update.type), Field("attempt", update.attempt), Field("error", outcome.error?.rawValue ?? "none"),
        ]
        if let status = outcome.status { fields.append(Field("status", status)) }
        if !outcome.errorText.isEmpty { fields.append(Field("error_text", RemedyText.detail(of: outcome))) }
        fields.append(Field("state", update.state.rawValue))
        if let next = update.nextAttemptAt { fields.append(Field("next_attempt_at", next.description)) }
        let isExhausted = update.state == .exhausted
        let failure = FailureDigest.Failure(
            endpoint: update.endpoint,
            error: outcome.error?.rawValue ?? "none",
            isExhausted: isExhausted
        )
        if isExhausted {
            self.init(.error, "exhausted", "delivery exhausted", fields, failure: failure)
        } else {
            self.init(.warn, "attempt_failed", "attempt failed", fields, failure: failure)
        }
    }

    private init(gone: OrphanedResult) {
        let fields = [
            Field("delivery", gone.delivery), Field("endpoint", gone.endpoint), Field("event_id", gone.event),
            Field("attempt", gone.attempt), Field("result", gone.outcome.error?.rawValue ?? "delivered"),
        ]
        self.init(.warn, "delivery_gone", "the delivery was pruned while its request was on the wire; its result is not stored", fields)
    }

    /// `2026-11-21T06:47:50.123Z warn  attempt failed delivery=17 endpoint=crm …`
    func text(at now: Timestamp) -> String {
        var line = "\(now) \(level.rawValue)\(level.rawValue.count == 4 ? " " : "") \(TerminalText.text(sentence))"
        for field in fields {
            switch field.value {
            case .number(let number): line += " \(field.name)=\(number)"
            case .text(let text): line += " \(field.name)=\(Self.quoted(TerminalText.text(text)))"
            }
        }
        return line
    }

    /// A value that ends where it seems to end: quoted where it holds what could pass for a further field, as receivers choose some.
    private static func quoted(_ text: String) -> String {
        // In bytes: a quotation mark with a combining accent behind it is another character, but the same byte for a filter.
        let bytes = Array(text.utf8)
        guard bytes.isEmpty || bytes.contains(where: { " \"=".utf8.contains($0) }) else { return text }
        let escaped = bytes.flatMap { "\"\\".utf8.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
        return "\"\(String(decoding: escaped, as: UTF8.self))\""
    }

    /// The same as one JSON object: time, level, event, message and the fields.
    func json(at now: Timestamp) -> String {
        var line = JSONLine()
        line.add("time", now)
        line.add("level", level.rawValue)
        line.add("event", event)
        line.add("message", sentence)
        for field in fields {
            switch field.value {
            case .number(let number): line.add(field.name, number)
            case .text(let text): line.add(field.name, text)
            }
        }
        return line.text
    }
}
