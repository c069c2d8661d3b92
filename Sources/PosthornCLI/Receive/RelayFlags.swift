import PosthornLab
import PosthornModel
import PosthornSending

/// The flags of `posthorn receive` that pass on what it gets.
enum RelayFlags {
    static let target = CommandSpecification.Flag("relay", "URL", "pass on what is taken to this receiver, and answer what it answers")
    static let atOnce = CommandSpecification.Flag("relay-at-once", "with --relay: answer 200 before it is passed on")
    static let timeout = CommandSpecification.Flag("relay-timeout", "MS", "with --relay: the deadline of a request there (default 15000)")

    /// - Parameter failed: Is told in one line why a request was not passed on.
    static func relay(
        _ arguments: ParsedArguments,
        _ configuration: ReceiverConfiguration,
        failed: @escaping @Sendable (String) -> Void
    ) throws -> Relay? {
        let command = arguments.command
        guard let text = arguments.text(target.name) else {
            for flag in [atOnce.name, timeout.name] where arguments.has(flag) {
                throw UsageProblem("--\(flag) belongs to --relay; add it", command: command)
            }
            for flag in [CommandSpecification.caFile.name, LabTarget.ownership.name] where arguments.isGiven(flag) {
                throw UsageProblem("--\(flag) is about the URL of --relay; add it", command: command)
            }
            return nil
        }
        for flag in ["play", "value"] where arguments.has(flag) {
            throw UsageProblem("--\(flag) and --relay exclude each other: each says what is answered", command: command)
        }
        let receiver: LabTarget
        do throws(UsageProblem) {
            receiver = try LabTarget(text: text, owned: arguments.all(LabTarget.ownership.name), command: command)
        } catch {
            throw UsageProblem(error.message.replacing("URL:", with: "--relay:"), command: command)
        }
        try LabTarget.refuseStrangers(arguments, hosts: [receiver.url.host])
        try receiver.check()
        return try Relay(
            to: receiver.url,
            timeoutMilliseconds: try arguments.integer(timeout.name, EndpointSettings.timeoutRange)
                ?? EndpointSettings.defaultTimeoutMilliseconds,
            answersAtOnce: arguments.has(atOnce.name),
            guard: receiver.guard,
            caFile: try EndpointCalls.caFile(arguments),
            failed: failed
        )
    }
}
