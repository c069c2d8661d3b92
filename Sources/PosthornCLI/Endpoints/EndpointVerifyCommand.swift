import PosthornText
import Posthorn
import PosthornModel

/// `posthorn endpoint verify ID`
enum EndpointVerifyCommand: Command {
    static let specification = CommandSpecification(
        name: "endpoint verify",
        summary: "run the vendor's URL verification now",
        positionals: [.init(name: "ID", count: .one, summary: "the endpoint")],
        flags: EndpointCalls.flags,
        settings: EndpointCalls.settings,
        details: [
            "diio's handshake: the URL is called with echo_string=<random> and must answer 200 and exactly that value as plain text."
                + "\nUntil it has, the endpoint is unverified and its deliveries are held. posthorn run does this by itself, and again after"
                + "\n1 minute, 10 minutes and then every hour until it succeeds.",
            "Exit status 1 when it failed. With --json: id, state, reason.",
        ],
        examples: ["posthorn endpoint verify coach", "posthorn endpoint verify coach --allow 127.0.0.0/8"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let id = arguments.positionals[0]
        let egress = try EndpointCalls.egress(arguments)
        let caFile = try EndpointCalls.caFile(arguments)
        let result = try context.withOutbox { try $0.verify(endpoint: id, guard: egress, caFile: caFile) }
        if context.json {
            var line = JSONLine()
            line.add("id", id)
            line.add("state", result.state.rawValue)
            line.add("reason", result.failure)
            context.output.write(line)
            return result.failure == nil ? 0 : 1
        }
        if let failure = result.failure {
            throw InputProblem(
                .badAnswer,
                field: "endpoint",
                value: id,
                reason: "has not proved itself and is \(result.state.rawValue): \(failure)",
                remedy: result.error == .refusedAddress ? .openAddress : nil
            )
        }
        let what = result.isNeeded ? "has proved itself and is" : "needs no handshake and is"
        context.output.write("endpoint \(TerminalText.text(id)) \(what) \(result.state.rawValue)\n")
        return 0
    }
}
