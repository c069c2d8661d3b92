import PosthornModel
import PosthornText

/// The flags that say in which format requests go out or come in, shared by the lab's commands.
enum FormatFlags {
    static let flags: [CommandSpecification.Flag] = [
        .init("vendor", "VENDOR", "the format: \(Vendor.allCases.map(\.rawValue).joined(separator: ", "))"),
        .init("signature", "SIGNATURE", "another signature than the vendor's own, such as standard-webhooks"),
        .init("credential", "NAME=VALUE", isRepeatable: true, "a credential, such as signing_secret=… (repeatable)"),
        VendorFileFlag.flag,
        .init("topology", "FILE", "take format and credentials from this topology file instead"),
        .init("endpoint", "ID", "which endpoint of the topology file"),
    ]

    /// The largest topology file.
    private static let fileLimitBytes = 64 << 20

    /// The endpoint that the flags describe; `nil` when they say nothing of a format.
    /// - Parameters:
    ///   - url: Where requests go, for settings that are made of flags.
    ///   - mayLackCredentials: Whether settings without any are wanted too, since nothing is signed with them.
    static func settings(
        _ arguments: ParsedArguments,
        url: String,
        mayLackCredentials: Bool = false,
        command: String
    ) throws -> EndpointSettings? {
        if let file = arguments.text("topology") { return try fromTopology(file, arguments, mayLackCredentials, command) }
        if arguments.has("endpoint") {
            throw UsageProblem("--endpoint names an endpoint of a file; add --topology FILE", command: command)
        }
        let credentials = try NamedValues.read(arguments.all("credential"), flag: "credential", isSecret: true, command: command)
        let signature = try arguments.choice("signature", SignatureScheme.self)
        guard let vendor = try arguments.choice("vendor", Vendor.self) else {
            if signature != nil || !credentials.isEmpty {
                throw UsageProblem("--signature and --credential need a format; add --vendor", command: command)
            }
            return nil
        }
        var settings = EndpointSettings(id: "lab", node: "lab", url: url)
        settings.envelope = vendor.envelope
        settings.signature = signature ?? vendor.signature
        settings.credentials = credentials.mapValues { .string($0) }
        if !(mayLackCredentials && credentials.isEmpty) { try CredentialFlags.check(settings, command) }
        return settings
    }

    private static func fromTopology(
        _ path: String,
        _ arguments: ParsedArguments,
        _ mayLackCredentials: Bool,
        _ command: String
    ) throws -> EndpointSettings {
        for flag in ["vendor", "signature", "credential"] where arguments.has(flag) {
            throw UsageProblem("--\(flag) and --topology exclude each other; leave one out", command: command)
        }
        let (topology, endpoint, name) = try endpoint(ofTopology: path, arguments, command)
        if endpoint.signature == .vendorFile {
            throw UsageProblem("--topology: a vendor's file in it is for a topology that is named by its path", command: command)
        }
        if !(mayLackCredentials && endpoint.credentials.isEmpty) { try CredentialFlags.check(endpoint, of: topology, inFile: name) }
        PatternWarning.tell(of: topology, inFile: name, onlyEndpoint: endpoint.id)
        return endpoint
    }

    /// A topology file, with the vendors' files that it names, and the file's name for messages.
    static func topology(_ path: String) throws -> (topology: Topology, fileName: String) {
        let file = try InputFile(path)
        let bytes = try file.contents(limitBytes: fileLimitBytes)
        let files = VendorFileReader(beside: path)
        do throws(InputProblem) {
            return (try Topology(json: bytes) { (path) throws(InputProblem) in try files.document(path) }, file.name)
        } catch {
            throw InputFileContentProblem(name: file.name, problem: error)
        }
    }

    /// The endpoint of a topology file that the flags name.
    static func endpoint(
        ofTopology path: String,
        _ arguments: ParsedArguments,
        _ command: String
    ) throws -> (topology: Topology, endpoint: EndpointSettings, fileName: String) {
        let (topology, fileName) = try topology(path)
        let names = topology.endpoints.map(\.id)
        guard let id = arguments.text("endpoint") ?? (names.count == 1 ? names[0] : nil) else {
            throw UsageProblem(
                "--topology: the file has \(HumanText.count(names.count, "endpoint")); name one with --endpoint",
                command: command
            )
        }
        guard let endpoint = topology.endpoints.first(where: { $0.id == id }) else {
            throw UsageProblem(
                "--endpoint: \"\(TerminalText.text(id))\" is not in \(fileName)" + Suggestion.clause(for: id, among: names),
                command: command
            )
        }
        return (topology, endpoint, fileName)
    }
}

/// Flags of the form `NAME=VALUE`.
enum NamedValues {
    /// - Parameter isSecret: Whether a bad one must not be repeated in the message.
    static func read(
        _ words: [String],
        flag: String,
        isSecret: Bool,
        command: String
    ) throws(UsageProblem) -> [String: String] {
        var values: [String: String] = [:]
        for (i, word) in words.enumerated() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else {
                let which = isSecret ? "number \(i + 1)" : "\"\(InputProblem.printable(word))\""
                let lacks = parts.count == 2 ? "name" : "value"
                throw UsageProblem("--\(flag): \(which) has no \(lacks); write it as NAME=VALUE", command: command)
            }
            if values.updateValue(parts[1], forKey: parts[0]) != nil {
                throw UsageProblem("--\(flag): \(InputProblem.printable(parts[0])) is given twice; give it once", command: command)
            }
        }
        return values
    }
}
