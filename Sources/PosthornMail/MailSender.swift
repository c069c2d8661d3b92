import CPosthornCurl
import Glibc
import PosthornCurl
public import PosthornModel

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
