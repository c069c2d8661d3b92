import PosthornText
import Posthorn
import PosthornModel

/// `posthorn endpoint enable ID`
enum EndpointEnableCommand: Command {
    static let specification = CommandSpecification(
        name: "endpoint enable",
        summary: "switch an endpoint on: deliveries that were held go out",
        positionals: [.init(name: "ID", count: .one, summary: "the endpoint")],
        details: [
            "An endpoint whose vendor verifies URLs becomes unverified first. With --json: one object with id and state."
        ],
        examples: ["posthorn endpoint enable crm"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let id = arguments.positionals[0]
        let state = try context.withOutbox { try $0.setEnabled(true, endpoint: id) }
        context.output.write(EndpointSwitch.report(id, state, json: context.json))
        return 0
    }
}

/// What `endpoint enable` and `endpoint disable` print.
enum EndpointSwitch {
    static func report(_ id: String, _ state: EndpointState, json: Bool) -> String {
        guard json else {
            let note = state == .unverified ? "; its deliveries are held until its URL has proved itself" : ""
            return "endpoint \(TerminalText.text(id)) is \(state.rawValue)\(note)\n"
        }
        var line = JSONLine()
        line.add("id", id)
        line.add("state", state.rawValue)
        return line.text + "\n"
    }
}
