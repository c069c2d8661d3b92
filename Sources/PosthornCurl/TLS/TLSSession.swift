import CPosthornTLS

/// One of OpenSSL's sessions, as an object or written down.
enum TLSSession: SessionState {
    case object(SessionObject)
    case written([UInt8])

    /// A copy of a connection's new session, with what is to be known about it.
    ///
    /// - Parameters:
    ///   - state: The session.
    ///   - connection: The `SSL` that it comes from.
    ///   - provenAt: When the receiver showed its certificate.
    ///   - now: Monotonic nanoseconds.
    /// - Returns: `nil` when it is not worth keeping.
    static func copy(
        of state: OpaquePointer,
        from connection: OpaquePointer,
        provenAt: Int64,
        now: Int64
    ) -> SessionCache<TLSSession>.Session? {
        guard SSL_SESSION_is_resumable(state) == 1 else { return nil }
        // A session skips the certificate's verification, so it ends with the certificate.
        let left = min(Int64(SSL_SESSION_get_timeout(state)), posthorn_tls_certificate_seconds(state))
        guard left > 0, let copy = SSL_SESSION_dup(state) else { return nil }
        return SessionCache.Session(
            state: .object(SessionObject(copy, bytes: posthorn_tls_session_bytes(state, connection))),
            isSingleUse: SSL_SESSION_get_protocol_version(state) >= TLS1_3_VERSION,
            provenAt: provenAt,
            expires: min(now + left * 1_000_000_000, provenAt + SessionCache<TLSSession>.proofNanoseconds)
        )
    }

    var bytes: Int {
        switch self {
        case .object(let object): object.bytes
        case .written(let bytes): bytes.count
        }
    }

    var isWritten: Bool {
        if case .written = self { true } else { false }
    }

    mutating func write() {
        if case .object(let object) = self { self = .written(object.written()) }
    }

    /// The session as an object; `nil` when it can't be read.
    func object() -> SessionObject? {
        switch self {
        case .object(let object): object
        case .written(let bytes): SessionObject(reading: bytes)
        }
    }
}

/// An `SSL_SESSION` that no connection uses, so that nothing changes it: connections get copies.
final class SessionObject: @unchecked Sendable {
    // Never changed after `init`; OpenSSL counts references to what copies share with it atomically.
    private let handle: OpaquePointer
    /// What it holds of the memory, about.
    let bytes: Int

    /// Takes over a session.
    init(_ handle: OpaquePointer, bytes: Int) {
        self.handle = handle
        self.bytes = bytes
    }

    /// `nil` when the bytes are not those of a session.
    init?(reading bytes: [UInt8]) {
        let handle = bytes.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return d2i_SSL_SESSION(nil, &start, buffer.count)
        }
        guard let handle else { return nil }
        self.handle = handle
        self.bytes = bytes.count
    }

    deinit { SSL_SESSION_free(handle) }

    /// Offers it in a handshake that is about to begin. Says whether OpenSSL has taken it.
    func offer(to connection: OpaquePointer) -> Bool {
        guard let copy = SSL_SESSION_dup(handle) else { return false }
        defer { SSL_SESSION_free(copy) }
        return SSL_set_session(connection, copy) == 1
    }

    /// The session in OpenSSL's own form (i2d_SSL_SESSION), without the chain behind the receiver's certificate.
    func written() -> [UInt8] {
        let length = Int(max(0, i2d_SSL_SESSION(handle, nil)))
        return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            var end = buffer.baseAddress
            count = Int(max(0, i2d_SSL_SESSION(handle, &end)))
        }
    }
}
