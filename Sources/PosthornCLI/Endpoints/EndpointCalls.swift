import PosthornCurl
import PosthornSending

/// What commands that call one endpoint have in common.
enum EndpointCalls {
    static let flags: [CommandSpecification.Flag] =
        [CommandSpecification.allow, CommandSpecification.caFile] + OutboundArguments.flags

    /// Those that may come from the environment and the settings file.
    static let settings = flags.map(\.name)

    static func egress(_ arguments: ParsedArguments) throws(UsageProblem) -> EgressGuard {
        try OutboundArguments.egress(arguments)
    }

    /// The file of certificate authorities, if one is given; seen to hold some.
    static func caFile(_ arguments: ParsedArguments) throws(UsageProblem) -> String? {
        guard let file = arguments.text("ca-file") else { return nil }
        if let problem = CertificateFile.problem(file) {
            throw UsageProblem(
                "\(arguments.label("ca-file")): \(TerminalText.text(file)) \(problem); name a PEM file with the certificates of authorities",
                command: arguments.command
            )
        }
        return file
    }
}
