import Posthorn
import PosthornModel
import PosthornText
import PosthornStore
import PosthornSystem

/// `posthorn retry`
enum RetryCommand: Command {
    static let specification = CommandSpecification(
        name: "retry",
        summary: "try exhausted or waiting deliveries again now",
        positionals: DeliveryChoice.positionals,
        flags: DeliveryChoice.flags(.retry) + [
            BulkJob.flag,
            .init("schedule", "give a whole new round of the schedule instead of one attempt"),
            .init("current-url", "to the URL that the endpoint has now; with --endpoint ID alone: all that wait for another one"),
            .init("mails", "instead of deliveries: mails about exhausted deliveries that were refused; with --endpoint, about that one"),
        ],
        details: [
            "The deliveries become due now; a running posthorn run, or the next one, makes the attempt. Its number goes on from the"
                + "\nlast one's. When it fails, a waiting delivery goes on with its schedule as if nobody had asked, and an exhausted one stays"
                + "\nexhausted.",
            DeliveryChoice.details,
            BulkJob.details,
            "A delivery goes where its endpoint was when the event was accepted (posthorn deliveries shows the URL). With --current-url it"
                + "\ngoes where the endpoint is now, by the method and with the envelope that it has now; held deliveries are moved too, and stay"
                + "\nheld. With --endpoint ID and nothing else: all that wait for another URL.",
            "With --mails, refused mails are due again, for the contact that the endpoint's node has now; a running posthorn run"
                + "\nwith --smtp, or the next one, sends them at once.",
            "Deliveries of an endpoint that is disabled, unverified or broken are held instead, until that is over, and those of one whose"
                + "\nreceiver has asked to be left alone (Retry-After) wait until then; retry names it.",
            "With --json: one object with retried and moved (counts; moved: to another URL, method or envelope), unknown (numbers), refused"
                + "\n(objects of delivery and state) and waiting (objects of endpoint, deliveries and reason: those of the retried ones that are"
                + "\nnot sent now); with --mails one object a mail, with endpoint and recipient; with --dry-run one object an endpoint, with endpoint,"
                + "\ndeliveries, a count by state, and data_dropped: how many cannot be sent again, since --keep-payloads has dropped the data.",
        ],
        examples: [
            "posthorn retry 17 18", "posthorn retry --endpoint crm --since 24h --schedule", "posthorn retry --endpoint crm --current-url",
            "posthorn retry --state exhausted --type 'MEETING_*' --dry-run",
            "posthorn retry --state exhausted --error timeout --node acme --rate 50", "posthorn retry --mails",
        ]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        if arguments.has("mails") { return try retryMails(arguments, context) }
        let atCurrentURL = arguments.has("current-url")
        let choice = try DeliveryChoice(arguments, atCurrentURL ? .retryAtCurrentURL : .retry)
        let action = Replay.Action.retry(wholeRound: arguments.has("schedule"), atCurrentURL: atCurrentURL)
        return try context.withOutbox { outbox in
            if let status = try BulkJob.start(action, choice, arguments, outbox, context) { return status }
            if choice.isDryRun {
                try choice.printCounts(outbox, context)
                return 0
            }
            let report = try outbox.retry(choice.selection, wholeRound: arguments.has("schedule"), atCurrentURL: atCurrentURL)
            let waiting = try RetryWait.all(report, in: outbox)
            context.output.write(context.json ? json(report, "retried", waiting).text + "\n" : text(report, waiting))
            context.output.flush()
            try choice.tellOfExhausted(outbox)
            return choice.tellOfOthers(unknown: report.unknown, report.refused)
        }
    }

    private static func retryMails(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let others = DeliveryFilterFlags.words.filter { $0 != "endpoint" } + ["dry-run", "rate", "schedule", "current-url"]
        if !arguments.positionals.isEmpty || others.contains(where: arguments.has) {
            throw UsageProblem("--mails goes with --endpoint ID alone", command: context.command)
        }
        let mails = try context.withOutbox { try $0.retryMails(endpoint: arguments.text("endpoint")) }
        for mail in mails {
            var line = JSONLine()
            line.add("endpoint", mail.endpoint)
            line.add("recipient", mail.recipient)
            let sentence = "mail about \(TerminalText.text(mail.endpoint)) due now, to \(TerminalText.text(mail.recipient))"
            context.output.write(context.json ? line.text + "\n" : sentence + "\n")
        }
        if mails.isEmpty && !context.json { context.output.write("no mail was refused\n") }
        return 0
    }

    static func text(_ report: RetryReport, _ waiting: [RetryWait]) -> String {
        let due = report.retried - waiting.reduce(0) { $0 + $1.deliveries }
        let first = due > 0 || waiting.isEmpty ? "\(HumanText.count(due, "delivery", "deliveries")) due now\n" : ""
        let moved =
            report.moved > 0 ? "\(HumanText.count(report.moved, "delivery goes", "deliveries go")) to the endpoint's current URL\n" : ""
        return first + moved + waiting.map(\.sentence).joined()
    }

    /// - Parameter name: What the count of deliveries that are due is called.
    static func json(_ report: RetryReport, _ name: String, _ waiting: [RetryWait]) -> JSONLine {
        var line = JSONLine()
        line.add(name, report.retried)
        if name == "retried" { line.add("moved", report.moved) }
        DeliveryChoice.add(unknown: report.unknown, report.refused, to: &line)
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
