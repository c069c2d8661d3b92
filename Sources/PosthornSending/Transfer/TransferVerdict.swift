import CPosthornCurl
import PosthornCurl
import PosthornModel
import PosthornSystem

/// Why a callback of ours ended a transfer; libcurl only knows that one did.
enum AbortCause: Hashable {
    /// The guard forbids the address.
    case refusedAddress(NetworkAddress)
    /// The guard forbids clear text to the address.
    case refusedPlainHTTP(NetworkAddress)
    /// The guard forbids the name, through a proxy.
    case refusedName(String)
    /// The guard forbids clear text to a name, through a proxy.
    case refusedPlainName(String)
    /// There is no source address of the kind that the receiver has.
    case noSource(NetworkAddress)
    /// The source address is not on this machine.
    case sourceProblem(NetworkAddress, Int32)
    /// A kept-alive socket was readable before the request left: it is repeated on a fresh connection.
    case staleConnection
    /// The receiver had closed the new connection before the request left.
    case closedBeforeSending(isTLS: Bool)
    /// libcurl was about to send the same request once more.
    case secondTry
    /// The answer's body is longer than what is read of it.
    case bodyLimit
    /// No descriptor for a socket.
    case noSocket(Int32)
    /// The receiver's certificates would cost too much to verify.
    case refusedCertificate(String)
    /// Nobody to trust: no certificate authorities could be read.
    case noAuthorities(path: String, CertificateProblem)
}

/// What is known at the end of a transfer, and what follows from it. Pure.
struct TransferVerdict: Hashable {
    /// The status, when the head was whole.
    var status: Int?
    /// Why the attempt failed.
    var error: AttemptError?
    /// The detail.
    var text: String

    /// - Parameters:
    ///   - code: libcurl's result.
    ///   - head: What was read of the answer's head.
    ///   - success: The statuses that say the receiver took the event; `nil` for 200 alone.
    ///   - wasSent: Whether the request had begun to leave.
    ///   - intervention: What a callback did.
    ///   - detail: The text in libcurl's error buffer.
    init(
        code: CURLcode,
        head: borrowing ResponseHead,
        success: [ClosedRange<Int>]? = nil,
        wasSent: Bool,
        intervention: AbortCause?,
        detail: String
    ) {
        status = head.isComplete ? head.status : nil
        text = ""
        if let failure = Self.failure(of: intervention) {
            (error, text) = failure
        } else if head.isTooLarge && !head.isComplete {
            error = .headersTooLarge
            text = Self.largeHead
        } else if head.isMalformed {
            error = .badResponse
            text = "the answer's head has no status line where one must be, or one where none may be"
        } else if head.isComplete && Self.statusDecides(code, detail) {
            let status = head.status
            let isSuccess = success?.contains { $0.contains(status) } ?? (status == 200)
            error = isSuccess ? nil : .status
            text = isSuccess ? "" : "answered \(status)"
        } else if code == CURLE_OK {
            error = .closed
            text = "the connection ended inside the answer's head"
        } else {
            error = Self.error(for: code, wasSent: wasSent, isHeadComplete: head.isComplete, detail: detail)
            text =
                error == .headersTooLarge
                ? Self.largeHead : InputProblem.printable(detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail)
        }
    }

    private static let largeHead = "the answer's head is larger than \(ResponseHead.limitBytes) bytes"

    /// Whether a whole head settles the attempt whatever came after it: all but the deadline, which covers the body, and
    /// a body that breaks the rules of HTTP. libcurl tells the latter from a reset in the body by its text alone.
    private static func statusDecides(_ code: CURLcode, _ detail: String) -> Bool {
        switch code {
        case CURLE_OPERATION_TIMEDOUT, CURLE_WEIRD_SERVER_REPLY: return false
        case CURLE_RECV_ERROR: return !detail.hasSuffix("in chunked-encoding")
        default: return true
        }
    }

    private static func failure(of intervention: AbortCause?) -> (AttemptError, String)? {
        switch intervention {
        case .refusedAddress(let address):
            return (.refusedAddress, "\(address) \(RefusedAddress.forbidden)")
        case .refusedPlainHTTP(let address):
            return (
                .refusedAddress,
                "\(RefusedAddress.plainHTTP), and \(address) is in none; use https"
            )
        case .refusedName(let name):
            return (.refusedAddress, "\(name) is no public name, and what a proxy makes of it cannot be judged")
        case .refusedPlainName(let name):
            let reason = "\(RefusedAddress.plainHTTP), and where a proxy finds \(name) is not known; use https"
            return (.refusedAddress, reason)
        case .noSource(let address):
            return (.connect, "\(address) is of a kind for which there is no source address")
        case .sourceProblem(let address, let number): return (.resources, "\(address): \(SystemText.of(number))")
        case .secondTry, .staleConnection: return (.closed, "the kept-alive connection was closed before an answer came")
        case .closedBeforeSending(let isTLS):
            let hint = isTLS ? "; over TLS one does that which refuses the client certificate, or its lack" : ""
            return (.closed, "the receiver closed the connection before the request was sent" + hint)
        case .noSocket(let number): return (.resources, SystemText.of(number))
        case .refusedCertificate(let reason): return (.tls, reason)
        case .noAuthorities(let path, let problem): return (.tls, "the certificate authorities' file \(path) \(problem.reason)")
        case .bodyLimit, nil: return nil
        }
    }

    /// The detail for what a callback did.
    static func text(of intervention: AbortCause) -> String { failure(of: intervention)?.1 ?? "" }

    /// The table of libcurl's codes (https://curl.se/libcurl/c/libcurl-errors.html) in our words.
    static func error(for code: CURLcode, wasSent: Bool, isHeadComplete: Bool, detail: String) -> AttemptError {
        switch code {
        case CURLE_OPERATION_TIMEDOUT: return .timeout
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .dns
        case CURLE_COULDNT_CONNECT: return .connect
        // With TLS 1.3 a receiver refuses a client's certificate, or its lack, after the client holds the handshake for done.
        case CURLE_RECV_ERROR where !isHeadComplete && detail.contains("SSL_read") && detail.contains(" alert "): return .tls
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_SEND_FAIL_REWIND:
            return isHeadComplete ? .badResponse : .closed
        case CURLE_UNSUPPORTED_PROTOCOL: return wasSent ? .badResponse : .unbuildable
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_HTTP3,
            CURLE_TOO_MANY_REDIRECTS:
            return .badResponse
        case CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT: return .unbuildable
        // A header line of more than 100 KiB gives "out of memory" too.
        case CURLE_OUT_OF_MEMORY: return wasSent && !isHeadComplete ? .headersTooLarge : .resources
        case CURLE_INTERFACE_FAILED, CURLE_AGAIN, CURLE_NO_CONNECTION_AVAILABLE: return .resources
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_PEER_FAILED_VERIFICATION, CURLE_USE_SSL_FAILED, CURLE_SSL_ENGINE_INITFAILED,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_SHUTDOWN_FAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT:
            return .tls
        default: return .other
        }
    }
}
