import PosthornText
import Posthorn
import PosthornModel

/// `posthorn node remove ID`
enum NodeRemoveCommand: Command {
    static let specification = CommandSpecification(
        name: "node remove",
        summary: "remove one node that has no nodes below it and no endpoints",
        positionals: [.init(name: "ID", count: .one, summary: "the node")],
        details: [
            "A topology file that still has it brings it back. Events that were accepted there keep their deliveries."
                + " With --json: one\nobject with id and removed (true)."
        ],
        examples: ["posthorn node remove s1"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let id = arguments.positionals[0]
        try context.withOutbox { try $0.remove(node: id) }
        var line = JSONLine()
        line.add("id", id)
        line.add("removed", true)
        context.output.write(context.json ? line.text + "\n" : "removed node \(TerminalText.text(id))\n")
        return 0
    }
}
