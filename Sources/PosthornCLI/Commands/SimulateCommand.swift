import Glibc
import Posthorn
import PosthornLab
import PosthornModel
import PosthornOutbox
import PosthornSending
import PosthornSystem

/// `posthorn simulate VENDOR URL`
enum SimulateCommand: Command {
    static let specification = CommandSpecification(
        name: "simulate",
        summary: "act as a vendor towards a receiver, with made-up but consistent events",
        positionals: [
            .init(name: "VENDOR", count: .one, summary: ScenarioVendor.allCases.map(\.rawValue).joined(separator: ", ")),
            .init(name: "URL", count: .optional, summary: "the receiver; not needed with --out"),
        ],
        flags: SimulateFlags.flags,
        usesOutbox: false,
        details: [
            "Events go through the real engine: handshake, signatures, numbering and retries are the real ones. Without --db they"
                + "\ngo through an outbox that is gone afterwards; with it they stay there, to be looked at. SIGINT (Ctrl-C) ends early."
                + "\nExit status 1 when a delivery is exhausted.",
            "Ids and times of a scenario follow from --seed and --start alone, so the same command sends the same events again.",
            "With --check: each case with what a good receiver does and what this one did; exit status 1 when one is bad.",
            "This machine and private networks may be reached; any other host needs --i-own-this-host.",
            "With --json: one object at the end with events, deliveries (by state) and attempts; with --check one object a case,"
                + "\nwith case, verdict (good, acceptable, bad, skipped), expected and answer.",
        ],
        examples: [
            "posthorn simulate weseedo http://127.0.0.1:9999/ --rate 5 --count 50",
            "posthorn simulate diio http://127.0.0.1:9999/ --credential signing_secret=… --scenario day --count 500 --speed 1440",
            "posthorn simulate diio http://127.0.0.1:9999/ --credential signing_secret=… --check",
            "posthorn simulate voiso --count 1000 --fault duplicates=1%,reorder=5% --out events.ndjson",
        ]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let name = arguments.positionals[0]
        guard let vendor = ScenarioVendor(rawValue: name), let format = Vendor(rawValue: name) else {
            let words = ScenarioVendor.allCases.map(\.rawValue)
            throw UsageProblem(
                "VENDOR: \"\(Visible.text(name))\" is not known; use one of \(words.joined(separator: ", "))"
                    + Suggestion.clause(for: name, among: words),
                command: context.command
            )
        }
        if let path = arguments.text("out") {
            return try write(SimulateFlags.simulation(vendor, arguments, context.command), to: path, context)
        }
        guard arguments.positionals.count > 1 else {
            throw UsageProblem("URL is missing: the receiver, or --out FILE to write events down", command: context.command)
        }
        let target = try LabTarget(arguments, text: arguments.positionals[1], command: context.command)
        let settings = try settings(format, target, arguments, context)
        if arguments.has("check") { return try check(vendor, settings, target, arguments, context) }
        let simulation = try SimulateFlags.simulation(vendor, arguments, context.command)
        let speed = try arguments.positiveNumber("speed", upTo: 1_000_000) ?? 1
        try target.check()
        return try play(simulation, settings, target, speed: speed, arguments, context)
    }

    private static func settings(
        _ format: Vendor,
        _ target: LabTarget,
        _ arguments: ParsedArguments,
        _ context: Context
    ) throws -> EndpointSettings {
        let credentials = try NamedValues.read(
            arguments.all("credential"),
            flag: "credential",
            isSecret: true,
            command: context.command
        )
        var settings = EndpointSettings(id: VendorSimulator.endpointID, node: "lab", url: target.url.text)
        settings.envelope = format.envelope
        settings.signature = try arguments.choice("signature", SignatureScheme.self) ?? format.signature
        settings.credentials = credentials.mapValues { .string($0) }
        return settings
    }

    // MARK: What it does

    private static func write(_ simulation: Simulation, to path: String, _ context: Context) throws -> Int32 {
        if path == "-" {
            for departure in simulation.departures { context.output.write(departure.event.line + [0x0A]) }
            return 0
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw OutputFileProblem(path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        for (i, departure) in simulation.departures.enumerated() {
            bytes += departure.event.line + [0x0A]
            let isLast = i == simulation.departures.count - 1
            if isLast || bytes.count > 1 << 20 {
                if let failure = Descriptor.write(bytes, to: descriptor) { throw OutputFileProblem(path, failure) }
                bytes.removeAll(keepingCapacity: true)
            }
        }
        ErrorOutput.line("wrote \(Words.count(simulation.departures.count, "event")) to \(Visible.text(path))")
        return 0
    }

    private static func play(
        _ simulation: Simulation,
        _ settings: EndpointSettings,
        _ target: LabTarget,
        speed: Double,
        _ arguments: ParsedArguments,
        _ context: Context
    ) throws -> Int32 {
        StopSignals.block()
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outbox = arguments.has("db") ? try Outbox(path: context.databasePath) : try Outbox(path: folder.path + "/outbox.db")
        defer { outbox.close() }
        let hasDuplicates = simulation.departures.contains(where: \.isDuplicate)
        let second = hasDuplicates ? try Outbox(path: folder.path + "/second.db") : nil
        defer { second?.close() }
        var sender = SenderConfiguration()
        sender.guard = target.guard
        sender.caFile = arguments.text("ca-file")
        let log = try LogWriter(format: .text, showsProgress: Terminal.isTerminal(2))
        defer { log.close() }
        let simulator = try VendorSimulator(
            simulation,
            settings,
            outbox: outbox,
            second: second,
            speed: speed,
            nextSecret: arguments.text("rotate-to"),
            sender: sender,
            log: { if case .attemptFailed = $0 { log.log(LogRecord($0)) } }
        )
        let started = MonotonicClock.nanoseconds()
        log.showProgress { RunProgress.line(simulator.statistics, since: started) }
        _ = try StopSignals.watch { _ in simulator.stop() }
        let result = try simulator.run()
        log.close()
        report(result, context)
        return result.deliveries[.exhausted] ?? 0 == 0 ? 0 : 1
    }

    private static func report(_ result: SimulationResult, _ context: Context) {
        if context.json {
            var line = JSONLine()
            line.add("events", result.events)
            var states = JSONLine()
            for state in DeliveryState.allCases { states.add(state.rawValue, result.deliveries[state] ?? 0) }
            line.add("deliveries", states)
            line.add("attempts", result.attempts)
            return context.output.write(line)
        }
        let states = DeliveryState.allCases.compactMap { state in
            result.deliveries[state].flatMap { $0 > 0 ? "\(Words.grouped($0)) \(state.rawValue)" : nil }
        }
        let attempts = Words.count(result.attempts, "attempt")
        context.output.write("\(Words.count(result.events, "event")): \(states.joined(separator: ", ")); \(attempts)\n")
    }

    private static func check(
        _ vendor: ScenarioVendor,
        _ settings: EndpointSettings,
        _ target: LabTarget,
        _ arguments: ParsedArguments,
        _ context: Context
    ) throws -> Int32 {
        try target.check()
        let audit = try ReceiverAudit(
            settings,
            url: target.url,
            vendor: vendor,
            guard: target.guard,
            caFile: arguments.text("ca-file"),
            seed: try SimulateFlags.seed(arguments) ?? UInt64(SystemClock().now().milliseconds)
        )
        var table = Table(
            [.init("CASE"), .init("VERDICT"), .init("ANSWER", canShrink: true), .init("A GOOD RECEIVER", canShrink: true)],
            terminalWidth: context.output.terminalWidth,
            write: context.output.write
        )
        var bad = 0
        audit.run { result in
            if result.verdict == .bad { bad += 1 }
            if context.json { return context.output.write(json(result)) }
            table.add([result.case.rawValue, result.verdict.rawValue, result.answer, result.case.expectation])
        }
        if !context.json {
            table.finish()
            context.output.write(bad == 0 ? "\nThe receiver does well.\n" : "\n\(Words.count(bad, "case")) went badly.\n")
        }
        return bad == 0 ? 0 : 1
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
