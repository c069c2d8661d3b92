import Posthorn
import PosthornModel
import PosthornSystem
import PosthornText

/// `posthorn key list`
enum KeyListCommand: Command {
    static let specification = CommandSpecification(
        name: "key list",
        summary: "list the keys of the HTTP API, revoked and expired ones too",
        details: [
            "With --json: id, name, node (null for the whole outbox), rights, state (valid, expired or revoked), created, expires, last_used"
                + "\n(to the hour), revoked, made_by (the key that made it through the API). The keys' texts are stored nowhere."
        ],
        examples: ["posthorn key list", "posthorn key list --json"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let keys = try context.withOutboxToRead { try $0.accessKeys() }
        let now = SystemClock().now()
        if context.json {
            for key in keys { context.output.write(JSONLine(key, at: now)) }
            return 0
        }
        var table = Table(columns, terminalWidth: context.output.terminalWidth, write: context.output.write)
        for key in keys { table.add(cells(key, now)) }
        table.finish()
        return 0
    }

    private static let columns: [Table.Column] = [
        .init("ID"), .init("NAME", canShrink: true), .init("NODE", canShrink: true), .init("RIGHTS", canShrink: true), .init("STATE"),
        .init("EXPIRES"), .init("LAST USED"),
    ]

    private static func cells(_ key: AccessKey, _ now: Timestamp) -> [String] {
        let state = key.revoked != nil ? "revoked" : key.isValid(at: now) ? "valid" : "expired"
        return [
            key.id, key.name ?? "-", key.node ?? "*", key.rights.sorted().map(\.rawValue).joined(separator: ","), state,
            key.expires?.description ?? "-", key.lastUsed?.description ?? "-",
        ]
    }
}
