import PosthornLab
import PosthornModel
import PosthornSending

/// What the operator most likely has to change when a receiver takes nothing.
struct FailureHint {
    /// Where requests go.
    let url: EndpointURL
    /// How they are signed.
    let signature: SignatureScheme
    /// Whether the format comes from a topology file, so that the file is what has to be changed.
    let hasFile: Bool
    /// Whether a vendor's format was named, without which requests take no signature.
    var hasVendor = true
    /// The file of authorities that was named.
    var caFile: String?

    /// A line about a load of whose requests none was answered 200.
    /// - Parameter detail: The text of one such failure.
    func line(ofLoad failure: RequestFailure, detail: String = "") -> String {
        "nothing was answered 200, most often \(Self.name(failure)): \(remedy(failure, detail))"
    }

    /// A line about a simulated platform's first request; `nil` for failures that retries are made for.
    func line(ofFirst failure: RequestFailure, detail: String = "") -> String? {
        switch failure {
        case .unanswered(.connect), .unanswered(.dns), .unanswered(.tls), .unanswered(.badResponse), .unanswered(.refusedAddress): break
        case .status(let status) where (201..<500).contains(status) && status != 429 && status != 408: break
        default: return nil
        }
        let retries = "(Retries go on by the schedule, for a day at --speed 1; Ctrl-C ends.)"
        return "the first request to \(MaskedURL.text(url.text)) failed, \(Self.name(failure)): \(remedy(failure, detail)) \(retries)"
    }

    private static func name(_ failure: RequestFailure) -> String {
        switch failure {
        case .status(let status): return "status \(status)"
        case .unanswered(let error): return error.rawValue
        }
    }

    private func remedy(_ failure: RequestFailure, _ detail: String) -> String {
        switch failure {
        case .status(let status): return remedy(ofStatus: status)
        case .unanswered(let error): return remedy(of: error, detail)
        }
    }

    private var format: String { hasFile ? "the topology file" : "--credential" }
    private var signing: String { hasFile ? "the topology file" : "\(hasVendor ? "--signature" : "--vendor") and --credential" }

    private func remedy(ofStatus status: Int) -> String {
        switch status {
        case 201..<300: return "only 200 is a success; let the receiver answer that"
        case 300..<400: return "redirects are not followed; give the URL that this one leads to"
        case 401 where signature == .none, 403 where signature == .none:
            return "these requests are not signed; give the signature that the receiver checks with \(signing)"
        case 401 where signature == .vendorFile, 403 where signature == .vendorFile:
            return "the receiver does not take the signature of the vendor's file; give its own keys with \(format)"
        case 401, 403: return "the receiver does not take the signature \(signature.rawValue); give its own secret with \(format)"
        case 404, 410: return "the receiver has nothing under \(MaskedURL.text(url.text)); correct the URL's path"
        case 405: return "the receiver takes no such request under \(MaskedURL.text(url.text)); correct the URL's path"
        case 400, 415, 422: return "the receiver rejects this format; choose its vendor with --vendor"
        case 413: return "the receiver takes no requests as large as these; let it take more"
        case 429: return "the receiver limits how many it takes; ask it less often"
        case 500...: return "the receiver fails; its log says why"
        default: return "the receiver's log says why"
        }
    }

    private func remedy(of error: AttemptError, _ detail: String) -> String {
        let place = "\(url.host.contains(":") ? "[\(url.host)]" : url.host):\(url.port)"
        switch error {
        case .connect: return "no connection to \(place) came about; is the receiver running at that port?"
        case .dns: return "the name of the host could not be resolved; correct the URL"
        case .tls:
            return TLSFailure(detail).remedy(host: url.host, place: place, caFile: caFile, detail: TerminalText.text(detail))
        case .timeout: return "the receiver did not answer in time; its log says why, or give it more with --timeout MS"
        case .closed, .badResponse, .headersTooLarge:
            return "what listens at \(place) does not answer in HTTP; correct the port" + (url.isPlainHTTP ? ", or write https://" : "")
        case .refusedAddress: return "the address may not be reached; if the host is yours, add --i-own-this-host"
        case .resources: return "this machine ran out of memory, descriptors or ports; take fewer connections"
        case .status, .unbuildable, .other: return "the text of the error says more"
        }
    }
}
