import Posthorn
import PosthornModel

/// `posthorn topology`
enum TopologyCommand: Command {
    static let specification = CommandSpecification(
        name: "topology",
        summary: "print the present hierarchy and endpoints as a file that apply takes",
        flags: [.init("with-secrets", "write down secrets, too, such as to move to another outbox")],
        details: [
            "Without --with-secrets each secret, value of a header or of a part of a URL's query is ***. Applied to this outbox again, that"
                + "\nstands for what is stored, so that the file can be edited and applied; another outbox refuses it.",
            "One node or endpoint a line, without what has its default. Whether an endpoint is disabled is not in it. It is JSON with"
                + "\nor without --json.",
        ],
        examples: ["posthorn topology > topology.json", "posthorn topology | diff topology.json -"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let text = try context.withOutbox { try $0.exportedTopology(withSecrets: arguments.has("with-secrets")) }
        context.output.write(text)
        return 0
    }
}
