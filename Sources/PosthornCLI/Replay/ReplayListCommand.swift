import Posthorn
import PosthornModel
import PosthornSystem
import PosthornText

/// `posthorn replay list`
enum ReplayListCommand: Command {
    static let specification = CommandSpecification(
        name: "replay list",
        summary: "list replays, and bulk retries and cancellations, newest first",
        details: [
            "Of those that are over \(Replay.keptLimit) are kept; beyond that the oldest of the tenant that has most are forgotten.",
            "With --json: an object a line, with what posthorn replay show prints.",
        ],
        examples: ["posthorn replay list", "posthorn replay list --json"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let replays = try context.withOutboxToRead { try $0.replays() }
        let now = SystemClock().now()
        if context.json {
            for replay in replays { context.output.write(JSONLine(replay, at: now)) }
            return 0
        }
        var table = Table(columns, terminalWidth: context.output.terminalWidth, write: context.output.write)
        for replay in replays { table.add(cells(replay, now)) }
        table.finish()
        return 0
    }

    private static let columns: [Table.Column] = [
        .init("REPLAY"), .init("ACTION"), .init("STATE"), .init("NODE", canShrink: true), .init("ENDPOINT", canShrink: true), .init("DONE"),
        .init("LEFT"), .init("CREATED"), .init("ENDS ABOUT"),
    ]

    private static func cells(_ replay: Replay, _ now: Timestamp) -> [String] {
        let selection = replay.selection
        let end = (replay.finished ?? replay.endsAbout(at: now))?.description ?? "-"
        return [
            String(replay.number), replay.action.name, replay.state.rawValue, selection.node ?? replay.scope ?? "*",
            selection.endpoint ?? "*", HumanText.grouped(replay.done), replay.left.map { HumanText.grouped($0) } ?? "?",
            replay.created.description, end,
        ]
    }
}
