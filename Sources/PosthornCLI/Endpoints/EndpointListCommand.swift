import Posthorn
import PosthornModel
import PosthornOutbox
import PosthornText

/// `posthorn endpoint list`
enum EndpointListCommand: Command {
    static let specification = CommandSpecification(
        name: "endpoint list",
        summary: "list the endpoints, their state and their settings",
        details: [
            "Secrets, the values of headers and those in URLs' queries are never shown. With --json: id, node, url, method, envelope, signature, events,"
                + "\nheaders (names), timeout_ms, max_in_flight, rate_per_second, retry (offsets in ms), throttled_until (its receiver asked to be left"
                + "\nalone until then, by Retry-After), state, reason, broken (why nothing can be"
                + "\nsent to it as it stands: no key, another key, a damaged row; as this command finds it, or as the posthorn run"
                + "\nthat runs does; as of the last one where none runs and this command has no key to look for itself)."
        ],
        examples: ["posthorn endpoint list", "posthorn endpoint list --json"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let (endpoints, faults, throttled) = try context.withOutbox { outbox in
            let endpoints = try outbox.topology().endpoints.filter { $0.state != .removed }
            return (endpoints, try outbox.endpointFaults().all, try outbox.throttledEndpoints())
        }
        if context.json {
            for endpoint in endpoints {
                let id = endpoint.settings.id
                context.output.write(json(endpoint, faults[id], throttled[id]))
            }
            return 0
        }
        var table = Table(columns, terminalWidth: context.output.terminalWidth, write: context.output.write)
        for endpoint in endpoints { table.add(cells(endpoint, faults[endpoint.settings.id], throttled[endpoint.settings.id])) }
        table.finish()
        return 0
    }

    private static let columns: [Table.Column] = [
        .init("ID", canShrink: true), .init("NODE", canShrink: true), .init("STATE"), .init("METHOD"), .init("URL", canShrink: true),
        .init("ENVELOPE"), .init("SIGNATURE"), .init("EVENTS", canShrink: true), .init("REASON", canShrink: true),
    ]

    private static func cells(_ endpoint: StoredEndpoint, _ fault: String?, _ throttledUntil: Timestamp?) -> [String] {
        let settings = endpoint.settings
        return [
            settings.id, settings.node, endpoint.state.rawValue, settings.method.rawValue, MaskedURL.text(settings.url),
            settings.envelope.rawValue, settings.signature.rawValue,
            settings.events.isEmpty ? "*" : settings.events.map(\.text).joined(separator: " "),
            [endpoint.stateReason, fault.map { "broken: \($0)" }, throttledUntil.map { "throttled until \($0)" }].compactMap { $0 }
                .joined(separator: "; "),
        ]
    }

    static func json(_ endpoint: StoredEndpoint, _ fault: String?, _ throttledUntil: Timestamp?) -> JSONLine {
        let settings = endpoint.settings
        var line = JSONLine()
        line.add("id", settings.id)
        line.add("node", settings.node)
        line.add("url", MaskedURL.text(settings.url))
        line.add("method", settings.method.rawValue)
        line.add("envelope", settings.envelope.rawValue)
        line.add("signature", settings.signature.rawValue)
        line.add("events", settings.events.map(\.text))
        line.add("headers", settings.headers.map(\.name))
        line.add("timeout_ms", settings.timeoutMilliseconds)
        line.add("max_in_flight", settings.inFlightLimit)
        line.add("rate_per_second", fraction: settings.ratePerSecond)
        line.add("retry", numbers: settings.retry.offsetsMilliseconds)
        line.add("throttled_until", throttledUntil)
        line.add("state", endpoint.state.rawValue)
        line.add("reason", endpoint.stateReason)
        line.add("broken", fault)
        return line
    }
}
