import PosthornFormats
import PosthornLab
import PosthornModel
import PosthornSending
import PosthornSystem
import PosthornText

/// `posthorn load URL`
enum LoadCommand: Command {
    static let specification = CommandSpecification(
        name: "load",
        summary: "load-test a receiver with honest latencies, in a vendor's format",
        positionals: [
            .init(name: "URL", count: .many, summary: "the receiver, or several of the same load, each with results of its own")
        ],
        flags: LoadFlags.flags,
        usesOutbox: false,
        settings: LabTarget.settings,
        details: [
            "With --rate, requests leave on a schedule whether or not answers come, and latency counts from the moment a request"
                + "\nwas meant to leave: a receiver that stops for a second shows it. Without, so many connections ask as fast as they"
                + "\nare answered, which finds the peak throughput. With --replay, recorded events are sent with their original"
                + "\nspacing, ids, times and data, and new signatures.",
            "--replay reads at most \(HumanText.grouped(ReplayFlags.countLimit)) events into memory, where they take about what they do on disk;"
                + "\n--event TYPE (or a pattern) takes those of some types alone, --count N the first N that were stored.",
            "Requests due within 0.1 ms of each other are sent as a batch (0.4 ms when the thread is busy). If the machine falls behind,"
                + "\nconcurrency stays as it is until it catches up."
                + " Both show in start_delay_ms, which says how late requests left, and in the latencies; held_back"
                + "\ncounts what --max-in-flight made late.",
            "With --ledger the receiver says what it has processed: one line each time, which is the event's name or a JSON object"
                + "\nwith \"id\" or \"digest\". A name is the event's id (weseedo, standard), the id of its object (diio's id, Voiso's uuid,"
                + "\nWebio's communicationActionId), or the SHA-256 of the body, of the query for a GET. Counted are: lost (answered 200 and"
                + "\nnot processed), twice, unacknowledged (processed, never answered 200), forged (processed though wrongly signed or"
                + "\nreplayed) and unknown. Lines from before the load are skipped. posthorn receive --ledger writes one.",
            "--recording requests.ndjson sends what posthorn receive --record wrote: each body byte for byte, and the headers but Host, Content-Length and"
                + "\nthose of one connection, by its method and at its path and query. A URL with a path of its own takes all of one --path. With"
                + "\n--renew-signatures and --vendor, --vendor-file or --topology (each endpoint for the path of its URL) the headers of the signature are"
                + "\nmade new, for a receiver that refuses old ones; bodies and ids stay.",
            "The ledger is looked at before the first request: a URL must answer 200 with one (empty will do), a file must be one,"
                + "\nor be missing in a folder that is there. A name alone on its line has no blank, comma, quotation mark or bracket. One"
                + "\nthat in the end names none of the events that were answered 200 is an error (status 1), and not counted.",
            "Requests hold made-up events: WeSeeDo's unless --vendor says otherwise. Only 200 is a success. SIGINT (Ctrl-C) ends"
                + "\nthe test early, with the results of the time that it took; what was due and had not left counts as failed.",
            "--plan load.json has the same in a file: {\"urls\": {\"http://127.0.0.1:9999/\": 3, \"http://127.0.0.1:9998/\": 1},"
                + "\n\"rate\": [\"50..500:30s\", \"500:2m\"], \"mix\": {\"MEETING_*\": 3}, \"expect\": [\"p99<200ms\"], \"stop_if\": [\"errors>5%\"]}. Members are"
                + "\nthe flags with _ for -, and url or urls (with their shares); data may be an object, credential and mix too. What is on the"
                + "\ncommand line goes first. File names in it are those of the folder the command is run in.",
            "--think-time 500ms..2s makes each connection a caller that waits after each answer, each length as likely; they begin spread over"
                + "\none think time, and latency counts from the moment a caller wanted to ask. The same seed makes the same times.",
            "--stop-if is looked at twenty times a second, of all that have ended or are withheld: a share from \(StopBound.fewestRequests) requests on, a percentile"
                + "\nfrom as many as it needs. A load that it ends has missed that bound; what is on the wire is still waited for.",
            "A name with several addresses gives each of them connections in turn. Before the load one connection to each is tried: those that refuse it"
                + "\n(or do not answer within 2 s) while another one takes it are left out, and a note and addresses_left_out in JSON name them.",
            "Several URLs share the load by --weights: each has its own schedule, connections, bound of --max-in-flight and pauses, so that"
                + "\nnone hides or slows another, and its own results in every output. A bound on latency or errors in percent is judged of all"
                + "\nrequests and of each URL; p99{url:2}<200ms is about the second, {url:*} about each. --replay takes one URL.",
            "Latency is that of answers as they should be; answers with a wrong status have theirs apart (failure_latency_ms). A request"
                + "\nthat was never answered counts as slower than any bound, and is shown with the time it waited (≥), or with that of the slowest"
                + "\nanswer where it waited for less, as a refused connection does. So it is in every output but --samples and --vegeta, which have its own"
                + "\ntime. These have a line for each request that was given up too, with no status (0).",
            "A bound of --expect is kept, missed or not known. Not known: too few requests for the percentile (p90 needs 29, p95 59,"
                + "\np99 299, p99.9 2,995), no data, or this machine was late or had no time left, and the receiver need not be what"
                + "\nwas slow. Bounds of a part: p99{step:2}<200ms, p99{step:*}<200ms (each step), errors{type:MEETING_*}<1% (each such type).",
            "Exit status 1 when a bound is missed, and when not one of the requests that should be is answered 200, whatever was"
                + "\nexpected; a line then says what most likely has to be changed. Exit status 3 when none is missed and one is not known.",
            "--find-rate 'p99<200ms' doubles the rate from --rate (default 50) until the bound is missed, halves the distance until the rates"
                + "\nare 5 % apart, and confirms the lower one for --sustain. Fewer than 1 % of errors are a bound too, unless another is"
                + "\ngiven. A trial takes --duration (default 5s), or longer where the percentile needs more requests; no two send the same"
                + "\nevent. A rate at which this machine was late is not known, and never counts as missed. Exit status 0 with a rate, whether the"
                + "\nreceiver or this machine is its bound (the result says which), 1 if none holds, 3 if not known.",
            "Every output names the seed, the command line without secrets, the version, the format and the machine, to run it again.",
            "--expect 'findings<1' is missed when a line \"finding:\" is printed: wrongly signed requests (late ones, where the time is signed)"
                + "\nthat were answered 200, good ones that were not, and what the ledger shows. Such lines are counted, not requests.",
            "This machine and private networks may be tested; any other host needs --i-own-this-host. A receiver whose answer"
                + "\nis not 200 and has Retry-After is left alone for so long, a day at most; with --rate, what was due meanwhile is counted as"
                + "\nwithheld, and bounds on errors count it as failed. What --duration leaves over is not sent later than a second after its end,"
                + "\nor than --timeout where every place on the wire was taken, and counts as failed.",
            "With --json: one object, with target, began, model, duration_s, planned_s, stopped_early, requests, requests_per_second,"
                + "\nscheduled_per_second, stop, latency_ms and service_time_ms (min, mean, p50 … p9999, max), latency_at_least (which of these are"
                + "\nwaits without an answer), unanswered, unsent, errors, errors_by_kind, statuses, withheld, steps, types, targets (the same of each URL), checks, findings, ledger,"
                + "\nexpectations (expectation, outcome: kept, missed or not_known, line), run and more. --csv has one line an interval,"
                + "\n--samples one line a request (microseconds); lines that begin with # are comments.",
        ],
        examples: [
            "posthorn load http://127.0.0.1:9999/",
            "posthorn load http://127.0.0.1:9999/ --rate 500..5000/500:10s --spacing poisson --report load.html",
            "posthorn load http://127.0.0.1:9999/ --rate 200 --duration 30s --vendor diio --credential signing_secret=… "
                + "--wrong-signature 1% --duplicates 1% --expect 'p99<200ms' --expect 'findings<1'",
            "posthorn load http://127.0.0.1:9999/ --rate 500 --ledger processed.ndjson --expect 'lost<1' --expect 'twice<1'",
            "posthorn load http://127.0.0.1:9999/ --connections 50 --think-time 500ms..2s --duration 5m --stop-if 'errors>5%'",
            "posthorn load --plan load.json --json",
            "posthorn load http://127.0.0.1:9999/ --find-rate 'p99<200ms'",
            "posthorn load http://127.0.0.1:9999/ http://127.0.0.1:9998/ --weights 3,1 --rate 200 --expect 'p99<200ms'",
            "posthorn load http://127.0.0.1:9999/ --recording requests.ndjson --speed 10",
            "posthorn load http://127.0.0.1:9999/ --replay posthorn.db --speed 60 --vendor weseedo",
        ]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        guard let path = arguments.text(LoadFile.flag.name) else { return try load(arguments, context) }
        let file = try LoadFile(path)
        do { return try load(file.adding(to: arguments), context) } catch let problem as UsageProblem {
            throw file.named(problem, arguments)
        }
    }

    private static func load(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let targets = try LoadTargets(arguments, context.command)
        let now = SystemClock().now()
        let seed = UInt64(try arguments.integer("seed", 0...Int.max) ?? Int(now.milliseconds))
        let shares = try LoadFlags.shares(arguments, context.command)
        let expectations = try LoadFlags.expectations(arguments, context.command)
        let receivers = try RecordingFlags.receivers(arguments)
        let vendor = try VendorFileFlag.vendor(arguments, takesTopology: receivers == nil)
        if vendor?.signsURL == true, targets.all.count > 1 {
            throw UsageProblem("--vendor-file: this vendor signs the URL; name one URL", command: context.command)
        }
        let settings =
            vendor == nil && receivers == nil
            ? try FormatFlags.settings(arguments, url: targets.first.url.text, command: context.command) : nil
        let recording = try RecordingFlags.requests(
            arguments,
            to: targets.first.url.text,
            urls: targets.all.count,
            context.command
        )
        let events = try ReplayFlags.events(arguments, settings, context.command)
        let search = arguments.has("find-rate") ? try FindRate(arguments, weights: targets.weights, context.command) : nil
        if search == nil, arguments.has("sustain") {
            throw UsageProblem("--sustain belongs to --find-rate; add it", command: context.command)
        }
        let options = try WireFlags.options(arguments, context.command)
        let moments = events?.map(\.created) ?? recording?.all.map(\.time)
        var plan = try LoadFlags.plan(arguments, replaying: moments, seed: seed, context.command)
        LoadFlags.take(vendor, into: &plan, arguments)
        if let receivers { plan.success = RecordingFlags.success(receivers.endpoints) }
        let content: LoadContent
        if let recording {
            let renewal =
                try receivers.map { try RecordingFlags.renewal($0, recording, at: now) }
                ?? RecordingFlags.renewal(arguments, settings, vendor, recording, at: now, context.command)
            content = try LoadContent.recorded(recording, renewal: renewal, at: now)
        } else {
            content = try LoadContentFlags.content(
                arguments,
                vendor.map { .file($0, url: targets.first.url.text) } ?? .settings(settings),
                replaying: events,
                shares,
                seed: seed,
                at: now,
                context.command
            )
        }
        let ledger = try LedgerSource(arguments, context.command)
        try check(ledger, content, shares, expectations, context.command)
        try ReportFiles.check(arguments)
        try targets.check()
        if let note = try ledger?.check() { ErrorOutput.line("posthorn: \(note)") }
        // Opening empties them, so it comes after what can be refused.
        let files = try ReportFiles(arguments)
        StopSignals.block()
        func makeTest(_ plan: LoadPlan) throws -> LoadTest {
            try LoadTest(
                targets.destinations,
                method: recording == nil ? settings?.method ?? .post : .post,
                plan: plan,
                content: content,
                shares: shares,
                options: options
            )
        }
        let origin = LoadRunOrigin.made(arguments, settings, vendor, seed: seed)
        if let search { return try run(search, plan, makeTest, origin, targets, files, context) }
        let test = try makeTest(plan)
        let phase = ReportingPhase()
        var (report, ledgerProblem) = try run(test, plan, ledger, phase)
        phase.end()
        report.origin = origin
        let verdicts = report.verdicts(expectations) + report.stopVerdicts
        try files.write(report, verdicts, to: context)
        // The results stand, whatever became of the ledger.
        let hints = hints(report, targets, vendor == nil ? settings?.signature ?? .none : .vendorFile, arguments)
        if !hints.isEmpty { context.output.flush() }
        for hint in hints { ErrorOutput.lastLine("posthorn: \(hint)") }
        if let ledgerProblem { throw ledgerProblem }
        return hints.isEmpty ? status(of: verdicts) : 1
    }

    /// What most likely has to be changed for each receiver that has taken nothing at all.
    private static func hints(
        _ report: LoadReport,
        _ targets: LoadTargets,
        _ signature: SignatureScheme,
        _ arguments: ParsedArguments
    ) -> [String] {
        let reports = report.targets.isEmpty ? [report] : report.targets
        return zip(targets.all, reports).compactMap { target, report in
            guard let failure = report.failureOfAll else { return nil }
            let hint = FailureHint(
                url: target.url,
                signature: signature,
                hasFile: arguments.has("topology"),
                hasVendor: arguments.has("vendor"),
                caFile: arguments.text("ca-file")
            )
            let line = hint.line(ofLoad: failure, detail: report.errorText(of: failure))
            return reports.count == 1 ? line : "\(TerminalText.text(report.target)): \(line)"
        }
    }

    /// The exit status when nothing can be known about a bound, and none is missed.
    static let unknownStatus: Int32 = 3

    static func status(of verdicts: [Expectation.Verdict]) -> Int32 {
        if verdicts.contains(where: { $0.outcome == .missed }) { return 1 }
        return verdicts.allSatisfy(\.holds) ? 0 : unknownStatus
    }

    /// Searches for a rate.
    private static func run(
        _ search: FindRate,
        _ plan: LoadPlan,
        _ makeTest: (LoadPlan) throws -> LoadTest,
        _ origin: LoadOrigin,
        _ targets: LoadTargets,
        _ files: ReportFiles,
        _ context: Context
    ) throws -> Int32 {
        let phase = ReportingPhase()
        _ = try StopSignals.watch { signal in
            phase.leaveIfEnded(signal)
            search.end()
        }
        let (result, trials) = try search.run(plan, makeTest) { ErrorOutput.line("posthorn: \(FindRateText.line($0))") }
        phase.end()
        let url = targets.all.map { MaskedURL.text($0.url.text) }.joined(separator: " ")
        try files.write(junit: FindRateText.junit(result, trials, bounds: search.boundsText, origin: origin, target: url))
        if context.json {
            context.output.write(FindRateText.json(result, trials, bounds: search.boundsText, origin: origin, target: url))
        } else {
            context.output.write(FindRateText.report(result, trials, bounds: search.boundsText, target: url))
            context.output.write(LoadPartsText.origin(origin))
        }
        return FindRateText.status(result)
    }

    private static func check(
        _ ledger: LedgerSource?,
        _ content: LoadContent,
        _ shares: LoadPlan.Shares,
        _ expectations: [Expectation],
        _ command: String
    ) throws(UsageProblem) {
        if ledger == nil, let one = expectations.first(where: \.needsLedger) {
            throw UsageProblem("--expect \(one.text) is about the receiver's ledger; add --ledger", command: command)
        }
        if ledger == nil, shares.sum == 0, let one = expectations.first(where: { $0.measure == .findings }) {
            throw UsageProblem(
                "--expect \(one.text) needs requests that test the receiver; add --wrong-signature, --duplicates, --late, --reorder or --ledger",
                command: command
            )
        }
        if ledger != nil, !content.isTellable {
            throw UsageProblem(
                "--ledger: these requests cannot be told apart; leave --body and --data out, or give data with an id and --vendor",
                command: command
            )
        }
    }

    private static func run(
        _ test: LoadTest,
        _ plan: LoadPlan,
        _ ledger: LedgerSource?,
        _ phase: ReportingPhase
    ) throws -> (report: LoadReport, ledgerProblem: (any Error)?) {
        let log = try LogWriter(format: .text, showsProgress: Terminal.isTerminal(2))
        defer { log.close() }
        let meter = LoadMeter(plan)
        log.showProgress { meter.line(test.takeProgress()) }
        let stop = try StopMark()
        _ = try StopSignals.watch { signal in
            phase.leaveIfEnded(signal)
            stop.set()
            test.stop()
        }
        var report = try test.run()
        do { try ledger?.complete(&report, until: stop) } catch {
            return (report, error)
        }
        return (report, nil)
    }
}
