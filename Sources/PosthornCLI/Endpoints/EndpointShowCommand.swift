import Posthorn
import PosthornModel
import PosthornStore
import PosthornText

/// `posthorn endpoint show ID`
enum EndpointShowCommand: Command {
    static let specification = CommandSpecification(
        name: "endpoint show",
        summary: "show one endpoint: all its settings, its state, and what waits for it",
        positionals: [.init(name: "ID", count: .one, summary: "the endpoint")],
        details: [
            "Secrets, values of headers and those in the URL's query are ***. Without the key of sealed credentials their names are"
                + "\nnot known either.",
            "With --json: as posthorn endpoint list, with vendor (the title of the vendor's file; null without one), credentials (an object; null without the key), replaced_signs_until (until"
                + "\nwhen a secret that was rotated away signs too, the last one; null when none does), pending, held and exhausted (counts of"
                + "\ndeliveries), lanes (as posthorn lanes, without heads listed; null without an order).",
        ],
        examples: ["posthorn endpoint show crm", "posthorn endpoint show crm --json"]
    )

    private static let states: [DeliveryState] = [.pending, .held, .exhausted]

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let id = arguments.positionals[0]
        return try context.withOutboxToRead { outbox in
            let endpoint = try outbox.maskedEndpoint(id)
            let fault = try outbox.endpointFault(endpoint.settings.id)
            let replaced = try outbox.replacedSecretsSign(endpoint: endpoint.settings.id)
            let throttled = try outbox.throttledEndpoints()[endpoint.settings.id]
            let limiting = try outbox.limitSight().limiting(endpoint.settings.node)
            let health = try outbox.endpointHealth()[endpoint.settings.id]
            var filter = DeliveryFilter()
            filter.endpoint = endpoint.settings.id
            // Those of what can be cancelled are those that are not delivered.
            let counts = try outbox.count(filter, for: .cancel)[endpoint.settings.id] ?? [:]
            let lanes = endpoint.settings.order == nil ? nil : try outbox.lanes(ofEndpoint: endpoint.settings.id, limit: 0)
            if context.json {
                context.output.write(json(endpoint, fault, throttled, limiting, health, replaced, counts, lanes))
            } else {
                context.output.write(text(endpoint, fault, throttled, limiting, health, replaced, counts, lanes))
            }
            return 0
        }
    }

    private static func text(
        _ endpoint: StoredEndpoint,
        _ fault: String?,
        _ throttledUntil: Timestamp?,
        _ limitedBy: [String?],
        _ health: EndpointHealth?,
        _ replaced: [Timestamp],
        _ counts: [DeliveryState: Int],
        _ lanes: LaneSummary?
    ) -> String {
        let settings = endpoint.settings
        let waiting = states.compactMap { state in counts[state].map { "\(HumanText.grouped($0)) \(state.rawValue)" } }
        var rows: [(String, String)] = [
            ("endpoint", settings.id), ("node", settings.node),
            ("state", endpoint.state.rawValue + (endpoint.stateReason.map { " (\($0))" } ?? "")),
        ]
        if let fault { rows.append(("broken", fault)) }
        if let health { rows.append((health.state.rawValue, HealthText.sentence(health))) }
        if let throttledUntil, health?.state != .suspended { rows.append(("throttled", "until \(throttledUntil), as its receiver asked")) }
        if !limitedBy.isEmpty { rows.append(("limited", LimitText.sentence(limitedBy))) }
        rows += [
            ("deliveries", waiting.isEmpty ? "none pending, held or exhausted" : waiting.joined(separator: ", ")),
            ("url", "\(settings.method.rawValue) \(settings.url)"),
            ("format", format(settings)),
            ("events", settings.events.isEmpty ? "*" : settings.events.map(\.text).joined(separator: " ")),
        ]
        if let order = settings.order { rows.append(("order", "\(order)")) }
        if let lanes { rows.append(("lanes", LanesCommand.sentence(lanes))) }
        for header in settings.headers { rows.append(("header", "\(header.name): \(header.value)")) }
        if settings.keepsCredentials { rows.append(("credentials", "sealed; give the key to see their names")) }
        for (name, value) in settings.credentials.sorted(by: { $0.key < $1.key }) where name != VendorDocument.member {
            rows.append(("credential", "\(name) = \(InputProblem.printable(value.shown))"))
        }
        if let last = replaced.max() {
            let many = replaced.count == 1 ? "the replaced secret signs" : "\(replaced.count) replaced secrets sign"
            rows.append(("overlap", "\(many) too, \(replaced.count == 1 ? "" : "the last of them ")until \(last)"))
        }
        rows += limits(settings)
        return TextColumns.lines(rows.map { [$0.0, TerminalText.text($0.1)] }).map { $0 + "\n" }.joined()
    }

    private static func format(_ settings: EndpointSettings) -> String {
        if let document = VendorDocument.of(settings) { return "of a vendor's file: \(VendorDocument.title(of: document))" }
        return "envelope \(settings.envelope.rawValue), signature \(settings.signature.rawValue)"
    }

    private static func limits(_ settings: EndpointSettings) -> [(String, String)] {
        let retry = settings.retry.offsetsMilliseconds.map(RetrySchedule.Duration.text).joined(separator: ", ")
        let rate = settings.ratePerSecond.map { "\(HumanText.oneDecimal($0)) a second" } ?? "no limit of rate"
        let length = RetrySchedule.Duration.text(Int64(settings.timeoutMilliseconds))
        return [("retry", retry), ("limits", "deadline \(length), \(settings.inFlightLimit) at once, \(rate)")]
    }

    private static func json(
        _ endpoint: StoredEndpoint,
        _ fault: String?,
        _ throttledUntil: Timestamp?,
        _ limitedBy: [String?],
        _ health: EndpointHealth?,
        _ replaced: [Timestamp],
        _ counts: [DeliveryState: Int],
        _ lanes: LaneSummary?
    ) -> JSONLine {
        let settings = endpoint.settings
        var line = JSONLine(endpoint, fault: fault, throttledUntil: throttledUntil, limitedBy: limitedBy)
        line.addHealth(health)
        line.add("vendor", VendorDocument.of(settings).map(VendorDocument.title))
        let credentials = settings.credentials.filter { $0.key != VendorDocument.member }
        let members = credentials.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, $0.value) }
        line.add("credentials", settings.keepsCredentials ? .null : .object(members))
        line.add("replaced_signs_until", replaced.max())
        for state in states { line.add(state.rawValue, counts[state] ?? 0) }
        if let lanes {
            line.add("lanes", JSONLine(lanes))
        } else {
            line.add("lanes", nil as String?)
        }
        return line
    }
}

extension JSONValue {
    /// A text as it is, all else as JSON.
    fileprivate var shown: String { if case .string(let text) = self { text } else { text } }
}
