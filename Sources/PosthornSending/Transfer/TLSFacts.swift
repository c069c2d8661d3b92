import CPosthornCurl
import CPosthornTLS

/// What OpenSSL says of a connection's TLS session.
enum TLSFacts {
    /// Whether bytes wait in the session's own buffer, where a look at the socket does not find them: libcurl asks for no more
    /// of a record than the body it expects, and the rest stays behind for the next answer.
    ///
    /// `true` where it can't be told; then such connections are not used again.
    static func mayHaveUnreadBytes(_ easy: UnsafeMutableRawPointer) -> Bool {
        var pointer: UnsafeMutableRawPointer?
        guard posthorn_curl_get_pointer(easy, CURLINFO_TLS_SSL_PTR, &pointer) == CURLE_OK, let pointer else { return true }
        let session = pointer.assumingMemoryBound(to: curl_tlssessioninfo.self).pointee
        guard session.backend == CURLSSLBACKEND_OPENSSL, let internals = session.internals else { return true }
        return SSL_has_pending(OpaquePointer(internals)) != 0
    }
}
