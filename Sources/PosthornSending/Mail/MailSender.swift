import CPosthornCurl
import Glibc
public import PosthornModel

/// Where mails are handed in: a server that the operator names, so no egress guard stands before it.
public struct MailServer: Sendable {
    /// Whether a connection that starts in clear text must become a TLS one.
    public enum Encryption: Sendable {
        /// `STARTTLS` or nothing: a server without it gets no mail and no password.
        case required
        /// TLS where the server offers it; the operator has said that clear text will do where it does not.
        case optional
    }

    let url: String
    let host: String
    let user: String?
    let password: String?
    let encryption: Encryption
    let caFile: String?

    /// Reads the server's URL.
    ///
    /// - Parameters:
    ///   - text: `smtp://host`, `smtp://user@host:587`, or `smtps://user@host` for TLS from the start.
    ///   - password: For the user in the URL; not in the URL itself, where it would show up in lists of processes.
    ///   - encryption: What to do with `smtp://`; TLS is demanded unless said otherwise.
    ///   - caFile: A PEM file of certificate authorities instead of the system's.
    /// - Throws: An ``InputProblem`` for anything else.
    public init(
        _ text: String,
        password: String? = nil,
        encryption: Encryption = .required,
        caFile: String? = nil
    ) throws(InputProblem) {
        let parts = try MailURL(text)
        url = parts.url
        host = parts.host
        user = parts.user
        self.password = password
        self.encryption = encryption
        self.caFile = caFile
        if let password, password.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw InputProblem(field: "password", reason: "holds a control character")
        }
        if password != nil && user == nil {
            throw InputProblem(.missing, field: "", value: text, reason: "names no user for the password; write it as smtp://user@host")
        }
    }
}

extension MailServer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The server without its password.
    public var description: String { Redaction.text("MailServer", shown) }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// The same members as ``description`` has.
    public var customMirror: Mirror { Redaction.mirror(of: self, shown) }

    private var shown: KeyValuePairs<String, Any> {
        ["url": url, "user": user ?? "nil", "password": Redaction.mark(password), "encryption": encryption, "caFile": caFile ?? "nil"]
    }
}

/// A mail server's URL, taken apart by libcurl's own parser.
struct MailURL {
    let url: String
    let host: String
    let user: String?

    init(_ text: String) throws(InputProblem) {
        func problem(_ reason: String) -> InputProblem { InputProblem(field: "", value: text, reason: reason) }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), let handle = curl_url() else {
            throw InputProblem(field: "", reason: "the mail server's URL holds blanks or control characters")
        }
        defer { curl_url_cleanup(handle) }
        guard curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_NON_SUPPORT_SCHEME)) == CURLUE_OK else {
            throw InputProblem(field: "", reason: "the mail server's URL can't be read; write it as smtp://host:587")
        }
        func part(_ part: CURLUPart, _ flags: Int32 = 0) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            guard curl_url_get(handle, part, &value, UInt32(flags)) == CURLUE_OK, let value else { return nil }
            defer { curl_free(value) }
            return String(cString: value)
        }
        if part(CURLUPART_PASSWORD) != nil {
            throw InputProblem(.notAllowed, field: "", reason: "the mail server's URL holds a password; hand it over apart from the URL")
        }
        guard let scheme = part(CURLUPART_SCHEME), scheme == "smtp" || scheme == "smtps", let host = part(CURLUPART_HOST) else {
            throw problem("is not a mail server's URL; write it as smtp://host:587 or smtps://host")
        }
        if let port = part(CURLUPART_PORT), port == "0" { throw problem("has port 0") }
        user = part(CURLUPART_USER, CURLU_URLDECODE)
        if user?.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) == true {
            throw InputProblem(field: "", reason: "the mail server's user holds a control character")
        }
        curl_url_set(handle, CURLUPART_USER, nil, 0)
        guard let url = part(CURLUPART_URL) else { throw problem("is not a complete URL") }
        self.url = url
        self.host = host
    }
}

/// What became of a mail.
public enum MailResult: Sendable, Hashable {
    /// The server has taken it.
    case sent
    /// Not now: no connection, no answer, or a reply of 4xx. Worth another try later.
    case temporary(String)
    /// Never: a reply of 5xx to this mail.
    case permanent(String)
    /// No mail at all can be handed in with these settings: the login is refused, or there is no STARTTLS where it is
    /// demanded. Worth another try once an operator has mended that.
    case unusable(String)
}

/// Hands mails to a server, one at a time; it blocks its caller until the total deadline at most.
public struct MailSender: Sendable {
    private let server: MailServer
    private let timeoutMilliseconds: Int

    /// - Parameters:
    ///   - server: Where to.
    ///   - timeoutMilliseconds: The total deadline of one mail, from the name look-up to the server's last reply.
    public init(_ server: MailServer, timeoutMilliseconds: Int = 30_000) {
        self.server = server
        self.timeoutMilliseconds = max(1, timeoutMilliseconds)
    }

    /// Sends one mail. It counts as sent as soon as the server has taken it; what the server says to the goodbye is not waited for.
    /// - Parameters:
    ///   - message: The mail.
    ///   - isCut: Asked about once a second whether to give up.
    /// - Throws: An ``InputProblem`` when the mail itself can't be written.
    public func send(
        _ message: MailMessage,
        unless isCut: @escaping @Sendable () -> Bool = { false }
    ) throws(InputProblem) -> MailResult {
        let upload = MailUpload(try message.rendered())
        let recipients = curl_slist_append(nil, "<\(message.to)>")
        defer { curl_slist_free_all(recipients) }
        return withExtendedLifetime(upload) {
            session(unless: isCut) { handle in
                posthorn_curl_set_long(handle, CURLOPT_UPLOAD, 1)
                posthorn_curl_set_text(handle, CURLOPT_MAIL_FROM, "<\(message.from)>")
                posthorn_curl_set_list(handle, CURLOPT_MAIL_RCPT, recipients)
                posthorn_curl_set_size(handle, CURLOPT_INFILESIZE_LARGE, upload.bytes.count)
                posthorn_curl_set_data_callback(handle, CURLOPT_READFUNCTION, MailUpload.read)
                posthorn_curl_set_pointer(handle, CURLOPT_READDATA, Unmanaged.passUnretained(upload).toOpaque())
            }
        }
    }

    /// Connects, encrypts and logs in as for a mail, and hands none in.
    /// - Returns: `sent` when a mail could be handed in.
    public func check() -> MailResult {
        session(unless: { false }) { handle in
            // Without recipients libcurl sends one command of its caller's (RFC 5321, 4.1.1.9).
            posthorn_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, "NOOP")
            posthorn_curl_set_long(handle, CURLOPT_NOBODY, 1)
        }
    }

    /// One connection to the server, on which one thing is done.
    private func session(
        unless isCut: @escaping @Sendable () -> Bool,
        _ prepare: (UnsafeMutableRawPointer) -> Void
    ) -> MailResult {
        if let problem = CurlLibrary.problem { return .unusable(problem) }
        guard let handle = curl_easy_init() else { return .temporary("no memory for a connection") }
        defer { curl_easy_cleanup(handle) }
        let trust = MailTrust(caFile: server.caFile)
        configure(handle)
        posthorn_curl_set_tls_context(handle, MailTrust.setUp)
        posthorn_curl_set_pointer(handle, CURLOPT_SSL_CTX_DATA, Unmanaged.passUnretained(trust).toOpaque())
        prepare(handle)
        let replies = MailReplies()
        posthorn_curl_set_data_callback(handle, CURLOPT_HEADERFUNCTION, MailReplies.take)
        posthorn_curl_set_pointer(handle, CURLOPT_HEADERDATA, Unmanaged.passUnretained(replies).toOpaque())
        let interruption = MailInterruption(isCut)
        posthorn_curl_set_progress(handle, MailInterruption.ask)
        posthorn_curl_set_pointer(handle, CURLOPT_XFERINFODATA, Unmanaged.passUnretained(interruption).toOpaque())
        posthorn_curl_set_long(handle, CURLOPT_NOPROGRESS, 0)
        let code = withExtendedLifetime((replies, trust, interruption)) { curl_easy_perform(handle) }
        var reply = 0
        posthorn_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &reply)
        let words = replies.text(of: reply, hiding: server.password)
        // The rest of the session is not heard: the handle's end may say QUIT.
        posthorn_curl_set_pointer(handle, CURLOPT_HEADERDATA, nil)
        posthorn_curl_set_long(handle, CURLOPT_NOPROGRESS, 1)
        Self.hearNoMore(handle)
        if let result = trust.result { return result }
        return Self.result(code, reply: reply, words: words)
    }

    /// Shuts the reading half of the connection: the handle's end still says QUIT, as RFC 5321 (4.1.1.10) wants it, and libcurl, which
    /// would wait two minutes for the reply, finds at once that none comes.
    private static func hearNoMore(_ handle: UnsafeMutableRawPointer) {
        var socket = curl_socket_t(-1)
        posthorn_curl_get_socket(handle, &socket)
        if socket >= 0 { shutdown(socket, Int32(SHUT_RD)) }
    }

    private func configure(_ handle: UnsafeMutableRawPointer) {
        CurlSettings.apply(to: handle)
        posthorn_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        posthorn_curl_set_text(handle, CURLOPT_URL, server.url)
        posthorn_curl_set_long(handle, CURLOPT_TIMEOUT_MS, timeoutMilliseconds)
        let demand = server.encryption == .required ? CURLUSESSL_ALL : CURLUSESSL_TRY
        posthorn_curl_set_long(handle, CURLOPT_USE_SSL, Int(demand.rawValue))
        if let user = server.user {
            posthorn_curl_set_text(handle, CURLOPT_USERNAME, user)
            posthorn_curl_set_text(handle, CURLOPT_PASSWORD, server.password ?? "")
        }
        // What the server says beside the protocol is nobody's business; without this it would go to standard output.
        posthorn_curl_set_data_callback(handle, CURLOPT_WRITEFUNCTION) { _, size, count, _ in size * count }
    }

    /// The class of a result: pure, by libcurl's code, the code of the server's last reply, and its text.
    static func result(_ code: CURLcode, reply: Int, words: String = "") -> MailResult {
        if code == CURLE_OK { return .sent }
        let reason = String(cString: curl_easy_strerror(code))
        let answer = "the server replied \(words.isEmpty ? String(reply) : words)"
        switch code {
        case CURLE_USE_SSL_FAILED: return .unusable("the server offers no STARTTLS, and clear text is not allowed")
        case CURLE_LOGIN_DENIED where reply < 400 || reply >= 500:
            return .unusable("the server refuses the login: \(words.isEmpty ? "reply \(reply)" : words)")
        case CURLE_OPERATION_TIMEDOUT, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_PEER_FAILED_VERIFICATION,
            CURLE_SSL_CONNECT_ERROR, CURLE_GOT_NOTHING:
            return .temporary(reason)
        default: break
        }
        // 530 and 534, 535, 538 (RFC 4954) are about the session: this mail is as good as any other.
        if [530, 534, 535, 538].contains(reply) { return .unusable(answer) }
        if (500..<600).contains(reply) { return .permanent(answer) }
        if (400..<500).contains(reply) { return .temporary(answer) }
        return .temporary(reason)
    }
}

/// Whom a mail server's connection trusts.
private final class MailTrust {
    private let tls: TLSClient
    /// What becomes of the mail because nobody is trusted, if so.
    private(set) var result: MailResult?

    init(caFile: String?) { tls = TLSClient(caFile: caFile) }

    static let setUp: curl_ssl_ctx_callback = { _, tls, context in
        let trust = Unmanaged<MailTrust>.fromOpaque(context!).takeUnretainedValue()
        guard let tls, trust.prepare(OpaquePointer(tls)) else { return CURLE_SSL_CACERT_BADFILE }
        return CURLE_OK
    }

    private func prepare(_ context: OpaquePointer) -> Bool {
        do throws(CertificateProblem) {
            try tls.prepare(context, for: nil)
            return true
        } catch {
            let text = "the certificate authorities' file \(tls.authorities.path) \(error.reason)"
            result = error.isShortage ? .temporary(text) : .unusable(text)
            return false
        }
    }
}

/// A mail's bytes on their way into libcurl.
private final class MailUpload {
    let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    static let read: posthorn_curl_data_callback = { buffer, size, count, context in
        let upload = Unmanaged<MailUpload>.fromOpaque(context!).takeUnretainedValue()
        return upload.copy(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
    }

    private func copy(into target: UnsafeMutableRawBufferPointer) -> Int {
        let length = min(target.count, bytes.count - position)
        target.copyBytes(from: bytes[position..<position + length])
        position += length
        return length
    }
}

/// Asks whether a mail that is on the wire is to be given up.
private final class MailInterruption {
    private let isCut: @Sendable () -> Bool

    init(_ isCut: @escaping @Sendable () -> Bool) { self.isCut = isCut }

    static let ask: curl_xferinfo_callback = { context, _, _, _, _ in
        Unmanaged<MailInterruption>.fromOpaque(context!).takeUnretainedValue().isCut() ? 1 : 0
    }
}
