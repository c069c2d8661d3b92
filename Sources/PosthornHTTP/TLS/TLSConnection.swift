import CPosthornTLS
import Glibc

/// The server's side of TLS on one connection's socket. Only its loop's thread touches it.
///
/// The handshake is a part of the first reads; nothing is written before it is over.
final class TLSConnection {
    /// What a read has brought.
    enum ReadResult {
        case bytes(Int)
        /// The socket has no more input for now.
        case exhausted
        /// Something other than data came; there may be more.
        case again
        /// The client has ended its side.
        case ended
        /// The client speaks HTTP without TLS; its request is lost.
        case plainHTTP
        /// TLS was not agreed, or is broken; the reason for people.
        case failed(String)
    }

    /// What a write has brought.
    enum WriteResult {
        case bytes(Int)
        case full
        case failed
    }

    private let handle: OpaquePointer
    /// Whether the handshake is over.
    private(set) var isAgreed = false
    /// Whether OpenSSL forbids any more calls (SSL_get_error(3)).
    private var isBroken = false

    /// - Returns: `nil` when no memory is left.
    init?(_ tls: HTTPServerTLS, descriptor: Int32) {
        guard let handle = SSL_new(tls.context) else { return nil }
        guard SSL_set_fd(handle, descriptor) == 1 else {
            SSL_free(handle)
            return nil
        }
        SSL_set_accept_state(handle)
        self.handle = handle
    }

    deinit { SSL_free(handle) }

    /// Reads what there is, a record at most.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> ReadResult {
        ERR_clear_error()
        let count = SSL_read(handle, buffer.baseAddress, Int32(clamping: buffer.count))
        let number = errno
        if !isAgreed { isAgreed = SSL_is_init_finished(handle) == 1 }
        if count > 0 { return .bytes(Int(count)) }
        switch SSL_get_error(handle, count) {
        case SSL_ERROR_ZERO_RETURN: return .ended
        case SSL_ERROR_WANT_READ: return posthorn_tls_is_exhausted(handle) != 0 ? .exhausted : .again
        // A message of its own waits until there is room in the socket.
        case SSL_ERROR_WANT_WRITE: return .exhausted
        case SSL_ERROR_SYSCALL:
            isBroken = true
            return number == 0 ? .ended : .failed(String(cString: strerror(number)))
        default:
            isBroken = true
            let error = ERR_peek_last_error()
            if posthorn_tls_error_is_end(error) != 0 { return .ended }
            if !isAgreed, posthorn_tls_error_is_http(error) != 0 { return .plainHTTP }
            return .failed(HTTPServerTLS.reason)
        }
    }

    /// Hands bytes to the system, as many as it takes.
    func write(_ bytes: UnsafeRawBufferPointer) -> WriteResult {
        ERR_clear_error()
        let count = SSL_write(handle, bytes.baseAddress, Int32(clamping: bytes.count))
        if count > 0 { return .bytes(Int(count)) }
        switch SSL_get_error(handle, count) {
        case SSL_ERROR_WANT_WRITE, SSL_ERROR_WANT_READ: return .full
        default:
            isBroken = true
            return .failed
        }
    }

    /// Says that nothing more comes, so that the client knows the end from a broken connection. It may be lost where the socket is full.
    func end() {
        guard isAgreed, !isBroken else { return }
        ERR_clear_error()
        _ = SSL_shutdown(handle)
    }
}
