import PosthornHTTP

/// The flags of `posthorn receive` that make it speak HTTPS.
enum ReceiverTLS {
    static let flags: [CommandSpecification.Flag] = [
        .init("tls-cert", "FILE", "speak HTTPS with this certificate and the chain behind it (PEM)"),
        .init("tls-key", "FILE", "the certificate's private key (PEM; default: in the file of --tls-cert)"),
    ]

    /// The largest file of either.
    private static let limitBytes = 1 << 20

    /// What the server proves itself with; `nil` when it is to speak in the clear.
    /// - Throws: Which file is wrong, and how to mend it.
    static func server(_ arguments: ParsedArguments, _ command: String) throws -> HTTPServerTLS? {
        guard let certificate = arguments.text("tls-cert") else {
            if arguments.isGiven("tls-key") {
                throw UsageProblem("--tls-key is the key of a certificate; add --tls-cert FILE", command: command)
            }
            return nil
        }
        let certificates = try contents("tls-cert", certificate, arguments, command)
        let keyFlag = arguments.has("tls-key") ? "tls-key" : "tls-cert"
        let key = arguments.text("tls-key") ?? certificate
        let keyBytes = keyFlag == "tls-cert" ? certificates : try contents(keyFlag, key, arguments, command)
        do throws(HTTPTLSProblem) {
            let tls = try HTTPServerTLS(certificate: certificates, key: keyBytes)
            if let warning = warning(tls.validity) { ErrorOutput.line("posthorn: \(TerminalText.text(certificate)) \(warning)") }
            return tls
        } catch {
            let (flag, path) = error.part == .certificate ? ("tls-cert", certificate) : (keyFlag, key)
            let isMissing = error.part == .key && !arguments.has("tls-key")
            throw UsageProblem(
                "\(arguments.label(flag)): \(TerminalText.text(path)) \(error.reason)" + (isMissing ? ", with --tls-key FILE" : ""),
                command: command
            )
        }
    }

    private static func contents(
        _ flag: String,
        _ path: String,
        _ arguments: ParsedArguments,
        _ command: String
    ) throws(UsageProblem) -> [UInt8] {
        do throws(InputFileProblem) { return try InputFile(path).contents(limitBytes: limitBytes) } catch {
            throw UsageProblem("\(arguments.label(flag)): \(error)", command: command)
        }
    }

    /// A certificate that senders will refuse is served all the same: they may be what is tried.
    private static func warning(_ validity: HTTPServerTLS.Validity) -> String? {
        switch validity {
        case .valid: return nil
        case .expired: return "has expired; senders that check certificates refuse it"
        case .notYetValid: return "is not valid yet; senders that check certificates refuse it"
        }
    }

    /// A line about a client with which TLS was not agreed.
    static func text(of failure: HTTPHandshakeFailure) -> String {
        let client = failure.remoteAddress.isEmpty ? "a client" : failure.remoteAddress
        return "TLS with \(client) was not agreed: \(failure.reason)" + (hint(failure.reason).map { " (\($0))" } ?? "")
    }

    private static let hints: [(words: String, hint: String)] = [
        ("alert unknown ca", "the client does not trust the certificate; give it this one's authority, such as --ca-file FILE"),
        ("alert bad certificate", "the client does not take the certificate; is it for the name in its URL?"),
        ("alert certificate expired", "the certificate has expired; renew it"),
        ("unsupported protocol", "the client speaks nothing newer than TLS 1.1"),
        ("no shared cipher", "the client offers no cipher for this certificate's key"),
        ("wrong version number", "the client does not speak TLS"),
    ]

    private static func hint(_ reason: String) -> String? { hints.first { reason.contains($0.words) }?.hint }
}
