import PosthornFormats
import PosthornLab
import PosthornModel
import PosthornSending
import PosthornSystem
import PosthornText

/// `posthorn load compare A… vs B…`
enum LoadCompareCommand: Command {
    static let specification = CommandSpecification(
        name: "load compare",
        summary: "say whether two series of loads differ, and which difference would have been seen",
        positionals: [
            .init(name: "RUN", count: .many, summary: "files of load --json, as A… vs B…; or two URLs, which are loaded in turn")
        ],
        flags: [
            .init("runs", "N", "with two URLs: how many runs of each, in turn (default 10)"),
            .init("noise", "SHARE", "a change below this share is none (default 1%)"),
        ] + LoadFlags.flags.filter { taken.contains($0.name) },
        usesOutbox: false,
        settings: LabTarget.settings,
        details: [
            "The unit is the run: a file holds one report of load --json, or several, one a line. Each figure (p50, p90, p99, mean, answered/s,"
                + "\nerrors in %) is held against that of the other side by the Mann-Whitney test on runs, corrected for their number (Holm). CHANGE"
                + "\nis the Hodges-Lehmann estimate, and behind it the interval that holds the change in 95 of 100 cases; that of errors is in points.",
            "Latency is that of answers as they should be, and only these count as answered; all others are errors, and so is what was not"
                + "\nsent because the receiver asked to wait. A latency that in some run is the wait of a request without an answer is left out.",
            "WOULD SHOW is the smallest change that as many runs, as different from each other as these, show in 19 of 20 cases. A change"
                + "\nbelow it may be there. With fewer than 4 runs on a side nothing can be known.",
            "With two URLs the runs take turns (A B B A …), so that what changes on the machine meanwhile meets both. Each run is a load of its own"
                + "\nwith another seed and other events, by the flags of posthorn load.",
            "Runs of other loads (machine, version, vendor, flags, time) are refused, and so are runs that were stopped early, or in which"
                + "\nnothing was answered as it should be.",
            "Flags of posthorn load belong to two URLs: with files they are refused. SIGINT (Ctrl-C) ends the run that is being made, which is left"
                + "\nout, and shows what the runs before it say.",
            "Exit status 1 when a figure of B is worse or the runs are refused, 3 when nothing can be known or it was stopped, else 0. With"
                + "\n--json: one object with outcome, stopped, runs (a, b), figures (figure, a, b, change, interval, p, would_show, outcome) and"
                + "\nleft_out. change is a share of a; that of errors is a share of all requests.",
        ],
        examples: [
            "posthorn load compare before.ndjson vs after.ndjson",
            "posthorn load compare http://127.0.0.1:9999/ http://127.0.0.1:9998/ --runs 10 --rate 200 --duration 5s",
        ]
    )

    /// Flags of `posthorn load` that say what a run is.
    private static let taken: Set<String> = [
        "rate", "spacing", "connections", "duration", "count", "warm-up", "max-in-flight", "timeout", "threads", "vendor", "signature",
        "credential",
        "vendor-file", "topology", "endpoint", "event", "data", "body", "header", "method", "seed", "ignore-retry-after",
        "close-connections",
        "insecure", "ca-file", "i-own-this-host",
    ]

    private static let fileLimitBytes = 64 << 20

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let words = arguments.positionals
        var noise = 0.01
        if let text = arguments.text("noise") {
            guard let share = Quantity.share(text) else {
                throw UsageProblem(
                    "--noise: \"\(InputProblem.printable(text))\" \(Quantity.refusal(ofShare: text))",
                    command: context.command
                )
            }
            noise = share
        }
        let urls = words.filter { $0.contains("://") }
        let sides: (first: [Named], second: [Named])
        var isStopped = false
        if urls.isEmpty {
            try refuseFlagsOfRuns(arguments, context.command)
            sides = try read(words, context.command)
        } else {
            guard urls.count == 2, words.count == 2 else {
                throw UsageProblem("RUN: name two URLs, or files with vs between the two sides", command: context.command)
            }
            (sides, isStopped) = try load(urls, arguments, context)
        }
        if !isStopped { try refuse(sides.first + sides.second) }
        let comparison = LoadComparison(sides.first.map(\.run), sides.second.map(\.run), noise: noise)
        let text = context.json ? LoadCompareText.json : LoadCompareText.report
        context.output.write(text(comparison, isStopped))
        if isStopped { return LoadCommand.unknownStatus }
        switch comparison.outcome {
        case .worse: return 1
        case .unknown: return LoadCommand.unknownStatus
        case .better, .same: return 0
        }
    }

    private typealias Named = (name: String, run: LoadRun)

    private static func refuse(_ runs: [Named]) throws(InputProblem) {
        guard let obstacle = LoadComparison.obstacle(runs) else { return }
        throw InputProblem(.incompatible, field: "RUN", reason: "cannot be compared: \(obstacle)")
    }

    /// What files hold was run before, by whatever flags it was.
    private static func refuseFlagsOfRuns(_ arguments: ParsedArguments, _ command: String) throws(UsageProblem) {
        for flag in specification.flags where flag.name != "noise" && arguments.isGiven(flag.name) {
            throw UsageProblem("--\(flag.name) is a flag of runs that are made, and these are read; leave it out", command: command)
        }
    }

    /// The reports in files: before `vs` those of one side, behind it those of the other.
    private static func read(_ words: [String], _ command: String) throws -> (first: [Named], second: [Named]) {
        var parts = words.split(separator: "vs", omittingEmptySubsequences: false).map(Array.init)
        if parts.count == 1, words.count == 2 { parts = [[words[0]], [words[1]]] }
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw UsageProblem("RUN: name the files of two sides, with vs between them: A1 A2 vs B1 B2", command: command)
        }
        return (try parts[0].flatMap(runs), try parts[1].flatMap(runs))
    }

    private static func runs(inFile path: String) throws -> [Named] {
        let file = try InputFile(path)
        let bytes = try file.contents(limitBytes: fileLimitBytes)
        let texts = (try? JSONValue.parse(bytes)) == nil ? bytes.split(separator: 0x0A).map(Array.init) : [bytes]
        return try texts.enumerated().map { i, text in
            let name = texts.count == 1 ? file.name : "\(file.name), run \(i + 1)"
            let json: JSONValue
            do throws(JSONProblem) { json = try JSONValue.parse(text) } catch {
                throw InputFileContentProblem(name: name, problem: InputProblem(field: "run", reason: "is \(error)"))
            }
            do throws(InputProblem) { return (name, try LoadRun(json)) } catch {
                throw InputFileContentProblem(name: name, problem: error)
            }
        }
    }

    /// Loads two receivers in turn.
    /// - Returns: The runs that are whole, and whether it was stopped before all were.
    private static func load(_ urls: [String], _ arguments: ParsedArguments, _ context: Context) throws -> (
        sides: (first: [Named], second: [Named]), isStopped: Bool
    ) {
        let command = context.command
        let owned = arguments.all(LabTarget.ownership.name)
        let targets = try urls.map { try LabTarget(text: $0, owned: owned, command: command) }
        try LabTarget.refuseStrangers(arguments, hosts: targets.map(\.url.host))
        let runs = try arguments.integer("runs", 1...1000) ?? 10
        let now = SystemClock().now()
        let seed = UInt64(try arguments.integer("seed", 0...Int.max) ?? Int(now.milliseconds))
        let vendor = try VendorFileFlag.vendor(arguments, takesTopology: true)
        let settings = vendor == nil ? try FormatFlags.settings(arguments, url: targets[0].url.text, command: command) : nil
        var plan = try LoadFlags.plan(arguments, replaying: nil, seed: seed, command)
        LoadFlags.take(vendor, into: &plan, arguments)
        let options = try WireFlags.options(arguments, command)
        let contents = try targets.map { target in
            try LoadContentFlags.content(
                arguments,
                vendor.map { .file($0, url: target.url.text) } ?? .settings(settings),
                replaying: nil,
                LoadPlan.Shares(),
                seed: seed,
                at: now,
                command
            )
        }
        for target in targets { try target.check() }
        StopSignals.block()
        let loads = try StoppableLoads()
        let phase = ReportingPhase()
        defer { phase.end() }
        _ = try StopSignals.watch { signal in
            phase.leaveIfEnded(signal)
            loads.stop()
        }
        var sides: [[Named]] = [[], []]
        for number in 0..<(2 * runs) {
            if loads.isStopped { return ((sides[0], sides[1]), true) }
            // A B B A: neither side is always the first of its pair.
            let side = [0, 1, 1, 0][number % 4]
            plan.seed = seed &+ UInt64(number / 2)
            let destination = LoadDestination(targets[side].url, guard: targets[side].guard)
            let test = try LoadTest([destination], method: settings?.method ?? .post, plan: plan, content: contents[side], options: options)
            var report = try loads.run(test)
            if report.stoppedAfter != nil { return ((sides[0], sides[1]), true) }
            plan.firstNumber = report.nextNumber
            report.origin = LoadRunOrigin.made(arguments, settings, vendor, seed: plan.seed)
            let run = try LoadRun(report)
            let named = (name: "run \(number / 2 + 1) of \(MaskedURL.text(urls[side]))", run: run)
            // The other runs would be loads in vain.
            if run.problem != nil { try refuse([named]) }
            sides[side].append(named)
            if let p50 = run.figures[.p50] {
                ErrorOutput.line("posthorn: \(side == 0 ? "A" : "B") run \(sides[side].count) of \(runs): p50 \(p50) ms")
            }
        }
        return ((sides[0], sides[1]), false)
    }
}
