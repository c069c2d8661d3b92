import PosthornFormats
import PosthornLab
import PosthornModel
import PosthornText

/// The flags of `posthorn load` that send the requests of a recording again.
enum RecordingFlags {
    static let flags: [CommandSpecification.Flag] = [
        .init(
            "recording",
            "FILE",
            "send the requests of posthorn receive --record again, byte for byte, to the paths they came at and at their own pace"
        ),
        .init("path", "PATH", "with --recording: those alone that came at this path"),
        .init("renew-signatures", "with --recording: make new signatures by --vendor or --vendor-file, with the same bodies and ids"),
    ]

    /// The largest recording.
    private static let limitBytes = 256 << 20

    /// Flags that change what was recorded, or need events.
    private static let excluded = [
        "replay", "data", "body", "mix", "warm-up", "wrong-signature", "duplicates", "late", "reorder", "header", "method", "ledger",
        "part",
        "find-rate",
    ]

    /// The requests that are to be sent again; `nil` when none are.
    /// - Parameter base: Where they go.
    static func requests(_ arguments: ParsedArguments, to base: String, urls: Int, _ command: String) throws -> RecordedRequests? {
        guard let path = arguments.text("recording") else {
            for flag in ["path", "renew-signatures"] where arguments.has(flag) {
                throw UsageProblem("--\(flag) belongs to --recording; add it", command: command)
            }
            return nil
        }
        for flag in excluded where arguments.has(flag) {
            throw UsageProblem("--\(flag) and --recording exclude each other: requests go out as they came", command: command)
        }
        if urls > 1 { throw UsageProblem("--recording sends what came to one receiver; name one URL", command: command) }
        for flag in ["vendor", "vendor-file", "signature", "credential", "topology"] where arguments.has(flag) {
            if !arguments.has("renew-signatures") {
                throw UsageProblem(
                    "--\(flag) says nothing with --recording but how to make new signatures; add --renew-signatures",
                    command: command
                )
            }
        }
        let file = try InputFile(path)
        let bytes = try file.contents(limitBytes: limitBytes)
        var requests: RecordedRequests
        do throws(InputProblem) { requests = try RecordedRequests(bytes) } catch {
            throw InputFileContentProblem(name: file.name, problem: error)
        }
        return try wanted(&requests, arguments, to: base, command)
    }

    private static func wanted(
        _ requests: inout RecordedRequests,
        _ arguments: ParsedArguments,
        to base: String,
        _ command: String
    ) throws(UsageProblem) -> RecordedRequests {
        let paths = requests.distinct(\.path)
        if let path = arguments.text("path"), !paths.contains(path) {
            throw UsageProblem(
                "--path: \"\(InputProblem.printable(path))\" is not in the recording, which has \(shown(paths))",
                command: command
            )
        }
        let pattern = try arguments.pattern("event")
        let count = try arguments.integer("count", 1...Int.max)
        requests.keep(atMost: count) { request in
            (arguments.text("path") ?? request.path) == request.path && (pattern.map { request.type.map($0.matches) ?? false } ?? true)
        }
        if requests.all.isEmpty {
            throw UsageProblem("--event: no request of the recording is of such a type", command: command)
        }
        let left = requests.distinct(\.path)
        if left.count > 1, RecordedRequests.leavesPaths(base) {
            throw UsageProblem(
                "--recording has requests at \(shown(left)); choose those of one with --path, or leave the path out of the URL, and each "
                    + "goes to its own",
                command: command
            )
        }
        requests.aim(at: base)
        return requests
    }

    private static func shown(_ names: [String]) -> String { names.prefix(10).map(InputProblem.printable).joined(separator: ", ") }

    /// The endpoints whose signatures are renewed, each for the path of its URL; `nil` unless a topology of several is given.
    static func receivers(_ arguments: ParsedArguments) throws -> (endpoints: [EndpointSettings], file: String)? {
        guard arguments.has("recording"), arguments.has("renew-signatures"), !arguments.has("endpoint"),
            let path = arguments.text("topology"), path != "-"
        else { return nil }
        let (topology, name) = try FormatFlags.topology(path)
        return topology.endpoints.count > 1 ? (topology.endpoints, name) : nil
    }

    /// What makes the new signatures of requests to several endpoints.
    static func renewal(
        _ receivers: (endpoints: [EndpointSettings], file: String),
        _ requests: RecordedRequests,
        at now: Timestamp
    ) throws(InputFileContentProblem) -> SignatureRenewal {
        var renewals: [String: SignatureRenewal] = [:]
        let paths = Set(requests.distinct(\.path))
        for (i, endpoint) in receivers.endpoints.enumerated() {
            let path = ReceiverHooks.path(of: endpoint.url)
            if !paths.contains(path) { continue }
            do throws(InputProblem) {
                if renewals[path] != nil {
                    throw InputProblem(.conflict, field: "url", reason: "has the path of another endpoint; name one with --endpoint")
                }
                if let vendor = try FileVendor(endpoint) {
                    renewals[path] = try SignatureRenewal(vendor, requests)
                } else {
                    renewals[path] = try SignatureRenewal(endpoint, at: now)
                }
            } catch { throw InputFileContentProblem(name: receivers.file, problem: error.inside("endpoints[\(i)]")) }
        }
        return SignatureRenewal(byPath: renewals)
    }

    /// What counts as a success for one of several endpoints: 200, and what the vendor files among them take for one.
    static func success(_ endpoints: [EndpointSettings]) -> [ClosedRange<Int>] {
        endpoints.reduce(into: [200...200]) { all, endpoint in
            if let vendor = try? FileVendor(endpoint) { all += vendor.file.description.success }
        }
    }

    /// What makes their new signatures; `nil` where they go out as they came.
    static func renewal(
        _ arguments: ParsedArguments,
        _ settings: EndpointSettings?,
        _ vendor: FileVendor?,
        _ requests: RecordedRequests,
        at now: Timestamp,
        _ command: String
    ) throws(UsageProblem) -> SignatureRenewal? {
        if !arguments.has("renew-signatures") { return nil }
        do throws(InputProblem) {
            if let vendor { return try SignatureRenewal(vendor, requests) }
            if let settings { return try SignatureRenewal(settings, at: now) }
        } catch { throw UsageProblem("--\(error)", command: command) }
        throw UsageProblem(
            "--renew-signatures needs a format and its keys; add --vendor or --vendor-file, and --credential",
            command: command
        )
    }
}
