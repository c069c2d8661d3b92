import PosthornSending

/// What commands that call one endpoint have in common.
enum EndpointCalls {
    static let flags: [CommandSpecification.Flag] = [
        CommandSpecification.allow,
        CommandSpecification.caFile,
    ]

    /// Those that may come from the environment and the settings file.
    static let settings = flags.map(\.name)

    static func egress(_ arguments: ParsedArguments) throws(UsageProblem) -> EgressGuard {
        EgressGuard(allow: try arguments.ranges("allow"))
    }

    /// The file of certificate authorities, if one is given; seen to be readable.
    static func caFile(_ arguments: ParsedArguments) throws(UsageProblem) -> String? {
        guard let file = arguments.text("ca-file") else { return nil }
        do throws(InputFileProblem) { _ = try InputFile(file) } catch {
            throw UsageProblem("\(arguments.label("ca-file")): \(error)", command: arguments.command)
        }
        return file
    }
}
