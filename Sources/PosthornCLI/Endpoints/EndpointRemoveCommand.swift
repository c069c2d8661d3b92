import PosthornText
import Posthorn
import PosthornModel

/// `posthorn endpoint remove ID`
enum EndpointRemoveCommand: Command {
    static let specification = CommandSpecification(
        name: "endpoint remove",
        summary: "remove one endpoint, without a topology file",
        positionals: [.init(name: "ID", count: .one, summary: "the endpoint")],
        flags: [.init("cancel-waiting", "cancel the deliveries that wait for it; while there are some, nothing is removed without this")],
        details: [
            "What was delivered and exhausted stays in the lists. A topology file that still has the endpoint brings it back."
                + "\nWith --json: one object with id, removed (true) and cancelled (how many deliveries)."
        ],
        examples: ["posthorn endpoint remove crm", "posthorn endpoint remove crm --cancel-waiting"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let id = arguments.positionals[0]
        let cancelled = try context.withOutbox {
            try $0.remove(endpoint: id, cancelsWaiting: arguments.has("cancel-waiting"))
        }
        if context.json {
            var line = JSONLine()
            line.add("id", id)
            line.add("removed", true)
            line.add("cancelled", cancelled)
            context.output.write(line)
            return 0
        }
        let note = cancelled == 0 ? "" : "; \(HumanText.count(cancelled, "delivery", "deliveries")) cancelled"
        context.output.write("removed endpoint \(TerminalText.text(id))\(note)\n")
        return 0
    }
}
