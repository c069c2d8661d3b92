import PosthornFormats
import PosthornLab
import PosthornModel
import PosthornText
import PosthornSending

/// The flags of `posthorn load` as a plan.
enum LoadFlags {
    static let flags: [CommandSpecification.Flag] =
        [
            LoadFile.flag,
            .init(
                "rate",
                "SPEC",
                "requests a second on a schedule: 200, 200:30s, 50..500:30s (a ramp), 500..5000/500:10s, parted by commas"
            ),
            .init("spacing", "KIND", "even or poisson (like independent callers): how --rate is spread (default even)"),
            .init("connections", "N", "without --rate: each sends its next request when it has its answer (default 64)"),
            .init("think-time", "TIME", "without --rate: each connection waits so long after an answer, such as 2s or 500ms..2s"),
            .init("duration", "TIME", "how long at most, such as 30s or 5m (default 10s, or as long as the rate's steps)"),
            .init("find-rate", "BOUND", isRepeatable: true, "find the highest rate at which this holds, such as p99<200ms (repeatable)"),
            .init("sustain", "TIME", "with --find-rate: how long the rate found must hold (default three times --duration)"),
            .init("count", "N", "how many requests at most; with --duration too, whichever comes first ends it"),
            .init("warm-up", "TIME", "send so long before anything is measured"),
            .init("max-in-flight", "N", "with --rate: requests on the wire at once (default 10000); reaching it is reported"),
            .init("weights", "LIST", "with several URLs: their shares of the load, in their order, such as 3,1 (default: equal)"),
            .init("part", "K/N", "send one of N equal parts of the load, for posthorn load merge; each machine with the same --seed"),
            .init("timeout", "MS", "the deadline of a request: connect, headers and body (default 15000)"),
            .init("threads", "N", "sender threads (default: one, two for more than 20,000 a second and without --rate)"),
        ] + FormatFlags.flags + ReplayFlags.flags + RecordingFlags.flags + [
            .init("event", "TYPE", "send this type only, or those that fit a pattern"),
            .init("mix", "TYPE=N", isRepeatable: true, "send N events of this type or pattern beside those of the others (repeatable)"),
            .init("data", "JSON", "the data of every event instead of made-up ones; without --vendor: the body"),
            .init("body", "FILE", "the same from a file; - for standard input"),
            .init("header", "LINE", isRepeatable: true, "add this header, such as 'X-Tenant: 5' (repeatable)"),
            .init("method", "NAME", "this method instead of POST (GET where the format has it)"),
            .init("wrong-signature", "SHARE", "sign this share with another secret, such as 1%"),
            .init("duplicates", "SHARE", "send this share of events twice"),
            .init("late", "SHARE", "make and sign this share an hour ago"),
            .init("reorder", "SHARE", "send this share after younger events"),
            .init("seed", "N", "where made-up events and dice start from (default: by the clock)"),
            .init(
                "expect",
                "BOUND",
                isRepeatable: true,
                "end with 1 if it is missed, 3 if not known: p99<200ms, errors<0.1%, rate>=900, p99{step:*}<1s, p99{url:2}<1s, findings<1, lost<1 (repeatable)"
            ),
            .init(
                "stop-if",
                "BOUND",
                isRepeatable: true,
                "end early, and with 1, when it holds: errors>5%, errors>=50, p99>2s, max>10s (repeatable)"
            ),
        ] + LedgerSource.flags + ReportFiles.flags + [
            .init("ignore-retry-after", "go on sending although the receiver asks to wait"),
            .init("close-connections", "open a new connection for every request"),
            .init("full-handshakes", "take up no earlier TLS session: each new connection makes a full handshake"),
            .init("insecure", "take any certificate, whoever signed it and whatever its names"),
            CommandSpecification.caFile,
            LabTarget.ownership,
        ]

    /// - Parameter moments: When what is sent again happened, in order; `nil` where nothing is.
    static func plan(
        _ arguments: ParsedArguments,
        replaying moments: [Timestamp]?,
        seed: UInt64,
        _ command: String
    ) throws(UsageProblem) -> LoadPlan {
        var plan = LoadPlan(try model(arguments, replaying: moments, command))
        plan.count = try arguments.integer("count", 1...Int.max).map { UInt64($0) }
        if let moments { plan.count = UInt64(moments.count) }
        plan.nanoseconds = try duration("duration", arguments, command)
        plan.warmUpNanoseconds = try duration("warm-up", arguments, command) ?? 0
        if plan.count == nil, plan.plannedNanoseconds == nil { plan.nanoseconds = 10_000_000_000 }
        plan.inFlightLimit = try arguments.integer("max-in-flight", 1...60_000) ?? 10_000
        plan.threads = try arguments.integer("threads", 1...64) ?? defaultThreads(plan)
        if let timeout = try arguments.integer("timeout", EndpointSettings.timeoutRange) { plan.timeoutMilliseconds = timeout }
        plan.thinkTime = try thinkTime(plan, arguments, command)
        plan.stopBounds = try arguments.all("stop-if").map { (text) throws(UsageProblem) in
            do throws(InputProblem) { return try StopBound(text) } catch { throw UsageProblem("--\(error)", command: command) }
        }
        plan.honoursRetryAfter = !arguments.has("ignore-retry-after")
        plan.seed = seed
        plan.keepsSamples = arguments.has("samples") || arguments.has("vegeta")
        plan.keepsBook = arguments.has("ledger")
        return try part(of: plan, arguments, command)
    }

    /// What a vendor's file says of every answer: how long one may take, unless the command line says it, and which is a success.
    static func take(_ vendor: FileVendor?, into plan: inout LoadPlan, _ arguments: ParsedArguments) {
        guard let description = vendor?.file.description else { return }
        plan.success = description.success
        if let timeout = description.timeoutMilliseconds, !arguments.has("timeout") { plan.timeoutMilliseconds = timeout }
    }

    private static func thinkTime(
        _ plan: LoadPlan,
        _ arguments: ParsedArguments,
        _ command: String
    ) throws(UsageProblem) -> ThinkTime? {
        guard let text = arguments.text("think-time") else { return nil }
        if plan.isOpen {
            throw UsageProblem("--think-time is that of connections; leave --rate and --replay out, or add --connections", command: command)
        }
        do throws(InputProblem) { return try ThinkTime(text) } catch { throw UsageProblem("--\(error)", command: command) }
    }

    /// The part of the load that this machine sends.
    private static func part(of plan: LoadPlan, _ arguments: ParsedArguments, _ command: String) throws(UsageProblem) -> LoadPlan {
        guard let text = arguments.text("part") else { return plan }
        let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let number = numbers[0], let count = numbers[1], (1...1000).contains(count), (1...count).contains(number)
        else {
            throw UsageProblem("--part: \"\(InputProblem.printable(text))\" is no part; write 1/4 for the first of four", command: command)
        }
        for flag in ["find-rate", "replay", "ledger"] where arguments.has(flag) {
            throw UsageProblem("--\(flag) and --part exclude each other; leave one out", command: command)
        }
        if !arguments.has("seed") {
            throw UsageProblem("--part needs --seed, the same for each part", command: command)
        }
        return plan.part(number, of: count)
    }

    private static func model(
        _ arguments: ParsedArguments,
        replaying moments: [Timestamp]?,
        _ command: String
    ) throws(UsageProblem) -> LoadPlan.Model {
        guard let text = arguments.text("rate") else {
            if let moments, !arguments.has("connections") {
                if arguments.has("spacing") { throw UsageProblem("--spacing belongs to --rate; add it", command: command) }
                return ReplayFlags.model(moments, speed: try arguments.positiveNumber("speed", upTo: 1_000_000) ?? 1)
            }
            for flag in ["spacing", "max-in-flight"] where arguments.has(flag) {
                throw UsageProblem("--\(flag) belongs to --rate; add it", command: command)
            }
            return .closed(connections: try arguments.integer("connections", 1...60_000) ?? 64)
        }
        if arguments.has("connections") {
            throw UsageProblem("--connections and --rate exclude each other; --max-in-flight bounds a rate", command: command)
        }
        let isPoisson = try arguments.choice("spacing", Spacing.self) == .poisson
        do throws(InputProblem) { return .open(try RateSpecification(text), poisson: isPoisson) } catch {
            throw UsageProblem("--\(error)", command: command)
        }
    }

    private enum Spacing: String, CaseIterable { case even, poisson }

    static func defaultThreads(_ plan: LoadPlan) -> Int {
        let cores = SenderConfiguration().threads
        switch plan.model {
        case .closed(let connections): return min(connections, cores)
        case .open(let rates, _): return rates.peakPerSecond > 20_000 ? cores : 1
        case .replay: return 1
        }
    }

    static func duration(_ flag: String, _ arguments: ParsedArguments, _ command: String) throws(UsageProblem) -> Int64? {
        guard let text = arguments.text(flag) else { return nil }
        guard let length = Quantity.nanoseconds(text), length > 0 else {
            throw UsageProblem(
                "--\(flag): \"\(InputProblem.printable(text))\" is not a length of time; write 500ms, 10s, 5m or 1h",
                command: command
            )
        }
        return length
    }

    static func shares(_ arguments: ParsedArguments, _ command: String) throws(UsageProblem) -> LoadPlan.Shares {
        var shares = LoadPlan.Shares()
        let flags: [(name: String, member: WritableKeyPath<LoadPlan.Shares, Double>)] = [
            ("wrong-signature", \.wronglySigned), ("duplicates", \.duplicates), ("late", \.late), ("reorder", \.reordered),
        ]
        for (flag, member) in flags {
            guard let text = arguments.text(flag) else { continue }
            guard let share = Quantity.share(text) else {
                let value = InputProblem.printable(text)
                throw UsageProblem("--\(flag): \"\(value)\" \(Quantity.refusal(ofShare: text))", command: command)
            }
            shares[keyPath: member] = share
        }
        if shares.sum > 1 + 1e-9 {
            let given = flags.compactMap { flag in arguments.text(flag.name).map { "--\(flag.name) \($0)" } }
            throw UsageProblem(
                "\(given.joined(separator: ", ")): \(Quantity.percent(shares.sum)) together; a request is of one kind, so write at most "
                    + "100% in all",
                command: command
            )
        }
        return shares
    }

    static func expectations(
        _ arguments: ParsedArguments,
        _ command: String,
        flag: String = "expect"
    ) throws(UsageProblem) -> [Expectation] {
        try arguments.all(flag).map { (text) throws(UsageProblem) in
            do throws(InputProblem) { return try Expectation(text) } catch {
                let problem = error.at(flag)
                throw UsageProblem("--\(problem)", command: command)
            }
        }
    }
}
