import PosthornFormats
import PosthornLab
import PosthornModel
import PosthornSending
import PosthornSystem
import PosthornText

/// `posthorn check URL`
enum CheckCommand: Command {
    static let specification = CommandSpecification(
        name: "check",
        summary: "a receiver's scorecard: signature, age, duplicates, order, rotation, retries, load and faults",
        positionals: [.init(name: "URL", count: .one, summary: "the receiver")],
        flags: FormatFlags.flags + [
            .init("rotate-to", "SECRET", "the secret that the sender changes over to, which the receiver knows too"),
            .init("rate", "N", "requests a second of the load (default 100)"),
            .init("duration", "TIME", "how long the load takes (default 4s)"),
            .init("no-load", "leave the load out"),
            .init("seed", "N", "where events come from (default: by the clock)"),
        ] + LedgerSource.flags + [
            .init("report", "FILE", "write the scorecard as a page (HTML, complete in itself)"),
            .init("junit", "FILE", "write it as JUnit XML: what is missed fails, what is not known is skipped"),
            CommandSpecification.caFile,
            LabTarget.ownership,
        ],
        usesOutbox: false,
        settings: LabTarget.settings,
        details: [
            "Requests are those of the vendor, rightly signed unless it is said otherwise. Each thing is kept, missed, not known, or skipped"
                + "\nwhere the format has no such thing. Whether a receiver acts on an event once, answers do not show: with --ledger its own lines"
                + "\ndo (posthorn load --help says how they look), without it this is not known, and neither is a second secret without --rotate-to.",
            "The load sends --rate for --duration, evenly: fewer than 1 % may fail, and the 99th percentile of the latency must be within the"
                + "\nvendor's deadline. It is not known where there are fewer than 299 requests, or this machine was late.",
            "What the ledger lacks is missed after --ledger-wait; a good receiver is not waited for so long.",
            "Exit status 1 when something is missed, 3 when nothing is and something is not known, else 0. SIGINT (Ctrl-C) ends the load and the"
                + "\nwaiting for the ledger, says so, and ends with 1; a request on the wire is still waited for.",
            "This machine and private networks may be checked; any other host needs --i-own-this-host.",
            "With --json: one object a line with area, title, outcome (kept, missed, not_known, skipped), evidence and demand.",
        ],
        examples: [
            "posthorn check http://127.0.0.1:9999/ --vendor diio --credential signing_secret=…",
            "posthorn check http://127.0.0.1:9999/ --vendor-file stripe.json --credential secret=… --ledger processed.ndjson --report card.html",
        ]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let command = context.command
        let target = try LabTarget(text: arguments.positionals[0], owned: arguments.all(LabTarget.ownership.name), command: command)
        try LabTarget.refuseStrangers(arguments, hosts: [target.url.host] + [LedgerSource.host(arguments)].compactMap { $0 })
        for flag in ["rate", "duration"] where arguments.has(flag) && arguments.has("no-load") {
            throw UsageProblem("--\(flag) belongs to the load that --no-load leaves out; leave one of them out", command: command)
        }
        let now = SystemClock().now()
        let seed = UInt64(try arguments.integer("seed", 0...Int.max) ?? Int(now.milliseconds))
        let (format, content, plan) = try format(arguments, target, seed: seed, at: now, command)
        let ledger = try LedgerSource(arguments, command)
        let page = try OutputFile(arguments, "report")
        let junit = try OutputFile(arguments, "junit")
        try target.check()
        if let note = try ledger?.check() { ErrorOutput.line("posthorn: \(note)") }
        StopSignals.block()
        let loads = try StoppableLoads()
        let phase = ReportingPhase()
        _ = try StopSignals.watch { signal in
            phase.leaveIfEnded(signal)
            loads.stop()
        }
        var table = Table(
            [
                .init("ABOUT"), .init("TRIED", canShrink: true), .init("RESULT"), .init("EVIDENCE", canShrink: true),
                .init("A GOOD RECEIVER", canShrink: true),
            ],
            terminalWidth: context.output.terminalWidth,
            write: context.output.write
        )
        var rows: [ScorecardRow] = []
        func tell(_ row: ScorecardRow) {
            rows.append(row)
            if context.json { return context.output.write(json(row)) }
            table.add([row.area.rawValue, row.title, row.outcome.rawValue, row.evidence, row.demand])
        }
        let start = MonotonicClock.nanoseconds()
        let card = Scorecard(
            format,
            url: target.url,
            guard: target.guard,
            caFile: try EndpointCalls.caFile(arguments),
            seed: seed,
            ledger: ledger.map { source in { try source.current() } },
            graceMilliseconds: ledger?.graceMilliseconds ?? 0,
            wait: loads.wait
        )
        var isWhole: Bool
        do { isWhole = try card.run(tell) } catch let problem as SingleRequestProblem {
            throw InputProblem(
                field: "URL",
                value: MaskedURL.text(target.url.text),
                reason: "cannot be reached: \(problem); start the receiver, or correct the URL"
            )
        }
        if !arguments.has("no-load"), isWhole {
            let rows = try load(loads, target, plan, content, format, arguments)
            isWhole = rows != nil
            rows?.forEach(tell)
        }
        phase.end()
        if !context.json {
            table.finish()
            context.output.write("\n" + summary(rows, isWhole: isWhole) + "\n")
        }
        let document = ScorecardPage(
            target: MaskedURL.text(target.url.text),
            vendor: format.title,
            began: now,
            seconds: Double(MonotonicClock.nanoseconds() - start) / 1e9,
            rows: rows,
            properties: [
                ("command", RepeatableCommand.line(arguments, specification, adding: [("seed", String(seed))])), ("seed", String(seed)),
                ("version", PosthornVersion.text),
            ] + (isWhole ? [] : [("stopped", "before everything was tried")])
        )
        try page?.write(document.html)
        try junit?.write(document.junit)
        if !isWhole {
            context.output.flush()
            ErrorOutput.lastLine("posthorn: stopped before everything was tried; what is missing above is not known")
            return 1
        }
        if rows.contains(where: { $0.outcome == .missed }) { return 1 }
        return rows.contains { $0.outcome == .unknown } ? LoadCommand.unknownStatus : 0
    }

    private static func format(
        _ arguments: ParsedArguments,
        _ target: LabTarget,
        seed: UInt64,
        at now: Timestamp,
        _ command: String
    ) throws -> (CheckedFormat, LoadContent, LoadPlan) {
        let rate = try arguments.positiveNumber("rate", upTo: 100_000) ?? 100
        var plan = LoadPlan(.open(try RateSpecification(String(rate)), poisson: false))
        plan.nanoseconds = try LoadFlags.duration("duration", arguments, command) ?? 4_000_000_000
        plan.seed = seed
        let next = arguments.text("rotate-to")
        func problem(_ error: InputProblem) -> UsageProblem { UsageProblem("--\(error)", command: command) }
        // The second secret is a flag of its own here.
        if let vendor = try VendorFileFlag.vendor(arguments, takesTopology: true, allowing: ["rotate-to"]) {
            do throws(InputProblem) {
                let format = try CheckedFormat(vendor, url: target.url.text, nextSecret: next)
                plan.success = vendor.file.description.success
                plan.timeoutMilliseconds = vendor.file.description.timeoutMilliseconds ?? plan.timeoutMilliseconds
                let content = try LoadContent.events(
                    of: vendor,
                    url: target.url.text,
                    type: nil,
                    data: nil,
                    headers: [],
                    needsWrong: false,
                    at: now
                )
                return (format, content, plan)
            } catch { throw problem(error) }
        }
        guard let settings = try FormatFlags.settings(arguments, url: target.url.text, command: command) else {
            throw UsageProblem("a format is missing: add --vendor, --vendor-file or --topology", command: command)
        }
        if let next { try CredentialFlags.check(nextSecret: next, of: [settings], command) }
        plan.timeoutMilliseconds = settings.timeoutMilliseconds
        let vendor = ScenarioVendor(rawValue: settings.envelope.rawValue) ?? .weseedo
        do throws(InputProblem) {
            let format = try CheckedFormat(settings, vendor: vendor, nextSecret: next, seed: seed, at: now)
            let content = try LoadContent.events(settings, vendor: vendor, type: nil, data: nil, needsWrong: false, seed: seed, at: now)
            return (format, content, plan)
        } catch { throw problem(error) }
    }

    /// A short load, judged as `posthorn load` judges one.
    /// - Returns: `nil` when it was stopped.
    private static func load(
        _ loads: StoppableLoads,
        _ target: LabTarget,
        _ plan: LoadPlan,
        _ content: LoadContent,
        _ format: CheckedFormat,
        _ arguments: ParsedArguments
    ) throws -> [ScorecardRow]? {
        var options = WireOptions()
        options.caFile = try EndpointCalls.caFile(arguments)
        let destination = LoadDestination(target.url, guard: target.guard)
        let test = try LoadTest([destination], method: format.method, plan: plan, content: content, options: options)
        let report = try loads.run(test)
        if report.stoppedAfter != nil { return nil }
        let deadline = plan.timeoutMilliseconds
        return try report.verdicts([Expectation("errors<1%"), Expectation("p99<\(deadline)ms")]).map { verdict in
            let outcome: ScorecardRow.Outcome = verdict.outcome == .kept ? .kept : verdict.outcome == .missed ? .missed : .unknown
            let isLatency = verdict.expectation.hasPrefix("p99")
            return ScorecardRow(
                .load,
                verdict.expectation,
                outcome,
                evidence: verdict.detail,
                demand: isLatency ? "an answer within the vendor's deadline, \(deadline) ms" : "next to nothing fails"
            )
        }
    }

    private static func summary(_ rows: [ScorecardRow], isWhole: Bool) -> String {
        func count(_ outcome: ScorecardRow.Outcome) -> Int { rows.count { $0.outcome == outcome } }
        let (missed, unknown) = (count(.missed), count(.unknown))
        if missed == 0, unknown == 0, isWhole { return "The receiver does well: \(count(.kept)) kept." }
        let parts = ["\(count(.kept)) kept", missed == 0 ? nil : "\(missed) missed", unknown == 0 ? nil : "\(unknown) not known"]
        return parts.compactMap { $0 }.joined(separator: ", ") + "."
    }

    private static func json(_ row: ScorecardRow) -> JSONLine {
        var line = JSONLine()
        line.add("area", row.area.rawValue)
        line.add("title", row.title)
        line.add("outcome", row.outcome.key)
        line.add("evidence", row.evidence)
        line.add("demand", row.demand)
        return line
    }
}
