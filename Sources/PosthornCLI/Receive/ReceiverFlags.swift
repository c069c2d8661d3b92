import PosthornText
import PosthornLab
import PosthornModel

/// The flags of `posthorn receive` as a receiver's configuration.
enum ReceiverFlags {
    static func configuration(
        _ arguments: ParsedArguments,
        _ settings: EndpointSettings?,
        _ command: String
    ) throws -> ReceiverConfiguration {
        var configuration = ReceiverConfiguration()
        let values = try NamedValues.read(arguments.all("value"), flag: "value", isSecret: false, command: command)
        configuration.values = values.mapValues { .string($0) }
        configuration.misbehaviour = try misbehaviour(arguments, command)
        if arguments.has("play") {
            let others = [
                "fail-first", "status", "delay", "rate-limit", "fault", "rules", "value", "vendor", "vendor-file", "topology", "rotate-to",
            ]
            if let other = others.first(where: { arguments.has($0) }) {
                throw UsageProblem(
                    "--\(other) says nothing with --play, which answers as it was recorded; leave one of them out",
                    command: command
                )
            }
        }
        configuration.rules = try read("rules", arguments) { (bytes) throws(InputProblem) in try BehaviourRules(json: bytes) }
        configuration.recording = try read("play", arguments) { (bytes) throws(InputProblem) in try RecordedAnswers(bytes) }
        try refuseWithoutEffect(arguments, settings, configuration.misbehaviour, command)
        return configuration
    }

    /// The largest file of rules, or recording.
    private static let fileLimitBytes = 256 << 20

    private static func read<Value>(
        _ flag: String,
        _ arguments: ParsedArguments,
        _ make: ([UInt8]) throws(InputProblem) -> Value
    ) throws -> Value? {
        guard let path = arguments.text(flag) else { return nil }
        let file = try InputFile(path)
        let bytes = try file.contents(limitBytes: fileLimitBytes)
        do throws(InputProblem) { return try make(bytes) } catch { throw InputFileContentProblem(name: file.name, problem: error) }
    }

    /// Throws when a flag would have no effect beside the others.
    static func refuseWithoutEffect(
        _ arguments: ParsedArguments,
        _ settings: EndpointSettings?,
        _ misbehaviour: Misbehaviour,
        _ command: String
    ) throws(UsageProblem) {
        if arguments.has("seed"), misbehaviour.faults.isEmpty {
            throw UsageProblem("--seed is for the dice of --fault; add it, or leave --seed out", command: command)
        }
        if arguments.has("value"), let settings, settings.envelope != .webio {
            throw UsageProblem("--value: only webio asks for values; take --vendor webio, or leave it out", command: command)
        }
        let mayAccept = misbehaviour.status == 200 || misbehaviour.faults.contains { $0.kind == .status(200) }
        if arguments.has("until"), !mayAccept {
            throw UsageProblem(
                "--until counts events that were answered 200, and --status \(misbehaviour.status) answers none so; leave one of them out",
                command: command
            )
        }
    }

    private static func misbehaviour(_ arguments: ParsedArguments, _ command: String) throws -> Misbehaviour {
        var wrong = Misbehaviour()
        wrong.failFirst = try arguments.integer("fail-first", 0...1_000_000) ?? 0
        wrong.status = try arguments.integer("status", 200...599) ?? 200
        wrong.delayMilliseconds = try arguments.integer("delay", 0...86_400_000) ?? 0
        wrong.rateLimitPerSecond = try arguments.integer("rate-limit", 1...1_000_000)
        wrong.seed = UInt64(try arguments.integer("seed", 0...Int.max) ?? 0)
        do throws(InputProblem) { wrong.faults = try Misbehaviour.faults(arguments.all("fault")) } catch {
            throw UsageProblem("--\(error)", command: command)
        }
        return wrong
    }

    /// Checks signatures, when there is something to check them with.
    static func check(_ settings: EndpointSettings?, _ arguments: ParsedArguments, _ command: String) throws -> RequestCheck? {
        let nextSecret = arguments.text("rotate-to")
        guard let settings, settings.signature != .none, !settings.credentials.isEmpty else {
            if nextSecret != nil {
                throw UsageProblem("--rotate-to is a second secret beside the first; add --vendor and --credential", command: command)
            }
            return nil
        }
        if let nextSecret { try CredentialFlags.check(nextSecret: nextSecret, of: [settings], command) }
        return try RequestCheck(settings, nextSecret: nextSecret, knowsMethod: arguments.has("topology"))
    }
}
