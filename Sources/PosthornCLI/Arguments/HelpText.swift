import PosthornModel
import PosthornText

/// What `--help` prints.
enum HelpText {
    /// For `posthorn` itself.
    static func program(_ commands: [CommandSpecification]) -> String {
        let without = commands.filter { !$0.usesOutbox }.map(\.name)
        return """
            Posthorn \(PosthornVersion.text) delivers webhooks: it keeps events in an outbox and sends each to the endpoints that want it,
            signed, and again at 1 minute, 10 minutes, 1 hour and 24 hours until the receiver answers 200.

            Usage: posthorn COMMAND [flags]

            \(list(commands.map { ($0.name, $0.summary) }))

            Flags of every command:
            \(list([flagEntry(CommandSpecification.json), ("--help", "explain a command, with an example")]))

            Flags of every command that works on an outbox, which is all but \(without.joined(separator: ", ")):
            \(list([CommandSpecification.database, CommandSpecification.keyFile].map(flagEntry)))

              posthorn --version prints the version.

            A first delivery:
              posthorn apply topology.json          define nodes and endpoints
              posthorn emit events.ndjson           accept events, one JSON object a line
              posthorn run --until-settled          deliver them
              posthorn deliveries                   see their results

            Exit status: 0 done, 1 something failed, 2 the command line was not understood.

            """
    }

    /// For one command.
    static func command(_ command: CommandSpecification) -> String {
        var text = "\(command.summary)\n\nUsage: posthorn \(command.name)"
        for positional in command.positionals {
            switch positional.count {
            case .one: text += " \(positional.name)"
            case .optional: text += " [\(positional.name)]"
            case .many: text += " [\(positional.name)…]"
            }
        }
        text += " [flags]\n"
        if !command.positionals.isEmpty { text += "\n" + list(command.positionals.map { ($0.name, $0.summary) }) + "\n" }
        text += "\nFlags:\n" + list(command.allFlags.map(flagEntry)) + "\n"
        for detail in command.details { text += "\n\(detail)\n" }
        text += command.examples.count == 1 ? "\nExample:\n" : "\nExamples:\n"
        for example in command.examples { text += "  \(example)\n" }
        return text
    }

    /// For the first word of several commands, such as `endpoint`.
    static func group(_ word: String, _ commands: [CommandSpecification]) -> String {
        """
        Usage: posthorn \(word) COMMAND [flags]

        \(list(commands.map { ($0.name, $0.summary) }))

        posthorn \(word) COMMAND --help explains each, with an example.

        """
    }

    private static func flagEntry(_ flag: CommandSpecification.Flag) -> (String, String) {
        ("--\(flag.name)" + (flag.value.map { " " + $0 } ?? ""), flag.summary)
    }

    /// Names and what they mean, in two columns.
    static func list(_ entries: [(String, String)]) -> String {
        TextColumns.lines(entries.map { [$0.0, $0.1] }, indent: "  ").joined(separator: "\n")
    }
}
