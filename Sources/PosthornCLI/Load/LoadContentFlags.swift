import PosthornFormats
import PosthornLab
import PosthornModel
import PosthornText

/// The flags of `posthorn load` that say what its requests hold.
enum LoadContentFlags {
    private static let bodyLimitBytes = 64 << 20

    /// What says how requests look.
    enum Format {
        /// An endpoint's settings; `nil` for a fixed body.
        case settings(EndpointSettings?)
        /// A vendor's file, and where its requests go.
        case file(FileVendor, url: String)
    }

    static func content(
        _ arguments: ParsedArguments,
        _ format: Format,
        replaying events: [Event]?,
        _ shares: LoadPlan.Shares,
        seed: UInt64,
        at now: Timestamp,
        _ command: String
    ) throws -> LoadContent {
        let bytes = try body(arguments, command)
        let mix = try mix(arguments, command)
        let headers = try WireFlags.headers(arguments, command)
        let settings: EndpointSettings?
        switch format {
        case .settings(let given): settings = given
        case .file(let vendor, let url):
            return try content(arguments, vendor, url: url, body: bytes, mix, headers, shares, at: now, command)
        }
        guard var settings = settings ?? (bytes == nil ? EndpointSettings(id: "lab", node: "lab", url: "") : nil) else {
            for flag in ["event", "mix", "wrong-signature", "duplicates", "late", "reorder"] where arguments.has(flag) {
                throw UsageProblem("--\(flag) needs a format; add --vendor", command: command)
            }
            return .body(bytes ?? [], headers: headers)
        }
        settings.headers += headers
        if shares.wronglySigned > 0, settings.signature == .none {
            throw UsageProblem(
                "--wrong-signature: this format has no signature; take --vendor or --signature of another one",
                command: command
            )
        }
        if let events { return try LoadContent.recorded(events, settings, needsWrong: shares.wronglySigned > 0, at: now) }
        let vendor = ScenarioVendor(rawValue: settings.envelope.rawValue) ?? .weseedo
        let pattern = try arguments.pattern("event")
        if bytes == nil, let pattern,
            let problem = EventFlag.problem(pattern, among: Scenario(vendor, seed: 0).types, of: vendor.rawValue, command)
        {
            throw problem
        }
        do throws(InputProblem) {
            return try LoadContent.events(
                settings,
                vendor: vendor,
                type: pattern,
                mix: mix,
                data: bytes,
                needsWrong: shares.wronglySigned > 0,
                seed: seed,
                at: now
            )
        } catch {
            // The fields of an event are flags here; its data may come by either of two.
            let isOfData = error.field.hasPrefix("data") && arguments.has("body")
            let field = isOfData ? "body" + error.field.dropFirst(4) : error.field
            throw UsageProblem("--\(error.at(field))", command: command)
        }
    }

    private static func content(
        _ arguments: ParsedArguments,
        _ vendor: FileVendor,
        url: String,
        body: [UInt8]?,
        _ mix: TypeMix?,
        _ headers: [EndpointSettings.Header],
        _ shares: LoadPlan.Shares,
        at now: Timestamp,
        _ command: String
    ) throws -> LoadContent {
        if shares.wronglySigned > 0, !vendor.file.description.isSigned {
            throw UsageProblem("--wrong-signature: this vendor signs nothing; leave it out", command: command)
        }
        let pattern = try arguments.pattern("event")
        do throws(InputProblem) {
            return try LoadContent.events(
                of: vendor,
                url: url,
                type: pattern,
                mix: mix,
                data: body,
                headers: headers,
                needsWrong: shares.wronglySigned > 0,
                at: now
            )
        } catch {
            throw UsageProblem("--\(error.at(error.field == "data" && arguments.has("body") ? "body" : error.field))", command: command)
        }
    }

    private static func mix(_ arguments: ParsedArguments, _ command: String) throws(UsageProblem) -> TypeMix? {
        let texts = arguments.all("mix")
        if texts.isEmpty { return nil }
        for flag in ["event", "data", "body", "replay"] where arguments.has(flag) {
            throw UsageProblem("--\(flag) and --mix exclude each other; leave one out", command: command)
        }
        do throws(InputProblem) { return try TypeMix(texts) } catch { throw UsageProblem("--\(error)", command: command) }
    }

    private static func body(_ arguments: ParsedArguments, _ command: String) throws -> [UInt8]? {
        if let text = arguments.text("data") {
            if arguments.has("body") { throw UsageProblem("--data and --body exclude each other; leave one out", command: command) }
            return Array(text.utf8)
        }
        return try arguments.text("body").map { try InputFile($0).contents(limitBytes: bodyLimitBytes) }
    }
}
