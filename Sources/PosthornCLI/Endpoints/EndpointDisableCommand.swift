import Posthorn

/// `posthorn endpoint disable ID`
enum EndpointDisableCommand: Command {
    static let specification = CommandSpecification(
        name: "endpoint disable",
        summary: "switch an endpoint off: its deliveries are held until it is enabled",
        positionals: [.init(name: "ID", count: .one, summary: "the endpoint")],
        flags: [.init("reason", "TEXT", "why, for endpoint list")],
        details: ["With --json: one object with id and state."],
        examples: ["posthorn endpoint disable crm --reason \"maintenance until Monday\""]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let id = arguments.positionals[0]
        let state = try context.withOutbox { try $0.setEnabled(false, endpoint: id, reason: arguments.text("reason")) }
        context.output.write(EndpointSwitch.report(id, state, json: context.json))
        return 0
    }
}
