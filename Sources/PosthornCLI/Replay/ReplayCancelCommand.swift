import Posthorn
import PosthornModel
import PosthornSystem
import PosthornText

/// `posthorn replay cancel NUMBER`
enum ReplayCancelCommand: Command {
    static let specification = CommandSpecification(
        name: "replay cancel",
        summary: "end a replay; what it has made due is delivered all the same",
        positionals: [.init(name: "REPLAY", count: .one, summary: "its number, as posthorn replay list shows it")],
        details: ["With --json: the replay, as posthorn replay show prints it."],
        examples: ["posthorn replay cancel 3"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let number = try ReplayShowCommand.number(arguments)
        let replay = try context.withOutbox { try $0.cancelReplay(number) }
        if context.json {
            context.output.write(JSONLine(replay, at: SystemClock().now()))
        } else {
            context.output.write(
                "replay \(number) is cancelled; it had made \(HumanText.count(replay.done, "delivery", "deliveries")) due\n"
            )
        }
        return 0
    }
}
