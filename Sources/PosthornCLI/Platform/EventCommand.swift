import PosthornText
import Posthorn
import PosthornModel
import PosthornStore

/// `posthorn event ID`
enum EventCommand: Command {
    static let specification = CommandSpecification(
        name: "event",
        summary: "show an event: its data, who gets it, and how far its deliveries are",
        positionals: [.init(name: "ID", count: .one, summary: "the event's id")],
        flags: [.init("data", "print the data alone, byte for byte as receivers get it")],
        details: [
            "With --json: one object with id, type, node, created, waits_for_fan_out (whether it was inserted by SQL and no engine has"
                + "\nchosen its recipients yet), data_dropped (whether --keep-payloads has dropped its data), data (the JSON object; a string where what"
                + "\nwas inserted is none; null once it was dropped) and deliveries (objects as"
                + "\nposthorn deliveries prints them)."
        ],
        examples: ["posthorn event m1-started", "posthorn event m1-started --data | jq ."]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let id = arguments.positionals[0]
        return try context.withOutbox { outbox in
            let (event, waits) = try outbox.event(id)
            if arguments.has("data") {
                if !event.hasData {
                    throw InputProblem(
                        .notAllowedNow,
                        field: "event",
                        value: event.id,
                        reason: "has no data any more: --keep-payloads has dropped it"
                    )
                }
                context.output.write(event.data)
                context.output.write("\n")
                return 0
            }
            var filter = DeliveryFilter()
            filter.event = event.id
            var list = DeliveryList(context)
            list.throttled = try outbox.throttledEndpoints()
            if context.json {
                var deliveries: [JSONLine] = []
                try outbox.deliveries(filter) { deliveries.append(JSONLine($0, throttledUntil: list.throttledUntil($0))) }
                context.output.write(JSONLine(event, waitsForFanOut: waits, deliveries: deliveries))
                return 0
            }
            context.output.write(text(event))
            try outbox.deliveries(filter) { list.add($0) }
            if list.count > 0 {
                list.finish()
            } else {
                context.output.write(waits ? "no deliveries yet: posthorn run makes them\n" : "no endpoint gets it\n")
            }
            return 0
        }
    }

    private static func text(_ event: Event) -> String {
        let text = event.hasData ? String(decoding: event.data, as: UTF8.self) : "(its data was dropped, as --keep-payloads says)"
        let data = text.split(separator: "\n", omittingEmptySubsequences: false)
        let headers = event.headers.map { "\nheader   \(TerminalText.text($0.name)): \(TerminalText.text($0.shownValue))" }
        return """
            event    \(TerminalText.text(event.id))
            type     \(TerminalText.text(event.type))
            node     \(TerminalText.text(event.node))
            created  \(event.created)\(event.traceparent.map { "\ntrace    \(TerminalText.text($0))" } ?? "")\(headers.joined())
            \(data.map { TerminalText.text(String($0)) }.joined(separator: "\n"))


            """
    }
}
