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
    let verifies: Bool
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

    func count(isResumed: Bool) {
        if isResumed { resumed.wrappingAdd(1, ordering: .relaxed) } else { full.wrappingAdd(1, ordering: .relaxed) }
    }

    func keep(_ session: SessionCache<TLSSession>.Session, for key: SessionKey) {
        sessions.withLock { $0.keep(session, for: key) }
    }

    func take(for key: SessionKey) -> SessionCache<TLSSession>.Session? {
        sessions.withLock { $0.take(for: key, now: MonotonicClock.nanoseconds()) }
    }

    func forget(_ key: SessionKey) { sessions.withLock { $0.forget(key) } }
}
