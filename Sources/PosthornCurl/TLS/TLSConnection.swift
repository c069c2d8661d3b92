import CPosthornTLS
import PosthornSystem
import Synchronization

/// One connection's side of a ``TLSClient``. It belongs to the connection's `SSL_CTX`, and ends with it at the latest.
///
/// OpenSSL calls it on the thread that the connection lives on.
package final class TLSConnection {
    private let client: TLSClient
    private let key: SessionKey?
    private var offered: SessionCache<TLSSession>.Session?
    private var hasStarted = false
    private var hasAgreed = false
    private var isVerified = false
    /// What the receiver gave before its name was verified.
    private var pending: [SessionCache<TLSSession>.Session] = []
    private var provenAt: Int64 = 0
    /// Sessions that the receiver has given on this connection, up to the limit.
    private var givenCount = 0
    /// Why its certificates were not even looked at, if so.
    package fileprivate(set) var refusal: String?

    init(_ client: TLSClient, _ key: SessionKey?) {
        self.client = client
        self.key = key
    }

    deinit {
        // A receiver that can't take up its own session must not be offered it for ever.
        if offered != nil, !hasAgreed, let key { client.forget(key) }
    }

    /// The place of the pointer in a context.
    private static let slot = posthorn_tls_context_slot { _, pointer, _, _, _, _ in
        if let pointer { Unmanaged<TLSConnection>.fromOpaque(pointer).release() }
    }

    func attach(to context: OpaquePointer) {
        let pointer = Unmanaged.passRetained(self).toOpaque()
        guard SSL_CTX_set_ex_data(context, Self.slot, pointer) == 1 else { return Unmanaged<TLSConnection>.fromOpaque(pointer).release() }
        SSL_CTX_set_info_callback(context) { session, event, _ in
            guard event & (SSL_CB_HANDSHAKE_START | SSL_CB_HANDSHAKE_DONE) != 0, let session else { return }
            let connection = TLSConnection.of(session)
            if event & SSL_CB_HANDSHAKE_START != 0 { connection?.starts(session) } else { connection?.agreed(session) }
        }
        SSL_CTX_set_cert_verify_callback(
            context,
            { verification, connection in
                let connection = Unmanaged<TLSConnection>.fromOpaque(connection!).takeUnretainedValue()
                return verification.map { connection.verify($0) } ?? 0
            },
            pointer
        )
        guard key != nil else { return }
        posthorn_tls_enable_sessions(context)
        SSL_CTX_sess_set_new_cb(context) { session, state in
            if let session, let state { TLSConnection.of(session)?.keep(state, session) }
            // Not ours to free: what is kept of it is a copy.
            return 0
        }
    }

    private static func of(_ session: OpaquePointer) -> TLSConnection? {
        guard let pointer = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(session), slot) else { return nil }
        return Unmanaged<TLSConnection>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// The receiver is who it was to be: libcurl compares the name after the handshake.
    package func verified() {
        isVerified = true
        if let key { for session in pending { client.keep(session, for: key) } }
        pending = []
    }

    /// The handshake begins: the moment at which a session can be offered.
    private func starts(_ session: OpaquePointer) {
        if hasStarted { return }
        hasStarted = true
        guard let key, let known = client.take(for: key) else { return }
        guard let state = known.state.object() else { return client.forget(key) }
        if state.offer(to: session) { offered = known }
    }

    private func agreed(_ session: OpaquePointer) {
        if hasAgreed { return }
        hasAgreed = true
        let isResumed = SSL_session_reused(session) == 1
        provenAt = isResumed ? offered?.provenAt ?? 0 : MonotonicClock.nanoseconds()
        client.count(isResumed: isResumed)
    }

    private func keep(_ state: OpaquePointer, _ session: OpaquePointer) {
        guard let key, mayKeep() else { return }
        // In TLS 1.2 a session comes before the handshake is said to be done.
        let now = MonotonicClock.nanoseconds()
        let proven = hasAgreed ? provenAt : offered?.provenAt ?? now
        guard let kept = TLSSession.copy(of: state, from: session, provenAt: proven, now: now) else { return }
        if isVerified {
            client.keep(kept, for: key)
        } else {
            pending.append(kept)
            if pending.count > SessionCache<TLSSession>.sessionsPerHost { pending.removeFirst() }
        }
    }

    /// Whether one more session that the receiver gives is looked at; counts it.
    func mayKeep() -> Bool {
        if givenCount == HandshakeLimits.sessionLimit { return false }
        givenCount += 1
        return true
    }

    private func verify(_ verification: OpaquePointer) -> Int32 {
        guard client.verifies else { return 1 }
        refusal = HandshakeLimits.refusal(of: verification)
        if refusal == nil { return X509_verify_cert(verification) }
        X509_STORE_CTX_set_error(verification, X509_V_ERR_APPLICATION_VERIFICATION)
        return 0
    }
}
