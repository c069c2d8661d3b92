/// Why TLS with a receiver was not agreed, as far as libcurl's and OpenSSL's texts say it.
enum TLSFailure: Equatable {
    /// None of the authorities that count has signed its certificate.
    case untrusted
    /// Its certificate is for other names.
    case otherName
    case expired
    case notYetValid
    /// It does not speak TLS there.
    case noTLS
    /// It wants a client certificate, or another one.
    case clientCertificate
    /// The text of the error is all that is known.
    case other

    private static let words: [(words: String, failure: TLSFailure)] = [
        ("subject name", .otherName), ("certificate has expired", .expired), ("certificate is not yet valid", .notYetValid),
        ("wrong version number", .noTLS), ("http request", .noTLS), ("packet length too long", .noTLS), ("record layer failure", .noTLS),
        ("certificate required", .clientCertificate), ("alert bad certificate", .clientCertificate),
        ("alert unknown ca", .clientCertificate), ("local issuer", .untrusted), ("self-signed", .untrusted), ("self signed", .untrusted),
        ("unable to verify the first certificate", .untrusted), ("unable to get issuer certificate", .untrusted),
    ]

    /// - Parameter text: The detail of the failed request.
    init(_ text: String) {
        let text = text.lowercased()
        self = Self.words.first { text.contains($0.words) }?.failure ?? .other
    }

    /// What the operator most likely has to change.
    /// - Parameters:
    ///   - host: The URL's host.
    ///   - place: Host and port.
    ///   - caFile: The file of `--ca-file`, if one was named.
    ///   - detail: The text of the error.
    func remedy(host: String, place: String, caFile: String?, detail: String) -> String {
        switch self {
        case .untrusted where caFile == nil:
            return "none of the system's authorities has signed the receiver's certificate; if it is its own, name its authority with "
                + "--ca-file FILE"
        case .untrusted:
            return
                "no authority of --ca-file \(caFile ?? "") has signed the receiver's certificate; put the one that has into the file, or let "
                + "the receiver send the chain that leads to it"
        case .otherName:
            return
                "the receiver's certificate is for other names than \(host); use one of those in the URL, or give it a certificate for \(host)"
        case .expired: return "the receiver's certificate has expired; renew it there"
        case .notYetValid: return "the receiver's certificate is not valid yet; is this machine's clock right?"
        case .noTLS: return "what listens at \(place) does not speak TLS; write http://, or correct the port"
        case .clientCertificate: return "the receiver wants a client certificate, which this command does not have"
        case .other: return detail.isEmpty ? "the text of the error says more" : detail
        }
    }
}
