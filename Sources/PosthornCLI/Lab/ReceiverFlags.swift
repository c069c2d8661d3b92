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
        if let settings { configuration.identity = IdentityRule.vendor(settings.envelope.rawValue) ?? .any }
        let values = try NamedValues.read(arguments.all("value"), flag: "value", isSecret: false, command: command)
        configuration.values = values.mapValues { .string($0) }
        configuration.misbehaviour = try misbehaviour(arguments, command)
        return configuration
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
    static func check(_ settings: EndpointSettings?) throws -> RequestCheck? {
        guard let settings, settings.signature != .none, !settings.credentials.isEmpty else { return nil }
        return try RequestCheck(settings)
    }
}
