import Glibc
import Posthorn
import PosthornModel
import PosthornText
import PosthornOutbox
import PosthornSystem

/// `posthorn retry`
enum RetryCommand: Command {
    static let specification = CommandSpecification(
        name: "retry",
        summary: "try exhausted or waiting deliveries again now",
        positionals: [.init(name: "DELIVERY", count: .many, summary: "numbers, as posthorn deliveries shows them")],
        flags: [
            .init("endpoint", "ID", "instead of numbers: the exhausted and waiting deliveries of this endpoint, with --since"),
            .init("since", "TIME", "with --endpoint: of events since then: 2020-07-15T12:33:14Z, 2020-07-15, or how long ago: 2h"),
            .init("schedule", "give a whole new round of the schedule instead of one attempt"),
            .init("mails", "instead of deliveries: mails about exhausted deliveries that were refused; with --endpoint, about that one"),
        ],
        details: [
            "The deliveries become due now; a running posthorn run, or the next one, makes the attempt. Its number goes on from the"
                + "\nlast one's, and a failure leaves an exhausted delivery exhausted.",
            "With --mails, refused mails are due again, for the contact that the endpoint's node has now; a running posthorn run"
                + "\nwith --smtp, or the next one, sends them at once.",
            "Deliveries of an endpoint that is disabled, unverified or broken are held instead, until that is over; retry names it.",
            "With --json: one object with retried (a count), unknown (numbers), refused (objects of delivery and state) and waiting (objects of"
                + "\nendpoint, deliveries and reason: those of the retried ones that are held); with --mails one object a mail, with endpoint and recipient.",
        ],
        examples: ["posthorn retry 17 18", "posthorn retry --endpoint crm --since 24h --schedule", "posthorn retry --mails"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        if arguments.has("mails") { return try retryMails(arguments, context) }
        if let endpoint = arguments.text("endpoint"), !arguments.has("since"), arguments.positionals.isEmpty {
            // Without an outbox nothing is known of the name, and the missing time is what is wrong for sure.
            let isThere = access(context.databasePath, F_OK) == 0
            let known = isThere ? try context.withOutbox { try $0.topology().endpoints.map(\.settings.id) } : [endpoint]
            throw sinceIsMissing(endpoint, known: known, context.command)
        }
        let selection = try selection(arguments, context.command)
        let (report, faults) = try context.withOutbox { outbox in
            let report = try outbox.retry(selection, wholeRound: arguments.has("schedule"))
            return (report, report.retried > 0 ? try outbox.endpointFaults().all : [:])
        }
        let waiting = RetryWait.all(report.endpoints, faults)
        context.output.write(context.json ? json(report, waiting).text + "\n" : text(report, waiting))
        context.output.flush()
        for id in report.unknown { ErrorOutput.line("posthorn: delivery \(id) is not known; posthorn deliveries shows them") }
        for refusal in report.refused {
            ErrorOutput.line("posthorn: delivery \(refusal.delivery) is \(refusal.state.rawValue); \(remedy(refusal.state))")
        }
        return report.unknown.isEmpty && report.refused.isEmpty ? 0 : 1
    }

    private static func retryMails(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        if !arguments.positionals.isEmpty || arguments.has("since") || arguments.has("schedule") {
            throw UsageProblem("--mails goes with --endpoint ID alone", command: context.command)
        }
        let mails = try context.withOutbox { try $0.retryMails(endpoint: arguments.text("endpoint")) }
        for mail in mails {
            var line = JSONLine()
            line.add("endpoint", mail.endpoint)
            line.add("recipient", mail.recipient)
            let sentence = "mail about \(Visible.text(mail.endpoint)) due now, to \(Visible.text(mail.recipient))"
            context.output.write(context.json ? line.text + "\n" : sentence + "\n")
        }
        if mails.isEmpty && !context.json { context.output.write("no mail was refused\n") }
        return 0
    }

    private static func selection(_ arguments: ParsedArguments, _ command: String) throws(UsageProblem) -> RetrySelection {
        let since = try arguments.moment("since", before: SystemClock().now())
        guard let endpoint = arguments.text("endpoint") else {
            if since != nil { throw UsageProblem("--since needs --endpoint ID", command: command) }
            if arguments.positionals.isEmpty {
                throw UsageProblem("name deliveries by their numbers, or --endpoint ID --since TIME", command: command)
            }
            var numbers: [Int64] = []
            for text in arguments.positionals {
                let number = try AttemptsCommand.deliveryNumber(text, command)
                if !numbers.contains(number) { numbers.append(number) }
            }
            return .deliveries(numbers)
        }
        if !arguments.positionals.isEmpty {
            throw UsageProblem("give either numbers of deliveries or --endpoint, not both", command: command)
        }
        guard let since else { throw sinceIsMissing(endpoint, known: [endpoint], command) }
        return .endpoint(endpoint, since: since)
    }

    /// A mistyped endpoint is told of at once, and not after a time was added.
    static func sinceIsMissing(_ endpoint: String, known: [String], _ command: String) -> UsageProblem {
        let missing = "--endpoint needs --since TIME, such as --since 24h"
        if known.contains(endpoint) { return UsageProblem(missing, command: command) }
        let suggestion = Suggestion.clause(for: endpoint, among: known)
        return UsageProblem(
            "--endpoint: \"\(InputProblem.printable(endpoint))\" is not known\(suggestion), posthorn endpoint list shows them all; and \(missing)",
            command: command
        )
    }

    private static func remedy(_ state: DeliveryState) -> String {
        switch state {
        case .held: return "it goes out when its endpoint is enabled, verified or mended"
        case .delivered: return "there is nothing to retry"
        case .cancelled: return "a cancelled delivery stays so; emit the event again under another id"
        case .pending, .exhausted: return "try again"
        }
    }

    static func text(_ report: RetryReport, _ waiting: [RetryWait]) -> String {
        let due = report.retried - waiting.reduce(0) { $0 + $1.deliveries }
        let first = due > 0 || waiting.isEmpty ? "\(Words.count(due, "delivery", "deliveries")) due now\n" : ""
        return first + waiting.map(\.sentence).joined()
    }

    private static func json(_ report: RetryReport, _ waiting: [RetryWait]) -> JSONLine {
        var line = JSONLine()
        line.add("retried", report.retried)
        line.add("unknown", numbers: report.unknown)
        line.add(
            "refused",
            report.refused.map { refusal in
                var inner = JSONLine()
                inner.add("delivery", refusal.delivery)
                inner.add("state", refusal.state.rawValue)
                return inner
            }
        )
        line.add(
            "waiting",
            waiting.map { wait in
                var inner = JSONLine()
                inner.add("endpoint", wait.endpoint)
                inner.add("deliveries", wait.deliveries)
                inner.add("reason", wait.reason)
                return inner
            }
        )
        return line
    }
}
