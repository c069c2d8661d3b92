import Glibc
import Posthorn
import PosthornLab
import PosthornModel
import PosthornStore
import PosthornText

/// The flags of `posthorn load` that send recorded events again.
enum ReplayFlags {
    static let flags: [CommandSpecification.Flag] = [
        .init("replay", "OUTBOX", "send the events of this outbox's file again, at their own pace unless --rate or --connections is given"),
        .init("speed", "N", "with --replay or --recording: so many times faster than they happened (default 1)"),
    ]

    /// Events that are read into memory at most.
    static let countLimit = 1_000_000

    /// The events that are to be replayed, in the order in which they happened; `nil` when none are.
    /// - Parameter countLimit: How many are read into memory at most.
    static func events(
        _ arguments: ParsedArguments,
        _ settings: EndpointSettings?,
        _ command: String,
        countLimit: Int = countLimit
    ) throws -> [Event]? {
        if arguments.has("speed"), arguments.has("rate") || arguments.has("connections") {
            throw UsageProblem("--speed is about the events' own pace; leave --rate and --connections out", command: command)
        }
        guard let path = arguments.text("replay") else {
            if arguments.has("speed"), !arguments.has("recording") {
                throw UsageProblem("--speed belongs to --replay or --recording; add one", command: command)
            }
            return nil
        }
        guard let settings else { throw UsageProblem("--replay needs a format; add --vendor", command: command) }
        for flag in ["data", "body", "warm-up", "duplicates", "reorder"] where arguments.has(flag) {
            throw UsageProblem("--\(flag) and --replay exclude each other: what happened is sent once, in its order", command: command)
        }
        let pattern = try arguments.pattern("event")
        let wanted = try arguments.integer("count", 1...countLimit)
        let outbox = try opened(path)
        defer { outbox.close() }
        var events: [Event] = []
        // One more than may be read says that there are too many.
        let enough = wanted ?? countLimit + 1
        try outbox.events(ofType: pattern) { event in
            if settings.wants(event.type) { events.append(event) }
            return events.count < enough
        }
        if events.count > countLimit {
            throw UsageProblem(
                "--replay: there are more than \(HumanText.grouped(countLimit)) such events, which is as many as are read into memory; take "
                    + "those of some types with --event, or the first N with --count N",
                command: command
            )
        }
        if events.isEmpty {
            if let pattern {
                throw UsageProblem(
                    "--event: \"\(InputProblem.printable(pattern.text))\" fits no event of \(TerminalText.text(path)); posthorn deliveries "
                        + "--db \(TerminalText.text(path)) shows their types",
                    command: command
                )
            }
            throw InputProblem(
                .notFound,
                field: "--replay",
                value: path,
                reason: "holds no event that the endpoint's patterns want"
            )
        }
        // Stable: events of the same moment stay in the order in which they were stored.
        return events.enumerated().sorted { ($0.element.created, $0.offset) < ($1.element.created, $1.offset) }.map(\.element)
    }

    /// The outbox of a file, which has to be there.
    /// - Throws: Why it is none, in the words of this flag.
    private static func opened(_ path: String) throws -> Outbox {
        if DatabaseServer.isMeant(by: path) { return try DatabaseServer.open(path, creating: false, key: nil) }
        if access(path, F_OK) != 0 {
            throw InputProblem(.notFound, field: "--replay", value: path, reason: "is not there; name the file of an outbox")
        }
        do { return try Outbox(path: path, creating: false) } catch {
            throw ReplayProblem(description: "--replay: \(RemedyText.line(error, fileFlag: "--replay"))")
        }
    }

    /// The moments at which events go out.
    static func model(_ moments: [Timestamp], speed: Double) -> LoadPlan.Model {
        let first = moments.first?.milliseconds ?? 0
        return .replay(
            moments.map { moment in
                let (milliseconds, overflow) = moment.milliseconds.subtractingReportingOverflow(first)
                let nanoseconds = (overflow ? 9e18 : Double(milliseconds) * 1e6) / speed
                return Int64(min(nanoseconds, 4e18))
            }
        )
    }
}

/// Why the outbox whose events are to be sent again cannot be read.
struct ReplayProblem: Error, CustomStringConvertible {
    let description: String
}
