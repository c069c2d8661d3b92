import Posthorn
import PosthornModel
import PosthornStore
import PosthornText

/// `posthorn endpoint list`
enum EndpointListCommand: Command {
    static let specification = CommandSpecification(
        name: "endpoint list",
        summary: "list the endpoints, their state and their settings",
        details: [
            "Secrets, the values of headers and those in URLs' queries are never shown. With --json: id, node, url, method, envelope, signature, events,"
                + "\nheaders (names), timeout_ms, max_in_flight, rate_per_second, retry (offsets in ms), order, on_exhausted, throttled_until (its receiver asked to be left"
                + "\nalone until then, by Retry-After), limited_by (nodes whose limits deliveries wait for at present; null for that of all endpoints), state, reason, broken, health (healthy, failing, suspended, disabled), health_since, next_probe_at,"
                + "\nhealth_reason, health_actor (engine, hand), failing_since, disables_at (when it is disabled if nothing succeeds until then), failures_in_a_row.",
            "broken: why the endpoint cannot be used (no key, wrong key, damaged row). Reported by the running engine, else by this command,"
                + "\nelse by the last run.",
        ],
        examples: ["posthorn endpoint list", "posthorn endpoint list --json"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let (endpoints, faults, throttled, health, sight) = try context.withOutboxToRead { outbox in
            let endpoints = try outbox.topology().endpoints.filter { $0.state != .removed }
            let sight = try outbox.limitSight()
            return (endpoints, try outbox.endpointFaults().all, try outbox.throttledEndpoints(), try outbox.endpointHealth(), sight)
        }
        if context.json {
            for endpoint in endpoints {
                let id = endpoint.settings.id
                let limiting = sight.limiting(endpoint.settings.node)
                var line = JSONLine(endpoint, fault: faults[id], throttledUntil: throttled[id], limitedBy: limiting)
                line.addHealth(health[id])
                context.output.write(line)
            }
            return 0
        }
        var table = Table(columns, terminalWidth: context.output.terminalWidth, write: context.output.write)
        for endpoint in endpoints {
            let id = endpoint.settings.id
            table.add(cells(endpoint, faults[id], throttled[id], sight.limiting(endpoint.settings.node), health[id]))
        }
        table.finish()
        return 0
    }

    private static let columns: [Table.Column] = [
        .init("ID", canShrink: true), .init("NODE", canShrink: true), .init("STATE"), .init("METHOD"), .init("URL", canShrink: true),
        .init("ENVELOPE"), .init("SIGNATURE"), .init("EVENTS", canShrink: true), .init("REASON", canShrink: true),
    ]

    private static func cells(
        _ endpoint: StoredEndpoint,
        _ fault: String?,
        _ throttledUntil: Timestamp?,
        _ limitedBy: [String?],
        _ health: EndpointHealth?
    ) -> [String] {
        let settings = endpoint.settings
        let throttled = health?.state == .suspended ? nil : throttledUntil.map { "throttled until \($0)" }
        let limited = limitedBy.isEmpty ? nil : LimitText.sentence(limitedBy)
        let unhealthy = health.map { "\($0.state.rawValue): \(HealthText.sentence($0))" }
        return [
            settings.id, settings.node, endpoint.state.rawValue, settings.method.rawValue, MaskedURL.text(settings.url),
            settings.envelope.rawValue, settings.signature.rawValue,
            settings.events.isEmpty ? "*" : settings.events.map(\.text).joined(separator: " "),
            [endpoint.stateReason, fault.map { "broken: \($0)" }, unhealthy, throttled, limited].compactMap { $0 }
                .joined(separator: "; "),
        ]
    }
}
