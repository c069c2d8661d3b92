import PosthornText
import Posthorn

/// `posthorn ask ENDPOINT TEXT`
enum AskCommand: Command {
    static let specification = CommandSpecification(
        name: "ask",
        summary: "fill the <<fields>> of a text with values from a Webio endpoint",
        positionals: [
            .init(name: "ENDPOINT", count: .one, summary: "a Webio endpoint"),
            .init(name: "TEXT", count: .one, summary: "a text with <<fields>>"),
        ],
        flags: [
            .init("customer", "UID", "the customer's id (default: null, an inbound conversation)"),
            .init("channel", "ADDRESS", "the outbound channel's address, such as a phone number (default: empty)"),
        ] + EndpointCalls.flags,
        settings: EndpointCalls.settings,
        details: [
            "Webio's custom value request: the endpoint's URL is called with customerUID, outboundChannelAddress and param1, param2 …"
                + "\nfor the fields, and answers 200 with one JSON object. On failure the reason goes to stderr and nothing is printed.",
            "With --json: one object with text.",
        ],
        examples: [#"posthorn ask crm "Your balance is <<balance>>." --customer 123456 --channel 44777777777"#]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let egress = try EndpointCalls.egress(arguments)
        let caFile = try EndpointCalls.caFile(arguments)
        let text = try context.withOutbox {
            try $0.ask(
                endpoint: arguments.positionals[0],
                text: arguments.positionals[1],
                customer: arguments.text("customer"),
                channel: arguments.text("channel") ?? "",
                guard: egress,
                caFile: caFile
            )
        }
        if context.json {
            var line = JSONLine()
            line.add("text", text)
            context.output.write(line)
        } else {
            // Values come from outside: what could move a terminal's cursor is escaped, line ends of the text are its own.
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { TerminalText.text(String($0)) }
            context.output.write(lines.joined(separator: "\n") + "\n")
        }
        return 0
    }
}
