import CPosthornTLS
import Synchronization

/// What the TLS connections of a pool, a load or a request have in common: whom they trust, and how often they agreed.
///
/// libcurl makes an `SSL_CTX` for each connection and hands it over (`CURLOPT_SSL_CTX_FUNCTION`) before the handshake.
final class TLSClient: Sendable {
    /// Whom connections trust.
    let authorities: CertificateAuthorities
    private let full = Atomic<Int64>(0)
    private let resumed = Atomic<Int64>(0)

    /// - Parameter caFile: A PEM file of certificate authorities instead of the system's.
    init(caFile: String?) { authorities = .of(CertificateAuthorities.path(configured: caFile)) }

    /// Handshakes in which the receiver proved itself by its certificate.
    var fullHandshakes: Int64 { full.load(ordering: .relaxed) }

    /// Handshakes that took up an earlier session.
    var resumedHandshakes: Int64 { resumed.load(ordering: .relaxed) }

    /// Makes the context of a new connection ours.
    /// - Throws: A ``CertificateProblem`` when there is nobody to trust.
    func prepare(_ context: OpaquePointer) throws(CertificateProblem) {
        try authorities.current().install(in: context)
        TLSConnection(self).attach(to: context)
    }

    fileprivate func count(isResumed: Bool) {
        if isResumed { resumed.wrappingAdd(1, ordering: .relaxed) } else { full.wrappingAdd(1, ordering: .relaxed) }
    }
}

/// One connection's side of a ``TLSClient``; it belongs to the connection's `SSL_CTX` and ends with it.
///
/// OpenSSL calls it on the thread that the connection lives on.
private final class TLSConnection {
    private let client: TLSClient
    private var hasAgreed = false

    init(_ client: TLSClient) { self.client = client }

    /// The place of the pointer in a context.
    private static let slot = posthorn_tls_context_slot { _, pointer, _, _, _, _ in
        if let pointer { Unmanaged<TLSConnection>.fromOpaque(pointer).release() }
    }

    func attach(to context: OpaquePointer) {
        let pointer = Unmanaged.passRetained(self).toOpaque()
        guard SSL_CTX_set_ex_data(context, Self.slot, pointer) == 1 else { return Unmanaged<TLSConnection>.fromOpaque(pointer).release() }
        SSL_CTX_set_info_callback(context) { session, event, _ in
            guard event & SSL_CB_HANDSHAKE_DONE != 0, let session else { return }
            TLSConnection.of(session)?.agreed(isResumed: SSL_session_reused(session) == 1)
        }
    }

    private static func of(_ session: OpaquePointer) -> TLSConnection? {
        guard let pointer = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(session), slot) else { return nil }
        return Unmanaged<TLSConnection>.fromOpaque(pointer).takeUnretainedValue()
    }

    private func agreed(isResumed: Bool) {
        if hasAgreed { return }
        hasAgreed = true
        client.count(isResumed: isResumed)
    }
}
