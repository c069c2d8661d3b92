import Posthorn
import PosthornModel
import PosthornText
import PosthornStore
import PosthornSystem

/// What stands in the outbox.
enum OutboxChecks {
    /// - Parameter onServer: Whether a database server has it, which keeps its log and checks its pages by itself.
    static func all(_ outbox: Outbox, onServer: Bool = false) throws -> [Finding] {
        var (differences, findings): ([SchemaDifference], [Finding]) = ([], [])
        do {
            differences = try outbox.schemaDifferences()
            findings = SchemaChecks.schema(differences)
        } catch let problem as OutboxProblem where onServer && problem.code == .access {
            findings = [SchemaChecks.notCompared]
        }
        if SchemaChecks.isUnreadable(differences) {
            let stray = (try? outbox.strayDeliveries()).map(SchemaChecks.stray) ?? []
            return findings + [integrity(try outbox.integrityProblems())] + stray
        }
        if onServer {
            findings += try outbox.integrityProblems().map { Finding(.problem, "integrity", TerminalText.text($0)) }
        } else {
            findings += [
                Finding(.ok, "journal", "write-ahead log, flushed to disk at every commit"),
                VersionChecks.sqlite(try outbox.sqliteVersion()), integrity(try outbox.integrityProblems()),
            ]
        }
        findings += SchemaChecks.stray(try outbox.strayDeliveries())
        let status = try outbox.status()
        findings.append(engine(status, at: SystemClock().now()))
        if let pulse = status.pulse, let skew = pulse.clockSkew { findings.append(clock(skew, at: pulse.at)) }
        findings += MailChecks.all(status.mails, at: SystemClock().now())
        let endpoints = try outbox.topology().endpoints.filter { $0.state != .removed }
        var held: [String: Int] = [:]
        if status.deliveries[.held] ?? 0 > 0 {
            var filter = DeliveryFilter()
            filter.state = .held
            try outbox.deliveries(filter) { held[$0.endpoint, default: 0] += 1 }
        }
        findings += lanes(try outbox.laneCounts())
        return findings + stopped(endpoints, held: held) + plainHTTP(endpoints) + (try CredentialChecks.all(outbox, held: held))
    }

    static func integrity(_ problems: [String]) -> Finding {
        guard let first = problems.first else { return Finding(.ok, "integrity", "the whole file was checked") }
        return Finding(
            .problem,
            "integrity",
            "the file is damaged (\(TerminalText.text(first))\(problems.count > 1 ? " and \(problems.count - 1) more" : "")); stop posthorn run, keep "
                + "a copy, and restore a backup or recover with sqlite3's .recover"
        )
    }

    static func engine(_ status: OutboxStatus, at now: Timestamp) -> Finding {
        if let trouble = status.engineTrouble { return Finding(.problem, "engine", TerminalText.text(trouble)) }
        if let process = status.engine { return Finding(.ok, "engine", "running, process \(process)") }
        let waiting = status.deliveries[.pending] ?? 0
        if waiting == 0 && status.arrivals == 0 { return Finding(.ok, "engine", "not running, and no delivery is pending") }
        if status.overdue > 0 || status.arrivals > 0 {
            let least = HumanText.least(status.areArrivalsAtLeast)
            let late =
                status.overdue > 0
                ? StatusCommand.overdue(status, at: now) : least + HumanText.count(Int(status.arrivals), "event waits", "events wait")
            return Finding(.problem, "engine", "not running, and \(late); start posthorn run")
        }
        return Finding(
            .warn,
            "engine",
            "not running, and \(HumanText.count(waiting, "delivery waits", "deliveries wait")); start posthorn run"
        )
    }

    /// Beyond this the clock is worth a look; a `Date` has whole seconds, and answers take time.
    static let skewWarningMilliseconds: Int64 = 30_000
    /// Receivers commonly reject signatures that are five minutes off.
    static let skewProblemMilliseconds: Int64 = 300_000

    /// What receivers' answers say of this machine's clock.
    static func clock(_ skew: ClockSkew, at moment: Timestamp) -> Finding {
        let size = abs(skew.milliseconds)
        let source = "by the Date of answers from \(HumanText.count(skew.endpoints, "endpoint")), the engine's last estimate, of \(moment)"
        if size < skewWarningMilliseconds {
            return Finding(.ok, "clock skew", "this machine's clock agrees with receivers' to about a second, \(source)")
        }
        let way = skew.milliseconds > 0 ? "behind" : "ahead of"
        return Finding(
            size < skewProblemMilliseconds ? .warn : .problem,
            "clock skew",
            "this machine's clock is about \(HumanText.length(milliseconds: size)) \(way) receivers', \(source); receivers refuse signatures that are "
                + "minutes off: run an NTP client"
        )
    }

    /// Endpoints that take no deliveries.
    static func stopped(_ endpoints: [StoredEndpoint], held: [String: Int]) -> [Finding] {
        let stopped = endpoints.filter { $0.state != .active }
        if stopped.isEmpty { return [Finding(.ok, "endpoints", "\(HumanText.count(endpoints.count, "endpoint")), all active")] }
        return stopped.map { endpoint in
            let id = TerminalText.text(endpoint.settings.id)
            let word = ShellWord.argument(endpoint.settings.id)
            let why = endpoint.stateReason.map { " (\(TerminalText.text($0)))" } ?? ""
            let waiting = held[endpoint.settings.id] ?? 0
            let remedy =
                endpoint.state == .disabled
                ? "posthorn endpoint enable \(word) lets them go"
                : "its URL is not verified yet: posthorn run does that, and posthorn endpoint verify \(word) does it at once"
            return Finding(
                waiting > 0 ? .warn : .ok,
                "endpoint",
                "\(id) is \(endpoint.state.rawValue)\(why), \(HumanText.count(waiting, "delivery waits", "deliveries wait"))"
                    + (waiting > 0 ? "; \(remedy)" : "")
            )
        }
    }

    /// Lanes that stand still until someone does something.
    static func lanes(_ counts: [(endpoint: String, summary: LaneSummary)]) -> [Finding] {
        counts.filter { $0.summary.stopped > 0 }.map { endpoint, summary in
            let least = HumanText.least(summary.isAtLeast)
            let lanes = least + HumanText.count(summary.stopped, "lane", "lanes")
            let waiting = least + HumanText.count(summary.stoppedWaiting, "delivery waits", "deliveries wait")
            return Finding(
                .warn,
                "lanes",
                "an exhausted delivery stops \(lanes) of \(TerminalText.text(endpoint)), \(waiting) behind it; posthorn lanes "
                    + "\(ShellWord.argument(endpoint)) shows them, and posthorn retry, skip or cancel lets them go on"
            )
        }
    }

    /// Endpoints that are reached in clear text.
    static func plainHTTP(_ endpoints: [StoredEndpoint]) -> [Finding] {
        let plain = endpoints.filter { $0.settings.url.lowercased().hasPrefix("http://") }
        guard let first = plain.first else { return [] }
        let others = plain.count > 1 ? " and \(plain.count - 1) more are" : " is"
        return [
            Finding(
                .warn,
                "http",
                "\(TerminalText.text(first.settings.id))\(others) called over plain http, which run refuses unless --allow opens its range; use "
                    + "https in production"
            )
        ]
    }
}
