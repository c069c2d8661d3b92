import PosthornText
import PosthornFormats
import PosthornLab
import PosthornModel
import PosthornSending

/// The receivers of a simulation: URLs of the command line, or the endpoints of a topology file with its nodes.
struct SimulationTargets {
    let receivers: [EndpointSettings]
    /// The nodes of the topology file; empty without one.
    let platform: [Node]
    /// Endpoints of the file that are another vendor's.
    let leftOut: [String]
    private let targets: [LabTarget]

    /// The largest topology file.
    private static let fileLimitBytes = 64 << 20

    init(_ format: Vendor, _ arguments: ParsedArguments, _ command: String) throws {
        let urls = arguments.positionals.dropFirst()
        if let path = arguments.text("topology") {
            for flag in ["signature", "credential", "timeout"] where arguments.has(flag) {
                throw UsageProblem("--\(flag) and --topology exclude each other; the file says it", command: command)
            }
            if !urls.isEmpty {
                throw UsageProblem("a URL and --topology exclude each other; the file's endpoints have theirs", command: command)
            }
            let (topology, name) = try Self.topology(path)
            // These carry any platform's events; the others' receivers know only their own vendor's.
            let others = Set(Vendor.allCases.map(\.envelope)).subtracting([format.envelope, Vendor.standard.envelope])
            receivers = topology.endpoints.filter { !others.contains($0.envelope) }
            leftOut = topology.endpoints.filter { others.contains($0.envelope) }.map(\.id)
            platform = topology.nodes
            PatternWarning.tell(of: topology, inFile: name)
            if !arguments.has("out") {
                for receiver in receivers { try CredentialFlags.check(receiver, of: topology, inFile: name) }
            }
        } else {
            receivers = try urls.map { try Self.receiver($0, format, arguments, command) }
            (platform, leftOut) = ([], [])
        }
        let owned = arguments.all("i-own-this-host")
        targets = try receivers.map { try LabTarget(text: $0.url, owned: owned, command: command) }
        try LabTarget.refuseStrangers(arguments, hosts: Set(targets.map(\.url.host)).sorted())
    }

    /// The URLs of the command line, for a vendor that a file describes: each of them is one.
    init(_ vendor: FileVendor, _ arguments: ParsedArguments, _ command: String) throws {
        let owned = arguments.all("i-own-this-host")
        targets = try arguments.positionals.map { try LabTarget(text: $0, owned: owned, command: command) }
        let timeout = try arguments.integer("timeout", EndpointSettings.timeoutRange)
        receivers = targets.map { target in
            var settings = VendorFileFlag.settings(vendor, url: target.url.text)
            (settings.id, settings.node) = ("", "")
            if let timeout { settings.timeoutMilliseconds = timeout }
            return settings
        }
        (platform, leftOut) = ([], [])
        try LabTarget.refuseStrangers(arguments, hosts: Set(targets.map(\.url.host)).sorted())
    }

    private static func topology(_ path: String) throws -> (Topology, fileName: String) {
        let file = try InputFile(path)
        let bytes = try file.contents(limitBytes: fileLimitBytes)
        let files = VendorFileReader(beside: path)
        do throws(InputProblem) {
            return (try Topology(json: bytes) { (path) throws(InputProblem) in try files.document(path) }, file.name)
        } catch {
            throw InputFileContentProblem(name: file.name, problem: error)
        }
    }

    private static func receiver(
        _ url: String,
        _ format: Vendor,
        _ arguments: ParsedArguments,
        _ command: String
    ) throws -> EndpointSettings {
        let credentials = try NamedValues.read(arguments.all("credential"), flag: "credential", isSecret: true, command: command)
        var settings = EndpointSettings(id: "", node: "", url: try LabTarget(text: url, owned: [], command: command).url.text)
        settings.envelope = format.envelope
        settings.signature = try arguments.choice("signature", SignatureScheme.self) ?? format.signature
        settings.credentials = credentials.mapValues { .string($0) }
        settings.timeoutMilliseconds =
            try arguments.integer("timeout", EndpointSettings.timeoutRange) ?? EndpointSettings.defaultTimeoutMilliseconds
        try CredentialFlags.check(settings, command)
        return settings
    }

    /// What may be reached. A host that its owner has named opens every address, since its name may lead anywhere; that no
    /// other host is public was seen by `check`.
    var egress: EgressGuard { OwnedHostGuard.make(isOwned: targets.contains { $0.isOwned }) }

    /// Throws, before anything is sent, when there is no receiver or one of the hosts may not be reached.
    func check(_ command: String) throws {
        if receivers.isEmpty {
            let reason =
                platform.isEmpty
                ? "URL is missing: the receiver, --topology FILE with several, or --out FILE to write events down"
                : "--topology: the file has no endpoint of this vendor's format"
            throw UsageProblem(reason, command: command)
        }
        for target in targets { try target.check() }
    }
}
