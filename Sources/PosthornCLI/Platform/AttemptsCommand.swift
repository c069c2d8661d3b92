import PosthornText
import Posthorn
import PosthornModel

/// `posthorn attempts DELIVERY`
enum AttemptsCommand: Command {
    static let specification = CommandSpecification(
        name: "attempts",
        summary: "list every attempt of a delivery with its result",
        positionals: [.init(name: "DELIVERY", count: .one, summary: "the delivery's number, as posthorn deliveries shows it")],
        details: [
            "With --json: delivery, number, started_at, duration_ms, status, error, error_text, response (the first KiB of the"
                + "\nanswer), address."
        ],
        examples: ["posthorn attempts 17", "posthorn attempts 17 --json"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let number = try deliveryNumber(arguments.positionals[0], context.command)
        let attempts = try context.withOutboxToRead { try $0.attempts(of: number) }
        if context.json {
            for attempt in attempts { context.output.write(JSONLine(attempt)) }
            return 0
        }
        var table = Table(columns, terminalWidth: context.output.terminalWidth, write: context.output.write)
        for attempt in attempts { table.add(cells(attempt)) }
        table.finish()
        return 0
    }

    /// Reads the number of a delivery.
    static func deliveryNumber(_ text: String, _ command: String) throws(UsageProblem) -> Int64 {
        guard let number = Int64(text), number > 0 else {
            throw UsageProblem(
                "\"\(InputProblem.printable(text))\" is not the number of a delivery; posthorn deliveries shows them",
                command: command
            )
        }
        return number
    }

    private static let columns: [Table.Column] = [
        .init("NUMBER", isNumber: true), .init("STARTED"), .init("DURATION", isNumber: true), .init("STATUS", isNumber: true),
        .init("ERROR"), .init("ADDRESS", canShrink: true), .init("DETAIL", canShrink: true),
    ]

    private static func cells(_ attempt: Attempt) -> [String] {
        let outcome = attempt.outcome
        let answer = String(decoding: outcome.response, as: UTF8.self)
        return [
            String(attempt.number), outcome.started.description, "\(HumanText.oneDecimal(Double(outcome.durationMicroseconds) / 1000)) ms",
            outcome.status.map { String($0) } ?? "-", outcome.error?.rawValue ?? "-",
            outcome.address.isEmpty ? "-" : outcome.address,
            [RemedyText.detail(of: outcome), answer].filter { !$0.isEmpty }.joined(separator: ": "),
        ]
    }
}
