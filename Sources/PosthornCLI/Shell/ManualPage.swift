import PosthornModel

/// The manual page in the language of man(7), made from the specifications that the command line is parsed with.
enum ManualPage {
    static func text(_ commands: [CommandSpecification]) -> String {
        var page = """
            .TH POSTHORN 1 "" "Posthorn \(PosthornVersion.text)" "User Commands"
            .SH NAME
            posthorn \\- deliver, load-test and simulate webhooks
            .SH SYNOPSIS
            .B posthorn
            .I COMMAND
            .RI [ flags ]
            .SH DESCRIPTION
            Posthorn keeps events in an outbox and sends each to the endpoints that want it, signed, and again at 1 minute, 10 minutes, 1 hour
            and 24 hours until the receiver answers 200.
            .PP
            Flags that may also be given in the environment are read from the variable of their name:
            .B \\-\\-ca\\-file
            from
            .BR POSTHORN_CA_FILE .
            .SH COMMANDS

            """
        for command in commands { page += section(command) }
        page += """
            .SH EXIT STATUS
            0 done, 1 something failed, 2 the command line was not understood, 3 (load) no bound was missed and one is not known.
            .SH SEE ALSO
            .BR curl (1),
            .BR sqlite3 (1)

            """
        return page
    }

    private static func section(_ command: CommandSpecification) -> String {
        var text = ".SS posthorn \(escaped(command.name))"
        for positional in command.positionals {
            switch positional.count {
            case .one: text += " \(escaped(positional.name))"
            case .optional: text += " [\(escaped(positional.name))]"
            case .many: text += " [\(escaped(positional.name))...]"
            }
        }
        text += "\n\(line(command.summary))\n"
        for positional in command.positionals { text += ".TP\n.I \(escaped(positional.name))\n\(line(positional.summary))\n" }
        for flag in command.allFlags {
            text += ".TP\n.BR \\-\\-\(escaped(flag.name))" + (flag.value.map { " \" \" \\fI\(escaped($0))\\fR" } ?? "") + "\n"
            text += "\(line(flag.summary))\n"
        }
        // Their lines are laid out as they are, tables among them.
        for detail in command.details { text += ".PP\n.nf\n" + detail.split(separator: "\n").map { line($0) + "\n" }.joined() + ".fi\n" }
        text += ".PP\n\(command.examples.count == 1 ? "Example" : "Examples"):\n.PP\n.nf\n.RS 4\n"
        return text + command.examples.map { line($0) + "\n" }.joined() + ".RE\n.fi\n"
    }

    /// A line of text: no request, though it may begin with a dot.
    private static func line(_ text: some StringProtocol) -> String {
        let escaped = escaped(text)
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }

    private static func escaped(_ text: some StringProtocol) -> String {
        text.map { character in
            switch character {
            case "\\": "\\e"
            case "-": "\\-"
            case "…": "..."
            case "\"": "\\(dq"
            default: String(character)
            }
        }.joined()
    }
}
