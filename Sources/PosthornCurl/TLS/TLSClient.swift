import CPosthornTLS
import PosthornSystem
import Synchronization

/// What the TLS connections of a pool, a load or a request have in common: whom they trust, the sessions that can be taken up
/// again, and how often they agreed.
///
/// libcurl makes an `SSL_CTX` for each connection and hands it over (`CURLOPT_SSL_CTX_FUNCTION`) before the handshake.
package final class TLSClient: Sendable {
    /// Whom connections trust.
    package let authorities: CertificateAuthorities
    private let sessions: Mutex<SessionCache<TLSSession>>
    private let keepsSessions: Bool
    fileprivate let verifies: Bool
    private let lastGeneration = Atomic<UInt64>(0)
    private let full = Atomic<Int64>(0)
    private let resumed = Atomic<Int64>(0)

    /// - Parameters:
    ///   - caFile: A PEM file of certificate authorities instead of the system's.
    ///   - sessionLimitBytes: What sessions may take up in memory; none are kept with 0.
    ///   - verifies: Whether certificates are looked at; without, any will do and no authorities are needed.
    package init(caFile: String?, sessionLimitBytes: Int = 0, verifies: Bool = true) {
        self.verifies = verifies
        authorities = .of(CertificateAuthorities.path(configured: caFile))
        sessions = Mutex(SessionCache(limitBytes: sessionLimitBytes, readyLimitBytes: sessionLimitBytes / 2))
        keepsSessions = sessionLimitBytes > 0
    }

    /// Handshakes in which the receiver proved itself by its certificate.
    package var fullHandshakes: Int64 { full.load(ordering: .relaxed) }

    /// Handshakes that took up an earlier session.
    package var resumedHandshakes: Int64 { resumed.load(ordering: .relaxed) }

    /// Makes the context of a new connection ours.
    /// - Parameter host: Whom the connection leads to; `nil` for one whose session is not kept.
    /// - Throws: A ``CertificateProblem`` when there is nobody to trust.
    @discardableResult
    package func prepare(_ context: OpaquePointer, for host: HostKey?) throws(CertificateProblem) -> TLSConnection {
        let generation = verifies ? try trust(in: context) : 0
        HandshakeLimits.apply(to: context)
        let key = (keepsSessions ? host : nil).map { SessionKey(host: $0, authorities: generation) }
        let connection = TLSConnection(self, key)
        connection.attach(to: context)
        return connection
    }

    /// Has a connection trust the authorities as they are now.
    /// - Returns: Their generation.
    private func trust(in context: OpaquePointer) throws(CertificateProblem) -> UInt64 {
        let store = try authorities.current()
        if lastGeneration.exchange(store.generation, ordering: .relaxed) != store.generation {
            sessions.withLock { $0.forgetAll(butOf: store.generation) }
        }
        store.install(in: context)
        return store.generation
    }

    fileprivate func count(isResumed: Bool) {
        if isResumed { resumed.wrappingAdd(1, ordering: .relaxed) } else { full.wrappingAdd(1, ordering: .relaxed) }
    }

    fileprivate func keep(_ session: SessionCache<TLSSession>.Session, for key: SessionKey) {
        sessions.withLock { $0.keep(session, for: key) }
    }

    fileprivate func take(for key: SessionKey) -> SessionCache<TLSSession>.Session? {
        sessions.withLock { $0.take(for: key, now: MonotonicClock.nanoseconds()) }
    }

    fileprivate func forget(_ key: SessionKey) { sessions.withLock { $0.forget(key) } }
}

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
