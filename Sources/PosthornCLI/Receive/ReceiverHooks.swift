import PosthornFormats
import PosthornLab
import PosthornModel

/// What a receiver is: of one format at every path or, with a topology of several endpoints, of each endpoint's format at its path.
struct ReceiverHooks {
    /// What it is at each path; empty where it is the same at all.
    private(set) var hooks: [String: ReceiverHook] = [:]
    private(set) var identity = IdentityRule.any
    private(set) var handshakes: [VendorHandshake] = []
    /// `nil` where signatures are not checked.
    private(set) var check: Receiver.Check?
    /// The one format; `nil` for several, for a file's, and where none is named.
    private(set) var settings: EndpointSettings?

    /// Whether signatures are checked, at some path at least.
    var isChecking: Bool { check != nil || !hooks.isEmpty }

    /// - Parameters:
    ///   - host: Where it listens.
    ///   - scheme: Of the URLs that vendors may sign.
    init(_ arguments: ParsedArguments, host: String, scheme: String) throws {
        let command = arguments.command
        // What comes from the standard input can be read once.
        if let path = arguments.text("topology"), path != "-", !arguments.has("endpoint") {
            let (topology, name) = try FormatFlags.topology(path)
            if topology.endpoints.count > 1 {
                for flag in ["vendor", "vendor-file", "signature", "credential", "rotate-to"] where arguments.has(flag) {
                    throw UsageProblem("--\(flag) and a topology of several endpoints exclude each other; leave one out", command: command)
                }
                hooks = try Self.hooks(topology, inFile: name, scheme: scheme)
                return
            }
        }
        if let vendor = try VendorFileFlag.vendor(arguments, isReceiving: true, takesTopology: true) {
            identity = IdentityRule(of: vendor.file.description)
            handshakes = VendorHandshake.all(of: vendor)
            check = try Self.check(vendor, scheme: scheme)
            return
        }
        settings = try FormatFlags.settings(arguments, url: "http://\(host)/", mayLackCredentials: true, command: command)
        if let settings { identity = IdentityRule.vendor(settings.envelope.rawValue) ?? .any }
        if let own = try ReceiverFlags.check(settings, arguments, command) { check = { own.verdict($0) } }
    }

    private static func check(_ vendor: FileVendor, scheme: String) throws -> Receiver.Check? {
        guard vendor.canVerify else { return nil }
        let own = try VendorCheck(vendor, scheme: scheme)
        return { own.verdict($0) }
    }

    private static func hooks(_ topology: Topology, inFile name: String, scheme: String) throws -> [String: ReceiverHook] {
        var hooks: [String: ReceiverHook] = [:]
        for (i, endpoint) in topology.endpoints.enumerated() {
            let path = path(of: endpoint.url)
            let hook: ReceiverHook
            do throws(InputProblem) {
                if hooks[path] != nil {
                    throw InputProblem(.conflict, field: "url", reason: "has the path of another endpoint; name one with --endpoint")
                }
                if let vendor = try FileVendor(endpoint) {
                    let own = try VendorCheck(vendor, scheme: scheme)
                    hook = ReceiverHook(
                        identity: IdentityRule(of: vendor.file.description),
                        handshakes: VendorHandshake.all(of: vendor),
                        check: { own.verdict($0) }
                    )
                } else {
                    let isSigned = endpoint.signature != .none
                    let own = isSigned ? try RequestCheck(endpoint, nextSecret: nil, knowsMethod: true) : nil
                    hook = ReceiverHook(
                        identity: IdentityRule.vendor(endpoint.envelope.rawValue) ?? .any,
                        handshakes: [],
                        check: { own?.verdict($0) ?? .unchecked }
                    )
                }
            } catch {
                throw InputFileContentProblem(name: name, problem: error.inside("endpoints[\(i)]"))
            }
            hooks[path] = hook
        }
        return hooks
    }

    /// The path of a URL, `/` where it has none.
    static func path(of url: String) -> String {
        guard let start = url.firstRange(of: "://") else { return "/" }
        let rest = url[start.upperBound...]
        guard let slash = rest.firstIndex(of: "/") else { return "/" }
        return String(rest[slash...].prefix { $0 != "?" && $0 != "#" })
    }
}
