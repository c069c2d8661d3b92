import PosthornModel
import PosthornSending
import PosthornStore
import PosthornText

/// What an event is for a log: how much it matters, a name to filter by, and named values.
extension EngineEvent {
    /// How much an event matters.
    public enum Severity: String, Sendable, CaseIterable, Comparable {
        /// As it should be.
        case info
        /// Something failed and is tried again, or was left out.
        case warning
        /// Something that does not mend itself, or stops deliveries until it does.
        case error

        /// From ``info`` up to ``error``.
        public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .info: 0
            case .warning: 1
            case .error: 2
            }
        }
    }

    /// Its kind, as the log of `posthorn run` calls it; fit for a metric's label.
    public var name: String { facts.name }

    /// How much it matters.
    public var severity: Severity { facts.severity }

    /// What belongs to it, by name. Never a secret.
    public var metadata: [String: String] { facts.metadata }

    private struct Facts {
        let severity: Severity
        let name: String
        var metadata: [String: String]

        init(_ severity: Severity, _ name: String, _ metadata: [String: String?] = [:]) {
            self.severity = severity
            self.name = name
            self.metadata = metadata.compactMapValues { $0 }
        }
    }

    private var facts: Facts {
        switch self {
        case .standingBy(let owner): Facts(.info, "standing_by", ["owner": owner.map { "\($0)" }])
        case .started: Facts(.info, "started")
        case .topologyRead(let endpoints): Facts(.info, "topology_read", ["endpoints": "\(endpoints)"])
        case .attemptFailed(let update): Self.facts(of: update)
        case .deliveryGone(let gone):
            Facts(
                .warning,
                "delivery_gone",
                [
                    "delivery": "\(gone.delivery)", "endpoint": gone.endpoint, "event_id": gone.event, "attempt": "\(gone.attempt)",
                    "result": gone.outcome.error?.rawValue ?? "delivered",
                ]
            )
        case .mail(let update): Self.facts(of: update)
        case .endpointVerified(let endpoint): Facts(.info, "endpoint_verified", ["endpoint": endpoint])
        case .endpointNotVerified(let endpoint, let reason, let next):
            Facts(.warning, "endpoint_not_verified", ["endpoint": endpoint, "reason": reason, "next_try_at": next?.description])
        case .endpointBroken(let endpoint, let reason): Facts(.error, "endpoint_broken", ["endpoint": endpoint, "reason": reason])
        case .endpointMended(let endpoint): Facts(.info, "endpoint_mended", ["endpoint": endpoint])
        case .endpointFailing(let endpoint, let health):
            Facts(.warning, "endpoint_failing", ["endpoint": endpoint, "failures": "\(health.failures)", "reason": health.reason])
        case .endpointSuspended(let endpoint, let health):
            Facts(
                .error,
                "endpoint_suspended",
                [
                    "endpoint": endpoint, "failures": "\(health.failures)", "reason": health.reason,
                    "next_probe_at": health.until?.description,
                ]
            )
        case .endpointRecovered(let endpoint): Facts(.info, "endpoint_recovered", ["endpoint": endpoint])
        case .endpointDisabling(let endpoint, let percent, let time):
            Facts(.warning, "endpoint_disabling", ["endpoint": endpoint, "percent": "\(percent)", "disabled_at": time.description])
        case .endpointDisabled(let endpoint, let health):
            Facts(.error, "endpoint_disabled", ["endpoint": endpoint, "failures": "\(health.failures)", "reason": health.reason])
        case .laneStopped(let endpoint, let delivery):
            Facts(.error, "lane_stopped", ["endpoint": endpoint, "delivery": "\(delivery)"])
        case .descriptorsUsedUp: Facts(.error, "descriptors_used_up")
        case .descriptorsRecovered: Facts(.info, "descriptors_recovered")
        case .machineFault(let fault, let detail): Facts(.error, "machine_fault", ["fault": fault.rawValue, "detail": detail])
        case .machineFaultOver(let fault): Facts(.info, "machine_fault_over", ["fault": fault.rawValue])
        case .logHeldBack(let bytes): Facts(.warning, "log_held_back", ["bytes": "\(bytes)"])
        case .logReleased: Facts(.info, "log_released")
        case .storageFailed(let failure): Facts(.error, "storage_failed", ["code": failure.code])
        case .storageRecovered: Facts(.info, "storage_recovered")
        case .claimFailed(let failure): Facts(.error, "claim_failed", ["code": failure.code])
        case .claimRecovered: Facts(.info, "claim_recovered")
        case .strayDelivery(let delivery): Facts(.error, "stray_delivery", ["delivery": "\(delivery)"])
        case .shardsLost(let count): Facts(.warning, "shards_lost", ["shards": "\(count)"])
        case .ownershipLost(let failure): Facts(.error, "ownership_lost", ["code": failure.code])
        case .workFailed(let work, let failure): Facts(.error, "work_failed", ["work": work.rawValue, "code": failure.code])
        case .workRecovered(let work): Facts(.info, "work_recovered", ["work": work.rawValue])
        case .pruned(let report):
            Facts(
                .info,
                "pruned",
                [
                    "events": "\(report.events)", "deliveries": "\(report.deliveries)", "attempts": "\(report.attempts)",
                    "payloads": "\(report.payloads)",
                ]
            )
        case .pruneFailed(let failure): Facts(.warning, "prune_failed", ["code": failure.code])
        case .draining: Facts(.info, "draining")
        case .drainCut(let requests): Facts(.warning, "drain_cut", ["requests": "\(requests)"])
        case .eventsDropped(let count): Facts(.warning, "events_dropped", ["count": "\(count)"])
        case .stopped: Facts(.info, "stopped")
        }
    }

    private static func facts(of update: DeliveryUpdate) -> Facts {
        let isExhausted = update.state == .exhausted
        return Facts(
            isExhausted ? .error : .warning,
            isExhausted ? "exhausted" : "attempt_failed",
            [
                "delivery": "\(update.delivery)", "endpoint": update.endpoint, "event_id": update.event, "type": update.type,
                "attempt": "\(update.attempt)", "error": update.outcome.error?.rawValue ?? "none",
                "status": update.outcome.status.map { "\($0)" },
                "error_text": update.outcome.errorText.isEmpty ? nil : update.outcome.errorText, "state": update.state.rawValue,
                "next_attempt_at": update.nextAttemptAt?.description,
            ]
        )
    }

    private static func facts(of update: MailUpdate) -> Facts {
        let (severity, name): (Severity, String) =
            switch update.state {
            case .sent: (.info, "mail_sent")
            case .waiting: (.warning, "mail_failed")
            case .refused: (.error, "mail_refused")
            }
        return Facts(
            severity,
            name,
            [
                "recipient": update.recipient, "endpoint": update.endpoint, "deliveries": "\(update.deliveries)",
                "attempt": "\(update.attempt)", "answer": update.answer, "next_attempt_at": update.nextAttemptAt?.description,
            ]
        )
    }
}
