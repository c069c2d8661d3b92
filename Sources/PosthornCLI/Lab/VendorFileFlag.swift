import PosthornFormats
import PosthornModel
import PosthornText

/// `--vendor-file`: a vendor that a file describes, with the keys of `--credential`.
enum VendorFileFlag {
    static let flag = CommandSpecification.Flag(
        "vendor-file",
        "FILE",
        "the format of a vendor that this file describes: an OpenAPI 3.1 document with x-webhook-sender, or an Overlay that adds it"
    )

    /// The largest file; published documents have some megabytes.
    private static let limitBytes = 64 << 20

    /// The vendor; `nil` when no file is given.
    /// - Parameters:
    ///   - takesTopology: Whether the file may be that of an endpoint of `--topology`.
    ///   - allowed: Flags that go with it here, and elsewhere do not.
    ///   - isReceiving: Whether public keys are enough, and none at all where signatures are not to be checked.
    /// - Throws: What is wrong with the file, by its JSON Pointer, or with the credentials.
    static func vendor(
        _ arguments: ParsedArguments,
        isReceiving: Bool = false,
        takesTopology: Bool = false,
        allowing allowed: Set<String> = []
    ) throws -> FileVendor? {
        let command = arguments.command
        guard let path = arguments.text(flag.name) else {
            // What comes from the standard input can be read once.
            guard takesTopology, let topology = arguments.text("topology"), topology != "-" else { return nil }
            return try FileVendor(FormatFlags.endpoint(ofTopology: topology, arguments, command).endpoint)
        }
        for other in ["vendor", "signature", "topology", "endpoint", "rotate-to", "ask", "replay"]
        where arguments.has(other) && !allowed.contains(other) {
            throw UsageProblem("--\(other) and --vendor-file exclude each other; leave one out", command: command)
        }
        let file = try read(path)
        let credentials = try NamedValues.read(arguments.all("credential"), flag: "credential", isSecret: true, command: command)
        do throws(InputProblem) {
            return isReceiving ? try FileVendor(receiving: file, credentials: credentials) : try FileVendor(file, credentials: credentials)
        } catch {
            let name = error.field.hasPrefix("credentials.") ? String(error.field.dropFirst(12)) : error.field
            throw UsageProblem("--credential \(name)=…: \(error.reason)", command: command)
        }
    }

    /// Reads a vendor's file and the document that it extends, which lies beside it.
    static func read(_ path: String) throws -> VendorFile {
        let input = try InputFile(path)
        let bytes = try input.contents(limitBytes: limitBytes)
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        var problem: (any Error)?
        do throws(InputProblem) {
            return try VendorFile(bytes) { (name) throws(InputProblem) in
                do {
                    return try InputFile(name.hasPrefix("/") ? name : folder + name).contents(limitBytes: limitBytes)
                } catch {
                    problem = error
                    throw InputProblem(.notFound, field: "/extends", value: name, reason: "cannot be read")
                }
            }
        } catch {
            if let problem { throw problem }
            throw InputFileContentProblem(name: input.name, problem: error)
        }
    }

    /// Settings of a receiver whose requests the file's composer makes.
    static func settings(_ vendor: FileVendor, url: String) -> EndpointSettings {
        var settings = EndpointSettings(id: "lab", node: "lab", url: url)
        (settings.envelope, settings.signature) = (.raw, .none)
        let description = vendor.file.description
        if let timeout = description.timeoutMilliseconds { settings.timeoutMilliseconds = timeout }
        if let retry = description.retry { settings.retry = retry }
        return settings
    }
}
