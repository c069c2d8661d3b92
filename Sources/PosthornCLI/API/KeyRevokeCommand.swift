import Posthorn
import PosthornText

/// `posthorn key revoke ID`
enum KeyRevokeCommand: Command {
    static let specification = CommandSpecification(
        name: "key revoke",
        summary: "make a key of the HTTP API useless, for good",
        positionals: [.init(name: "ID", count: .one, summary: "the key's id, as posthorn key list shows it")],
        details: [
            "A running posthorn run --listen refuses it within a second. With --json: one object with id and revoked (true)."
        ],
        examples: ["posthorn key revoke 0123456789ab"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let id = arguments.positionals[0]
        try context.withOutbox { try $0.revokeAccessKey(id) }
        var line = JSONLine()
        line.add("id", id)
        line.add("revoked", true)
        context.output.write(context.json ? line.text + "\n" : "revoked key \(TerminalText.text(id))\n")
        return 0
    }
}
