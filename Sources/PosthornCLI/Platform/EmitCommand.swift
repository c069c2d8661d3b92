import Posthorn
import PosthornModel
import PosthornStore

/// `posthorn emit [FILE]`
enum EmitCommand: Command {
    static let specification = CommandSpecification(
        name: "emit",
        summary: "accept events, one JSON object a line, from a file or standard input",
        positionals: [.init(name: "FILE", count: .optional, summary: "the events; - or nothing for standard input")],
        flags: [.init("keep-going", "leave bad lines out and accept the rest")],
        details: [
            "A line: {\"type\": \"MEETING_STARTED\", \"node\": \"s1\", \"data\": {…}}, and if wanted \"id\" (the idempotency key: the same"
                + "\nevent again is accepted and changes nothing) and \"created\" (ISO 8601). Empty lines are skipped.",
            "Lines are stored in batches of up to 1,000, each durable as a whole; while a live producer pauses, what came so far is"
                + "\nstored. A bad line is named by its number. Without --keep-going it ends emit: its batch is not stored, and the"
                + "\nmessage says up to which line everything was.",
            "Events that no endpoint gets are accepted too; one line on standard error counts them.",
            "An endpoint whose format cannot carry an event, such as diio's without data.id, is named on standard error: its delivery"
                + "\nfails at once, as unbuildable. The event is accepted, and goes to all others.",
            "With --json: one object an accepted event, in the order of lines: line, id, new (false when it was there already),"
                + "\ndeliveries (how many endpoints get it; none: 0) and, where a delivery fails at once, unbuildable (objects of endpoint and"
                + "\nreason). Problems stay on standard error.",
        ],
        examples: [
            "posthorn emit events.ndjson",
            "echo '{\"type\": \"MEETING_STARTED\", \"node\": \"s1\", \"data\": {\"id\": \"m1\"}}' | posthorn emit",
        ]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let file = try InputFile(arguments.positionals.first ?? "-")
        if file.descriptor == 0 && Terminal.isTerminal(0) {
            ErrorOutput.line("reading events from the terminal, one JSON object a line; end with Ctrl-D")
        }
        return try context.withOutbox { outbox in
            let accepter = EventAccepter(outbox, context, keepsGoing: arguments.has("keep-going"))
            var reader = LineReader(file, limitBytes: EventLine.lineLimitBytes)
            let progress = Progress(total: file.size)
            do {
                while let line = try reader.next(beforeWaiting: accepter.flush) {
                    try accepter.take(line, number: reader.number)
                    progress.show(lines: reader.number, bytes: reader.bytesRead)
                }
                try accepter.flush()
            } catch {
                progress.clear()
                accepter.report()
                throw EmitAborted(error, acceptedLines: accepter.acceptedLines)
            }
            progress.clear()
            accepter.report()
            return accepter.refused == 0 ? 0 : 1
        }
    }
}

/// Emit ended early.
struct EmitAborted: Error, CustomStringConvertible {
    let description: String

    init(_ cause: any Error, acceptedLines: Int) {
        let kept =
            switch acceptedLines {
            case 0: "nothing was accepted"
            case 1: "line 1 was accepted, nothing after it"
            default: "lines 1 to \(acceptedLines) were accepted, nothing after them"
            }
        description = "\(Program.message(of: cause)); \(kept)"
    }
}

/// What is wrong with a line.
struct LineProblem: Error, CustomStringConvertible {
    let line: Int
    let problem: InputProblem

    var description: String { "line \(line): \(RemedyText.line(problem))" }
}
