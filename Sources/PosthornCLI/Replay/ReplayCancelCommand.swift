import Posthorn
import PosthornModel
import PosthornSystem
import PosthornText

/// `posthorn replay cancel NUMBER`
enum ReplayCancelCommand: Command {
    static let specification = CommandSpecification(
        name: "replay cancel",
        summary: "end a replay, or a bulk retry or cancellation; what it has done stays done",
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
            let done = HumanText.count(replay.done, "delivery", "deliveries")
            let what = replay.action == .cancel ? "cancelled \(done)" : "made \(done) due"
            context.output.write("\(replay.action.name) \(number) is cancelled; it had \(what)\n")
        }
        return 0
    }
}
