import Posthorn
import PosthornModel
import PosthornText

/// `posthorn key create`
enum KeyCreateCommand: Command {
    static let specification = CommandSpecification(
        name: "key create",
        summary: "make a key of the HTTP API, shown this once",
        flags: [
            .init("can", "RIGHTS", "what it may do, with commas between: \(AccessRight.allCases.map(\.rawValue).joined(separator: ", "))"),
            .init("node", "ID", "the node whose tree is all it sees (default: the whole outbox)"),
            .init("expires", "LENGTH", "how long it is accepted, such as 90d (default: until it is revoked)"),
            .init("name", "TEXT", "a name for lists"),
        ],
        details: [
            "Rights:\n" + HelpText.list(AccessRight.allCases.map { ($0.rawValue, $0.summary) }),
            "Only a digest of the key is stored. A running posthorn run --listen accepts it within a second.",
            "With --json: one object, as posthorn key list prints it, with key (its text).",
        ],
        examples: ["posthorn key create --node d1 --can emit,read --expires 90d --name billing"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        guard let words = arguments.text("can") else {
            throw UsageProblem("--can is missing; name what the key may do, such as --can emit,read", command: context.command)
        }
        let rights = try words.split(separator: ",").map { (word) throws(UsageProblem) -> AccessRight in
            guard let right = AccessRight(rawValue: String(word)) else {
                let reason = Suggestion.refusal(of: String(word), among: AccessRight.allCases.map(\.rawValue))
                throw UsageProblem("--can: \"\(InputProblem.printable(String(word)))\" \(reason)", command: context.command)
            }
            return right
        }
        let lifetime = try arguments.milliseconds("expires")
        let (key, token, now) = try context.withOutbox { outbox in
            let made = try outbox.makeAccessKey(
                name: arguments.text("name"),
                node: arguments.text("node"),
                rights: Set(rights),
                lifetimeMilliseconds: lifetime
            )
            return (made.key, made.token, made.key.created)
        }
        if context.json {
            var line = JSONLine(key, at: now)
            line.add("key", token.text)
            context.output.write(line)
            return 0
        }
        context.output.write("\(token.text)\n")
        let scope = key.node.map { "sees node \(TerminalText.text($0)) and what is below" } ?? "sees the whole outbox"
        ErrorOutput.line("posthorn: this key is shown this once; it \(scope)")
        return 0
    }
}

extension AccessRight {
    /// One line for people.
    fileprivate var summary: String {
        switch self {
        case .emit: return "hand in events"
        case .read: return "see everything, the data of events and the answers of receivers too"
        case .readMetadata: return "see everything but these"
        case .retry: return "retry, cancel and resend deliveries"
        case .endpoints: return "make, change, switch, verify, test and remove endpoints"
        case .secrets: return "see secrets, and keep them when an endpoint moves to another host"
        case .keys: return "make and revoke keys of its own node and below, with no more rights than its own"
        case .admin: return "all of it, nodes and the topology too; only without --node"
        }
    }
}
