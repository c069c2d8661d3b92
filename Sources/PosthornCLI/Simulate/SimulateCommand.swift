import Glibc
import Posthorn
import PosthornFormats
import PosthornLab
import PosthornModel
import PosthornText
import PosthornStore
import PosthornSending
import PosthornSystem

/// `posthorn simulate VENDOR URL`
enum SimulateCommand: Command {
    static let specification = CommandSpecification(
        name: "simulate",
        summary: "act as a vendor towards a receiver, with made-up but consistent events",
        positionals: [
            .init(
                name: "VENDOR",
                count: .optional,
                summary: ScenarioVendor.allCases.map(\.rawValue).joined(separator: ", ") + "; with --vendor-file the first URL"
            ),
            .init(name: "URL", count: .many, summary: "the receivers; not needed with --topology or --out"),
        ],
        flags: SimulateFlags.flags,
        usesOutbox: false,
        settings: SimulateFlags.settings,
        details: [
            "Events go through the real engine: handshake, signatures, numbering, retries and mails are the real ones. Without --db"
                + "\nthey go through an outbox that is gone afterwards; with it they stay there, to be looked at. Counts and exit status are"
                + "\nthis run's: what it sent, and how deliveries ended in it, also those that had waited there before, which are named. SIGINT (Ctrl-C)"
                + "\nends early and says what was not sent. Exit status 1 when it was ended early, no endpoint takes any of the events, a"
                + "\ndelivery is exhausted, or a value request was not answered well.",
            "--event TYPE (or a pattern) sends events of these types alone. Without --count that is one, and without --start it happens"
                + "\nnow: simulate weseedo URL --event MEETING_STARTED triggers one event.",
            "Each vendor has its own scenarios, covering every event type it documents; Standard Webhooks defines none, so standard has a"
                + "\nshop's customers, orders and invoices. --scenario says at which pace. Ids and times follow from --seed,"
                + "\n--start and the topology's nodes alone, so the same command sends the same bytes again.",
            "--stories FILE has {\"stories\": [{\"share\": 3, \"steps\": [{\"type\": \"order.created\", \"data\": {\"id\": \"{story}\"}}, …]}]}: the events of each story come in"
                + "\ntheir order, several stories beside each other, and the data are filled in: {story} (an id, the same through a story), {number}, {now}, {now:s} and"
                + "\n{now:ms}; a text that is one of the numbers alone becomes a number. The vendor's format carries them, or the delivery fails as unbuildable.",
            "Several URLs all get every event. With --topology, events happen at the file's nodes and each endpoint gets what"
                + "\nits node, level and patterns say; what a WeSeeDo platform has and the file lacks is made up. Endpoints of the"
                + "\nother vendors are left out; envelopes standard and raw carry any VENDOR's events. simulate standard is a platform"
                + "\nof its own, the shop, whose events go to these two alone.",
            SimulationText.faultList,
            "Each fault is drawn independently, so one event may get several; the summary counts them. A receiver that is"
                + "\nslower than --timeout meets slow-200 without the fault. Retry-After counts in real seconds at any speed.",
            "With --check: each case with what a good receiver does and what this one did; exit status 1 when one is bad, 3 when none is and"
                + "\none is not known (whether a duplicate was acted on twice: posthorn check --ledger FILE shows it). Flags"
                + "\nthat would say nothing with --check, or with --out, are refused.",
            "This machine and private networks may be reached; any other host needs --i-own-this-host (repeatable).",
            "With --json: one object at the end with events, stopped_early, unsent_events, known_events (in the outbox of --db before),"
                + "\ndeliveries (by state), left_over_deliveries (of these, those that had waited in the outbox of --db), faults (how often each fault"
                + "\nof --fault happened), attempts, mails (by state) and value_requests; with --check one object a case, with case, verdict (good,"
                + "\nacceptable, bad, skipped; unknown where answers do not show it), expected and answer.",
        ],
        examples: [
            "posthorn simulate weseedo http://127.0.0.1:9999/ --rate 5 --count 50",
            "posthorn simulate weseedo --topology topology.json --scenario day --count 500 --speed 1440",
            "posthorn simulate diio http://127.0.0.1:9999/ --credential signing_secret=… --fault slow-200=2%,duplicates=1% --speed 60",
            "posthorn simulate weseedo http://127.0.0.1:9999/ --event MEETING_STARTED",
            "posthorn simulate diio http://127.0.0.1:9999/ --credential signing_secret=… --check",
            "posthorn simulate weseedo http://127.0.0.1:9999/ --start 2h --rate 0.1 --count 1000 --backfill",
            "posthorn simulate standard http://127.0.0.1:9999/ --credential secret=whsec_… --stories stories.json --count 20",
            "posthorn simulate voiso --count 1000 --fault reorder=5% --out events.ndjson --out-topology topology.json",
        ]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        if let vendor = try VendorFileFlag.vendor(arguments) { return try run(vendor, arguments, context) }
        guard let name = arguments.positionals.first else {
            throw UsageProblem("VENDOR is missing: \(specification.positionals[0].summary)", command: context.command)
        }
        guard let vendor = ScenarioVendor(rawValue: name), let format = Vendor(rawValue: name) else {
            let words = ScenarioVendor.allCases.map(\.rawValue)
            throw UsageProblem(
                "VENDOR: \"\(TerminalText.text(name))\" \(Suggestion.refusal(of: name, among: words))",
                command: context.command
            )
        }
        let mode = try SimulateMode(arguments)
        let targets = try SimulationTargets(format, arguments, context.command)
        if let path = arguments.text("out") {
            let simulation = try SimulateFlags.simulation(vendor, on: targets.platform, arguments, context.command)
            if let path = arguments.text("out-topology") { try SimulationFiles.write(nodes: simulation.nodes, to: path, context) }
            try SimulationFiles.write(simulation, to: path, context)
            let faults = simulation.faultCounts()
            if !faults.isEmpty {
                context.output.flush()
                ErrorOutput.line("faults: \(SimulationText.list(faults))")
            }
            return 0
        }
        try targets.check(context.command)
        for id in targets.leftOut {
            ErrorOutput.line("posthorn: endpoint \(TerminalText.text(id)) has another vendor's envelope and is left out")
        }
        if mode == .check { return try check(vendor, targets, arguments, context) }
        let simulation = try SimulateFlags.simulation(vendor, on: targets.platform, arguments, context.command)
        let options = try SimulateFlags.options(vendor, targets, arguments, context.command)
        return try play(simulation, targets.receivers, options, arguments, context)
    }

    /// Plays a vendor that a file describes.
    private static func run(_ vendor: FileVendor, _ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let mode = try SimulateMode(arguments)
        if mode == .check {
            throw UsageProblem(
                "--check has no cases for a vendor file; use posthorn check URL --vendor-file FILE",
                command: context.command
            )
        }
        let targets = try SimulationTargets(vendor, arguments, context.command)
        let simulation = try SimulateFlags.simulation(vendor.file, arguments, context.command)
        if let path = arguments.text("out") {
            if let path = arguments.text("out-topology") { try SimulationFiles.write(nodes: simulation.nodes, to: path, context) }
            try SimulationFiles.write(simulation, to: path, context)
            return 0
        }
        try targets.check(context.command)
        var options = try SimulateFlags.options(.standard, targets, arguments, context.command)
        options.vendor = vendor
        return try play(simulation, targets.receivers, options, arguments, context)
    }

    private static func temporaryFolder() throws(OutputFileProblem) -> TemporaryFolder {
        do throws(SystemProblem) { return try TemporaryFolder() } catch { throw OutputFileProblem(TemporaryFolder.parent, error.code) }
    }

    // MARK: What it does

    private static func play(
        _ simulation: Simulation,
        _ receivers: [EndpointSettings],
        _ options: SimulationOptions,
        _ arguments: ParsedArguments,
        _ context: Context
    ) throws -> Int32 {
        StopSignals.block()
        let folder = try temporaryFolder()
        defer { folder.remove() }
        let outbox = arguments.has("db") ? try context.openOutbox() : try Outbox(path: folder.path + "/outbox.db")
        defer { outbox.close() }
        let hasDuplicates = simulation.departures.contains(where: \.isDuplicate)
        let second = hasDuplicates ? try Outbox(path: folder.path + "/second.db") : nil
        defer { second?.close() }
        let log = try LogWriter(format: .text, showsProgress: Terminal.isTerminal(2))
        defer { log.close() }
        let hints = FirstFailureHints(
            hasFile: arguments.has("topology"),
            hasVendorFile: arguments.has("vendor-file"),
            caFile: arguments.text("ca-file")
        )
        let simulator = try VendorSimulator(
            simulation,
            to: receivers,
            outbox: outbox,
            second: second,
            options: options,
            log: { event in
                guard case .attemptFailed(let update) = event else { return }
                log.log(LogRecord(event))
                if let hint = hints.line(update) { log.log(LogRecord(.warn, "hint", hint)) }
            }
        )
        hints.watch(simulator)
        let outlook = SimulationText.outlook(simulation, speed: options.speed, backfill: options.backfillNanoseconds)
        if let outlook { ErrorOutput.line("posthorn: \(outlook)") }
        log.showProgress { SimulationText.progress(simulator.progress, at: SystemClock().now()) }
        let phase = ReportingPhase()
        _ = try StopSignals.watch { signal in
            phase.leaveIfEnded(signal)
            simulator.stop()
        }
        let result = try simulator.run()
        log.close()
        phase.end()
        context.output.write(context.json ? SimulationText.json(result) : SimulationText.report(result))
        if result.known > 0 {
            context.output.flush()
            ErrorOutput.lastLine("posthorn: \(SimulationText.note(ofKnown: result.known))")
        }
        if result.leftOver > 0 {
            context.output.flush()
            ErrorOutput.lastLine("posthorn: \(SimulationText.note(ofLeftOver: result.leftOver))")
        }
        if let problem = SimulationText.problem(result, keptIn: arguments.has("db") ? outbox.path : nil) {
            context.output.flush()
            ErrorOutput.lastLine("posthorn: \(problem)")
            return 1
        }
        let isAnswered = result.valueRequests.map { $0.asked == $0.answered } ?? true
        return result.deliveries[.exhausted] ?? 0 == 0 && isAnswered ? 0 : 1
    }

    private static func check(
        _ vendor: ScenarioVendor,
        _ targets: SimulationTargets,
        _ arguments: ParsedArguments,
        _ context: Context
    ) throws -> Int32 {
        guard targets.receivers.count == 1 else {
            throw UsageProblem("--check tries one receiver; name one URL, or a topology with one endpoint", command: context.command)
        }
        let settings = targets.receivers[0]
        let audit = try ReceiverAudit(
            settings,
            url: try EndpointURL(settings.url),
            vendor: vendor,
            guard: targets.egress,
            caFile: try EndpointCalls.caFile(arguments),
            seed: try SimulateFlags.seed(arguments) ?? UInt64(SystemClock().now().milliseconds)
        )
        var table = Table(
            [.init("CASE"), .init("VERDICT"), .init("ANSWER", canShrink: true), .init("A GOOD RECEIVER", canShrink: true)],
            terminalWidth: context.output.terminalWidth,
            write: context.output.write
        )
        var results: [AuditResult] = []
        do throws(SingleRequestProblem) {
            try audit.run { result in
                results.append(result)
                if context.json { return context.output.write(json(result)) }
                table.add([result.case.rawValue, result.verdict.rawValue, result.answer, result.case.expectation])
            }
        } catch {
            let reason = "cannot be reached: \(error); start the receiver, or correct the URL"
            throw InputProblem(field: "URL", value: settings.url, reason: reason)
        }
        let bad = results.count { $0.verdict == .bad }
        let unknown = results.count { $0.verdict == .unknown }
        if !context.json {
            table.finish()
            context.output.write("\n" + summary(bad: bad, unknown: unknown) + "\n")
            if results.contains(where: { $0.case == .duplicate && $0.verdict == .unknown }) {
                context.output.write(
                    "Whether it acted on the duplicate twice, only its own ledger shows: posthorn check URL --ledger FILE\n"
                )
            }
        }
        if let advice = ReceiverAudit.advice(results) {
            context.output.flush()
            ErrorOutput.line("posthorn: \(advice)")
        }
        if bad > 0 { return 1 }
        return unknown == 0 ? 0 : LoadCommand.unknownStatus
    }

    private static func summary(bad: Int, unknown: Int) -> String {
        let open = unknown == 0 ? "" : "; \(HumanText.count(unknown, "case")) not known"
        return (bad == 0 ? "The receiver answers well" : "\(HumanText.count(bad, "case")) went badly") + open + "."
    }

    private static func json(_ result: AuditResult) -> JSONLine {
        var line = JSONLine()
        line.add("case", result.case.rawValue)
        line.add("verdict", result.verdict.rawValue)
        line.add("expected", result.case.expectation)
        line.add("answer", result.answer)
        return line
    }
}
