import Glibc
import Posthorn
import PosthornAPI
import PosthornModel
import PosthornText
import PosthornStore
import PosthornSending
import PosthornSystem

/// `posthorn run`
enum RunCommand: Command {
    static let specification = CommandSpecification(
        name: "run",
        summary: "deliver what is in the outbox",
        flags: [
            .init("create", "make the outbox when there is none"),
            .init("check", "look at settings, outbox, topology, keys, certificates, mail server and disk, and start nothing"),
            .init("until-settled", "end once every delivery is delivered, exhausted, cancelled or held"),
            .init(
                "fail-on-exhausted",
                "with --until-settled: exit with 1 if attempts of any delivery were used up in this run, or any is left pending"
            ),
            .init("speed", "N", "run the retry schedule N times faster: 60 makes an hour a minute (default 1)"),
            CommandSpecification.keep,
            CommandSpecification.keepPayloads,
            .init(
                "suspend-after",
                "N",
                "suspend an endpoint after N failed attempts in a row: its deliveries wait, but for one probe now and then (default: never)"
            ),
            .init("disable-after", "LENGTH", "disable an endpoint when no attempt has succeeded for so long, such as 5d (default: never)"),
            .init("gone-disables", "disable an endpoint whose receiver says twice that it is gone (410)"),
            .init("rate-per-second", "N", "start no more than N requests a second to all endpoints together (default: any number)"),
            .init("max-in-flight", "N", "have no more than N deliveries under way at once, to all endpoints together (default: any)"),
            CommandSpecification.allow,
            .init("threads", "N", "sender threads (default: one a core, at most two)"),
            CommandSpecification.caFile,
            .init(
                "connection-lifetime",
                "LENGTH",
                "how long a connection is used, so that a receiver's name that has moved is followed (default 5m)"
            ),
            .init(
                "drain",
                "LENGTH",
                "how long a stop waits for requests on the wire; those that take longer go out again with the next run (default 30s)"
            ),
            .init("log", "FORMAT", "text or json: the log on standard error (default text)"),
            .init(
                "log-level",
                "LEVEL",
                "trace, debug, info, warn or error: leave out lines that matter less; debug has each failed attempt, trace each one (default info)"
            ),
        ] + OutboundArguments.flags + MailArguments.flags + ListenArguments.flags,
        settings: [
            "create", "keep", "keep-payloads", "suspend-after", "disable-after", "gone-disables", "rate-per-second",
            "max-in-flight", "allow", "threads", "ca-file", "connection-lifetime",
            "drain",
            "log", "log-level",
        ]
            + OutboundArguments.flags.map(\.name)
            + MailArguments.flags.map(\.name)
            + ListenArguments.flags.map(\.name),
        details: [
            "One engine delivers from an outbox at a time; a second one stands by and takes over when the first is gone."
                + "\nSIGTERM and SIGINT let requests that are on the wire end, for --drain at most, record their results and exit with 0;"
                + "\na second signal ends at once. What was still on the wire is sent again by the next run, and that was no attempt."
                + "\nSIGHUP has it read the settings file again: --log-level, --drain and the mail server's take effect, and the log names"
                + "\nwhat has changed and needs a restart. SIGUSR1 has it log what it is doing: requests, connections, what waits in memory, and"
                + "\nthe endpoints with most of it."
                + "\nIt also ends, with 1, when the outbox's file, its -wal or -shm, or its lock file FILE-engine is removed or replaced.",
            "--rate-per-second and --max-in-flight bind all endpoints together; a node's limits in the topology bind those below it, and each"
                + "\nendpoint has its own. What waits for one of them keeps nothing else waiting (posthorn status). Engines that share an outbox share its"
                + "\nlimits.",
            "Only public addresses over https are reached unless --allow opens a range.",
            OutboundArguments.details,
            "A missing outbox is made with --create only: a mistyped name, or a disk that is not mounted, would look like an outbox\nwithout events.",
            "With --keep what has ended longer ago is deleted, at the start and every ten minutes, in steps that hold the writer for some\n"
                + "milliseconds: --keep 30d for all states, --keep exhausted=90d for one. An event goes when all of its deliveries may."
                + "\nWith --keep-payloads the data of events goes earlier: what is left is listed, and cannot be sent again.",
            "With --check: one line a check as doctor has them, with --json one object each (severity, check, message); exit status 1 when\n"
                + "there is a problem. The mail server is connected to and logged in at; no mail is sent, and no file is changed.",
            MailArguments.details,
            ListenArguments.details,
            "When more than \(FailureDigest.linesPerSecond) attempts fail within a second, one line (attempts_failed) sums up the others of that"
                + "\nsecond: how many there are, of how many endpoints, at which most, and with which errors.",
            "With --until-settled it exits with 0 once all is settled: also what is exhausted, held, or waits in order behind an exhausted"
                + "\ndelivery (posthorn lanes). The log's last line says how many there are and what lets them go on. --fail-on-exhausted makes a"
                + "\nCI job fail, with 1, on those that were exhausted in this run, and on those that are left pending: behind an exhausted one of"
                + "\nthis run or an earlier one, or since it was stopped early.",
            "With --until-settled and --json: one object at the end, with events, deliveries (by state), attempts, delivered and"
                + "\nexhausted of this run, behind_exhausted (pending ones that wait in order behind an exhausted one), duration_ms, and"
                + "\nlog_lines_lost: lines that were not read.",
        ],
        examples: [
            "posthorn run",
            "posthorn run --check",
            "posthorn run --listen 127.0.0.1:8080",
            "posthorn run --until-settled --speed 3600 --allow 127.0.0.0/8",
            "posthorn run --until-settled --fail-on-exhausted || posthorn deliveries --state exhausted",
            "POSTHORN_SMTP_PASSWORD=… posthorn run --smtp smtp://me@mail.example:587 --mail-from posthorn@example.com",
        ]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        if arguments.has("check") { return Finding.report(RunCheck.findings(arguments, context), context) }
        let format = try arguments.choice("log", LogWriter.Format.self) ?? .text
        let level = try arguments.choice("log-level", LogRecord.Level.self) ?? .info
        let configuration = try configuration(arguments)
        let failsOnExhausted = arguments.has("fail-on-exhausted")
        if failsOnExhausted, !configuration.untilSettled {
            throw UsageProblem("--fail-on-exhausted goes with --until-settled", command: specification.name)
        }
        let listen = try ListenArguments(arguments, command: specification.name)
        try listen?.refuseBackups(of: context.databasePath)
        // Before the outbox starts the first thread.
        StopSignals.block([SIGUSR1, SIGHUP])
        DescriptorLimit.raise(
            to: DescriptorLimit.needed(configuration.sender) + (listen == nil ? 0 : ListenArguments.descriptors)
        )
        return try context.withOutbox(creating: arguments.has("create")) { outbox in
            let log = try LogWriter(format: format, level: level, showsProgress: Terminal.isTerminal(2))
            // Only where it is not closed below: a second time it does nothing.
            defer { log.close() }
            for (check, text) in OutboundArguments.sentences(configuration.sender.guard) {
                log.log(LogRecord(.info, check.replacing(" ", with: "_"), text))
            }
            let started = MonotonicClock.nanoseconds()
            let engine = try Engine(outbox: outbox, configuration: configuration) { event in
                log.log(LogRecord(event))
                ServiceManager.current?.note(event)
            }
            try ServiceManager.current?.keepWatch(over: engine)
            log.showProgress { RunProgress.line(engine.statistics, since: started) }
            let api = try listen?.open(outbox, beside: engine, guard: configuration.sender.guard, caFile: configuration.sender.caFile, log)
            defer { api?.stop() }
            let tracing = RunTracing(engine, log)
            if level == .trace { tracing.start() }
            let reload = RunReload(arguments)
            let hasMail = configuration.mail != nil
            _ = try StopSignals.watch(
                [
                    SIGUSR1: { dump(engine, log) },
                    SIGHUP: { log.log(Self.reload(reload, engine, log, tracing, hasMail: hasMail), isAskedFor: true) },
                ],
                { _ in engine.requestStop() }
            )
            try engine.run()
            tracing.wait()
            // Before the log: what was still on its way has a line there.
            api?.stop()
            guard configuration.untilSettled else { return end(log.close(), context) }
            let (status, statistics) = (try outbox.status(), engine.statistics)
            let pending = status.deliveries[.pending] ?? 0
            let behind = try outbox.laneCounts().reduce(0) { $0 + $1.summary.stoppedWaiting }
            let held = status.deliveries[.held] ?? 0
            if let record = LogRecord(unsettled: statistics.exhausted, held: held, behind: behind, pending: pending) { log.log(record) }
            let lost = log.close()
            report(status, statistics, behind, MonotonicClock.nanoseconds() - started, lost, context)
            let ended = end(lost, context)
            return failsOnExhausted && (statistics.exhausted > 0 || pending > 0) ? 1 : ended
        }
    }

    /// Reads the settings again and applies what can be applied.
    private static func reload(_ reload: RunReload, _ engine: Engine, _ log: LogWriter, _ tracing: RunTracing, hasMail: Bool) -> LogRecord {
        ServiceManager.current?.tell("RELOADING=1\nMONOTONIC_USEC=\(MonotonicClock.nanoseconds() / 1000)")
        defer { ServiceManager.current?.tell("READY=1") }
        return reload.reload(hasMail: hasMail) { given in
            let arguments = try given.addingSettings(of: specification, known: Program.settings)
            // What takes effect with a restart is looked at all the same: that is the time to hear of a mistake.
            _ = try Self.configuration(arguments)
            _ = try ListenArguments(arguments, command: specification.name)
            return arguments
        } _: { arguments in
            let level = try arguments.choice("log-level", LogRecord.Level.self) ?? .info
            let configuration = try configuration(arguments)
            log.setLevel(level)
            if level == .trace { tracing.start() }
            if let mail = configuration.mail { engine.use(mail) }
            engine.setDrain(milliseconds: configuration.drainMilliseconds)
        }
    }

    /// Logs what the engine is doing, whatever the log's level. What the writer has in memory follows once it has ended a commit.
    private static func dump(_ engine: Engine, _ log: LogWriter) {
        log.log(LogRecord(senders: engine.statistics), isAskedFor: true)
        engine.takeSnapshot { snapshot in
            for record in LogRecord.records(of: snapshot) { log.log(record, isAskedFor: true) }
        }
    }

    /// Ends a run, whether or not somebody reads what it has to say.
    /// - Parameter lost: Lines of the log that nobody has read.
    /// - Returns: The status.
    private static func end(_ lost: Int, _ context: Context) -> Int32 {
        if lost > 0, !context.json {
            context.output.write(
                "\(HumanText.count(lost, "log line was", "log lines were")) left out, because standard error was not read\n"
            )
        }
        return context.output.flushSoon() ? 0 : 1
    }

    static func configuration(_ arguments: ParsedArguments) throws(UsageProblem) -> EngineConfiguration {
        var sender = SenderConfiguration()
        sender.guard = try OutboundArguments.egress(arguments)
        if let threads = try arguments.integer("threads", 1...64) { sender.threads = threads }
        sender.caFile = try EndpointCalls.caFile(arguments)
        if let lifetime = try arguments.milliseconds("connection-lifetime") {
            sender.connectionLifetimeSeconds = Int(max(1, lifetime / 1000))
        }
        var configuration = EngineConfiguration(
            speed: try arguments.positiveNumber("speed", upTo: 1_000_000) ?? 1,
            untilSettled: arguments.has("until-settled"),
            sender: sender,
            mail: try MailArguments.configuration(arguments)
        )
        configuration.health = try HealthArguments.policy(arguments)
        configuration.retention = try arguments.retention("keep", payloads: "keep-payloads")
        let limits = DeliveryLimits(
            ratePerSecond: try arguments.positiveNumber("rate-per-second", upTo: EndpointSettings.rateLimit),
            inFlightLimit: try arguments.integer("max-in-flight", DeliveryLimits.inFlightRange)
        )
        if !limits.isEmpty { configuration.limits = limits }
        if let drain = try arguments.milliseconds("drain") { configuration.drainMilliseconds = drain }
        return configuration
    }

    private static func report(
        _ status: OutboxStatus,
        _ statistics: EngineStatistics,
        _ behind: Int,
        _ nanoseconds: Int64,
        _ linesLost: Int,
        _ context: Context
    ) {
        if context.json {
            var line = JSONLine()
            line.add("events", status.events)
            line.add("deliveries", JSONLine(deliveriesOf: status))
            line.add("attempts", statistics.attempts)
            line.add("delivered", statistics.delivered)
            line.add("exhausted", statistics.exhausted)
            line.add("behind_exhausted", behind)
            line.add("duration_ms", nanoseconds / 1_000_000)
            line.add("log_lines_lost", linesLost)
            context.output.write(line)
            return
        }
        let counts = DeliveryState.allCases.map { "\(HumanText.grouped(status.deliveries[$0] ?? 0)) \($0.rawValue)" }
        context.output.write(
            "\(counts.joined(separator: ", ")); \(HumanText.count(statistics.attempts, "attempt")) in "
                + "\(HumanText.length(milliseconds: nanoseconds / 1_000_000))\n"
        )
    }
}

/// The line that a terminal shows while the engine works.
enum RunProgress {
    static func line(_ statistics: EngineStatistics, since started: Int64) -> String {
        let seconds = Double(MonotonicClock.nanoseconds() - started) / 1e9
        let rate = seconds > 0 ? Double(statistics.delivered) / seconds : 0
        return line(statistics, deliveredPerSecond: rate, at: SystemClock().now())
    }

    static func line(_ statistics: EngineStatistics, deliveredPerSecond rate: Double, at now: Timestamp) -> String {
        let failed = statistics.attempts - statistics.delivered
        var text = "\(HumanText.grouped(statistics.delivered)) delivered, \(HumanText.grouped(failed)) failed attempts, "
        text += "\(HumanText.oneDecimal(rate))/s, \(HumanText.grouped(statistics.claimed)) in memory"
        if let next = statistics.nextRetry { text += ", next retry \(HumanText.distance(to: next, from: now))" }
        return text
    }
}
