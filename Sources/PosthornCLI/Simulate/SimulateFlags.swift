import PosthornLab
import PosthornModel
import PosthornText
import PosthornSending
import PosthornFormats
import PosthornSystem

/// The flags of `posthorn simulate` as a simulation.
enum SimulateFlags {
    static let flags: [CommandSpecification.Flag] =
        FormatFlags.flags.filter { ["signature", "credential", "vendor-file"].contains($0.name) } + [
            .init("topology", "FILE", "send to the endpoints of this topology file, with the events at its nodes"),
            .init("scenario", "PACE", "stream (so many events a second) or day (a working day's rise and fall; default stream)"),
            .init("stories", "FILE", "tell the stories of this file (JSON) instead of the vendor's own, in the vendor's format"),
            .init("event", "TYPE", "send this type only, or those that fit a pattern; by default one such event, now"),
            .init("count", "N", "how many events (default 100, with --event 1)"),
            .init("rate", "N", "with stream: events a second of the scenario's clock (default 1)"),
            .init("speed", "N", "run the scenario's clock and the retries N times faster: 60 makes an hour a minute (default 1)"),
            .init("seed", "N", "the same seed gives the same bytes (default 0)"),
            .init("start", "TIME", "the scenario's first moment (ISO 8601; default 2025-03-03T00:00:00Z, with --event now), or now"),
            .init("backfill", "with --start: what happened before now leaves at once, the rest at its time"),
            .init("fault", "LIST", "now and then: \(SimulationFaults.example)"),
            .init("rotate-to", "SECRET", "replace the secret by this one when half of the events have had their first attempt"),
            .init("ask", "TEXT", "webio: before each message, ask the receiver for the values of this text's <<fields>>"),
            .init("timeout", "MS", "how long the platform waits for an answer before it tries again (default 15000)"),
            .init("ignore-retry-after", "try again by the schedule although the receiver asks to wait"),
            .init("db", "FILE", "keep the events in this outbox (default: one that is gone afterwards)"),
            .init("out", "FILE", "write the events as lines for posthorn emit instead of sending them; - for standard output"),
            .init("out-topology", "FILE", "with --out: write the platform's nodes as a topology file for posthorn apply"),
            .init("check", "send a catalogue of cases instead, and say how the receiver does"),
            CommandSpecification.caFile,
            LabTarget.ownership,
        ] + MailArguments.flags

    /// What may come from the environment and the settings file. Not `--smtp` itself: made-up mails go out only where this run asks for
    /// them. Nor `--db`, which names the outbox of real events there.
    static let settings = LabTarget.settings + MailArguments.flags.map(\.name).filter { $0 != "smtp" }

    /// - Parameter platform: The nodes of a platform that is there; without any, one is made up.
    static func simulation(
        _ vendor: ScenarioVendor,
        on platform: [Node],
        _ arguments: ParsedArguments,
        _ command: String
    ) throws -> Simulation {
        let pace = try pace(arguments, command)
        let faults = try faults(arguments, command)
        let pattern = try arguments.pattern("event")
        if let stories = try stories(arguments) { return try simulation(stories, on: platform, arguments, command) }
        if let pattern, let problem = EventFlag.problem(pattern, among: Scenario(vendor, seed: 0).types, of: vendor.rawValue, command) {
            throw problem
        }
        return Simulation(
            vendor,
            count: try arguments.integer("count", 1...Simulation.countLimit) ?? (pattern == nil ? 100 : 1),
            pace: pace,
            faults: faults,
            seed: try seed(arguments) ?? 0,
            start: try start(arguments),
            platform: platform,
            wants: { pattern?.matches($0) ?? true }
        )
    }

    /// Of a vendor that a file describes.
    static func simulation(_ file: VendorFile, _ arguments: ParsedArguments, _ command: String) throws -> Simulation {
        let pace = try pace(arguments, command)
        let faults = try faults(arguments, command)
        let pattern = try arguments.pattern("event")
        if let stories = try stories(arguments) { return try simulation(stories, on: [], arguments, command) }
        let name = file.description.title
        if let pattern, let problem = EventFlag.problem(pattern, among: file.types.map(\.name), of: name, command) { throw problem }
        return Simulation(
            of: file,
            count: try arguments.integer("count", 1...Simulation.countLimit) ?? (pattern == nil ? 100 : 1),
            pace: pace,
            faults: faults,
            seed: try seed(arguments) ?? 0,
            start: try start(arguments),
            wants: { pattern?.matches($0) ?? true }
        )
    }

    private static let storyLimitBytes = 4 << 20

    private static func stories(_ arguments: ParsedArguments) throws -> StoryFile? {
        guard let path = arguments.text("stories") else { return nil }
        let file = try InputFile(path)
        let bytes = try file.contents(limitBytes: storyLimitBytes)
        do throws(InputProblem) { return try StoryFile(json: bytes) } catch {
            throw InputFileContentProblem(name: file.name, problem: error)
        }
    }

    private static func simulation(
        _ stories: StoryFile,
        on platform: [Node],
        _ arguments: ParsedArguments,
        _ command: String
    ) throws -> Simulation {
        let pattern = try arguments.pattern("event")
        if let pattern, let problem = EventFlag.problem(pattern, among: stories.types, of: "the stories", command) { throw problem }
        return Simulation(
            telling: stories,
            count: try arguments.integer("count", 1...Simulation.countLimit) ?? (pattern == nil ? 100 : 1),
            pace: try pace(arguments, command),
            faults: try faults(arguments, command),
            seed: try seed(arguments) ?? 0,
            start: try start(arguments),
            platform: platform,
            wants: { pattern?.matches($0) ?? true }
        )
    }

    private static func faults(_ arguments: ParsedArguments, _ command: String) throws(UsageProblem) -> SimulationFaults {
        guard let text = arguments.text("fault") else { return SimulationFaults() }
        let faults: SimulationFaults
        do throws(InputProblem) { faults = try SimulationFaults(text) } catch { throw UsageProblem("--\(error)", command: command) }
        if arguments.has("out"), faults.slowAnswer > 0 {
            throw UsageProblem("--fault: slow-200 is about answers, of which --out has none; leave it out", command: command)
        }
        return faults
    }

    static func options(
        _ vendor: ScenarioVendor,
        _ targets: SimulationTargets,
        _ arguments: ParsedArguments,
        _ command: String
    ) throws(UsageProblem) -> SimulationOptions {
        if let text = arguments.text("ask") { try check(question: text, vendor, targets.receivers, command) }
        if let secret = arguments.text("rotate-to") { try CredentialFlags.check(nextSecret: secret, of: targets.receivers, command) }
        var options = SimulationOptions()
        options.speed = try arguments.positiveNumber("speed", upTo: 1_000_000) ?? 1
        options.nextSecret = arguments.text("rotate-to")
        options.backfillNanoseconds = try backfill(arguments, command)
        options.question = arguments.text("ask")
        options.sender.guard = targets.egress
        options.sender.caFile = try EndpointCalls.caFile(arguments)
        options.mail = try MailArguments.configuration(arguments, command: command)
        options.honoursRetryAfter = !arguments.has("ignore-retry-after")
        return options
    }

    private static func check(
        question: String,
        _ vendor: ScenarioVendor,
        _ receivers: [EndpointSettings],
        _ command: String
    ) throws(UsageProblem) {
        guard vendor == .webio, receivers.contains(where: { $0.envelope == .webio && $0.signature == .webioJWT }) else {
            throw UsageProblem("--ask: only webio, with its own signature, has custom value requests; leave it out", command: command)
        }
        do throws(InputProblem) { _ = try ValueRequest(question) } catch {
            throw UsageProblem("--ask: \"\(InputProblem.printable(question))\" \(error.reason)", command: command)
        }
    }

    static func seed(_ arguments: ParsedArguments) throws(UsageProblem) -> UInt64? {
        try arguments.integer("seed", 0...Int.max).map { UInt64($0) }
    }

    private enum ScenarioName: String, CaseIterable { case stream, day }

    private static func pace(_ arguments: ParsedArguments, _ command: String) throws(UsageProblem) -> Simulation.Pace {
        switch try arguments.choice("scenario", ScenarioName.self) ?? .stream {
        case .stream: return .stream(perSecond: try arguments.positiveNumber("rate", upTo: 100_000) ?? 1)
        case .day:
            if arguments.has("rate") { throw UsageProblem("--rate belongs to --scenario stream; a day has its own", command: command) }
            return .day
        }
    }

    /// How much of the scenario is in the past.
    private static func backfill(_ arguments: ParsedArguments, _ command: String) throws(UsageProblem) -> Int64 {
        if !arguments.has("backfill") { return 0 }
        let now = SystemClock().now()
        guard arguments.has("start") else {
            throw UsageProblem("--backfill needs --start, such as --start 2h; add it", command: command)
        }
        let start = try start(arguments)
        if start >= now { throw UsageProblem("--backfill: nothing has happened since --start; name an earlier moment", command: command) }
        // A century at most, which fits what counts it.
        return min(now.milliseconds - start.milliseconds, 3_155_760_000_000) * 1_000_000
    }

    private static func start(_ arguments: ParsedArguments) throws(UsageProblem) -> Timestamp {
        let now = SystemClock().now()
        if arguments.text("start") == "now" { return now }
        if let moment = try arguments.moment("start", before: now) { return moment }
        return arguments.has("event") ? now : Timestamp(milliseconds: 1_740_960_000_000)
    }
}
